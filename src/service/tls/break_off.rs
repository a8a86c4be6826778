//! A connection that ends with a RST, as a fault may want it.

use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A stream that can be closed with a RST.
pub(crate) trait BreakOff {
    /// Closing it breaks the connection off.
    fn break_off(&self);
}

impl BreakOff for TcpStream {
    fn break_off(&self) {
        // Otherwise it ends in order.
        let _ = SockRef::from(self).set_linger(Some(Duration::ZERO));
    }
}

impl<S: BreakOff> BreakOff for TlsStream<S> {
    fn break_off(&self) {
        self.get_ref().0.break_off();
    }
}
