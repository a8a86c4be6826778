//! A TCP socket that acknowledges at once.
//!
//! AWS's own device SDKs leave Nagle's algorithm on: their next packet waits until the one before is acknowledged, and
//! Linux delays acknowledgements by some 40 ms. What we write acknowledges what we have read; where we write nothing,
//! `TCP_QUICKACK` ends the delay, but only until the next read.

use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::service::tls::Socket;

/// A socket with `TCP_NODELAY`, and with `TCP_QUICKACK` where the system has it.
///
/// What is read is acknowledged before the next read, until [`Socket::acknowledge`] is called: from then on only when it
/// is, so that answers can do it.
#[derive(Debug)]
pub(crate) struct QuickAck {
    stream: TcpStream,
    /// Something was read, and nothing written since.
    is_unacknowledged: bool,
    by_itself: bool,
}

impl QuickAck {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let mut stream = Self { stream, is_unacknowledged: true, by_itself: true };
        stream.arm();
        Ok(stream)
    }

    fn arm(&mut self) {
        if mem::take(&mut self.is_unacknowledged) {
            // A socket that refuses is merely slower.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            let _ = socket2::SockRef::from(&self.stream).set_tcp_quickack(true);
        }
    }

    fn wrote(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.is_unacknowledged &= !matches!(written, Poll::Ready(Ok(1..)));
        written
    }
}

impl Socket for QuickAck {
    fn break_off(&self) {
        self.stream.break_off();
    }

    fn acknowledge(&mut self) {
        self.by_itself = false;
        self.arm();
    }
}

impl AsyncRead for QuickAck {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        match read {
            Poll::Ready(_) => self.is_unacknowledged = true,
            Poll::Pending if self.by_itself => self.arm(),
            Poll::Pending => {}
        }
        read
    }
}

impl AsyncWrite for QuickAck {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written)
    }

    // Where TLS writes a flight and then the alert that ends it, both must leave in one write.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
