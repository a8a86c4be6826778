//! What a connection wants of its socket, with TLS around it or not.

use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A stream over TCP.
pub(crate) trait Socket {
    /// Closing it breaks the connection off: it ends with a RST, as a fault may want it.
    fn break_off(&self);

    /// What was read is acknowledged at once, where no answer does that.
    fn acknowledge(&mut self) {}
}

impl Socket for TcpStream {
    fn break_off(&self) {
        // Otherwise it ends in order.
        let _ = SockRef::from(self).set_linger(Some(Duration::ZERO));
    }
}

impl<S: Socket> Socket for TlsStream<S> {
    fn break_off(&self) {
        self.get_ref().0.break_off();
    }

    fn acknowledge(&mut self) {
        self.get_mut().0.acknowledge();
    }
}
