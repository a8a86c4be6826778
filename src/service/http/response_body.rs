//! The body of a response: in memory, or a file that is read as the client takes it.

use std::fmt;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

/// How much of a file is in memory at once.
const CHUNK: u64 = 64 * 1024;

/// The body of a response.
#[derive(Debug)]
pub(super) enum ResponseBody {
    Whole(Full<Bytes>),
    Part(FilePart),
}

/// A part of a file.
pub(super) struct FilePart {
    file: File,
    left: u64,
    told: Option<Told>,
}

/// Hears that another piece is sent, and with false that there are no more.
type Told = Box<dyn Fn(bool) + Send + Sync>;

impl ResponseBody {
    /// So many bytes of a file from where it stands.
    pub(super) fn of_file(file: std::fs::File, length: u64) -> Self {
        Self::Part(FilePart { file: File::from_std(file), left: length, told: None })
    }

    /// Tells `told` how sending goes on; of what is in memory, that it is over.
    pub(super) fn tell(&mut self, told: impl Fn(bool) + Send + Sync + 'static) {
        match self {
            Self::Whole(_) => told(false),
            Self::Part(part) => {
                told(true);
                part.told = Some(Box::new(told));
            }
        }
    }
}

impl From<Full<Bytes>> for ResponseBody {
    fn from(body: Full<Bytes>) -> Self {
        Self::Whole(body)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Part(part) => part.poll_read(context).map(Result::transpose).map_ok(Frame::data),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Part(part) => part.left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Part(part) => SizeHint::with_exact(part.left),
        }
    }
}

impl FilePart {
    /// The next piece; none at the end.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        if self.left == 0 {
            return Poll::Ready(Ok(None));
        }
        let mut chunk = vec![0; usize::try_from(self.left.min(CHUNK)).unwrap_or(usize::MAX)];
        let mut read = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut self.file).poll_read(context, &mut read))?;
        let length = read.filled().len();
        if length == 0 {
            // It has become shorter: the client is not to take what it has for all of it.
            return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
        }
        chunk.truncate(length);
        self.left -= length as u64;
        if let Some(told) = &self.told {
            told(true);
        }
        Poll::Ready(Ok(Some(chunk.into())))
    }
}

impl Drop for FilePart {
    fn drop(&mut self) {
        if let Some(told) = &self.told {
            told(false);
        }
    }
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilePart").field("left", &self.left).finish_non_exhaustive()
    }
}
