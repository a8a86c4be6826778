//! Bytes between a connection's buffers and its socket.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use bytes::{Buf, BytesMut};
use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::{PacketStream, Step};
use crate::service::broker::limits;
use crate::service::tls::Socket;

impl<S: AsyncRead + AsyncWrite + Socket + Unpin> PacketStream<S> {
    /// Reads, if that is wanted, or writes what waits to be written; cancel safe.
    pub(super) async fn step(&mut self, more_input: bool) -> io::Result<Step> {
        let is_writing = self.is_writing();
        let Self { stream, input, output, flushed, .. } = self;
        poll_fn(|context| {
            if more_input {
                if let Poll::Ready(read) = pin!(stream.read_buf(input)).poll(context) {
                    return Poll::Ready(read.map(Step::Read));
                }
                // Also what is no whole record of TLS yet: the client may hold back the rest until then.
                stream.acknowledge();
            }
            if is_writing
                && let Poll::Ready(written) = pin!(write_some(stream, output, flushed)).poll(context)
            {
                return Poll::Ready(written.map(|()| Step::Wrote));
            }
            Poll::Pending
        })
        .await
    }

    /// Leaves the buffers no larger than what is in them asks for: a client that has sent or received something large
    /// costs as little as any other once that is handled.
    pub(super) fn give_back_memory(&mut self) {
        for buffer in [&mut self.input, &mut self.output] {
            // More than this is growing or being written. What is left shares its memory with what was there before.
            if buffer.len() < limits::READ {
                *buffer = BytesMut::from(&buffer[..]);
            }
        }
    }

    /// Whether there is something that the client has yet to take.
    pub(super) fn is_writing(&self) -> bool {
        !self.output.is_empty() || !self.flushed
    }

    /// Whether so much waits to be written that no more is read.
    pub(super) fn is_full(&self) -> bool {
        self.output.len() >= limits::UNWRITTEN
    }

    /// Writes as much as the socket takes without a wait; returns how many bytes that were.
    pub(super) async fn write_at_once(&mut self) -> io::Result<usize> {
        let before = self.output.len();
        while self.is_writing() {
            let mut step = pin!(write_some(&mut self.stream, &mut self.output, &mut self.flushed));
            match poll_fn(|context| Poll::Ready(step.as_mut().poll(context))).await {
                Poll::Ready(written) => written?,
                Poll::Pending => break,
            }
        }
        Ok(before - self.output.len())
    }

    /// Writes all that waits to be written.
    pub(super) async fn write_out(&mut self) -> io::Result<()> {
        while self.is_writing() {
            write_some(&mut self.stream, &mut self.output, &mut self.flushed).await?;
        }
        Ok(())
    }

    /// Lets the client read what was sent last before the socket is closed: closing it at once could destroy that.
    pub(super) async fn close(&mut self) {
        let linger = self.timeouts.linger;
        let last_bytes = async {
            self.write_out().await?;
            self.stream.shutdown().await?;
            io::copy(&mut self.stream, &mut io::sink()).await
        };
        // The time is up, or the client has gone.
        let _ = timeout(linger, last_bytes).await;
    }
}

/// One step of writing; cancel safe.
async fn write_some<S: AsyncWrite + Unpin>(
    writer: &mut S,
    output: &mut BytesMut,
    flushed: &mut bool,
) -> io::Result<()> {
    if output.is_empty() {
        writer.flush().await?;
        *flushed = true;
        return Ok(());
    }
    let written = writer.write(output).await?;
    output.advance(written);
    *flushed = false;
    if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(()) }
}
