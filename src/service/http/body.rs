//! The body of a request, read within limits.

use std::pin::pin;

use bytes::{Buf, BufMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::timeout;

use super::exception::Exception;
use super::limits::Limits;

/// Bytes of an oversized body that are read and thrown away, so that its sender gets the refusal
/// instead of a broken connection.
const DISCARDED_BYTES: usize = 16 * 1024 * 1024;

/// The whole body of a request, or why it is refused.
pub(super) async fn read_body<B: Body>(body: B, limits: Limits) -> Result<Vec<u8>, Exception> {
    timeout(limits.body_within, read_all(body, limits.body)).await.map_err(|_| Exception::too_slow())?
}

async fn read_all<B: Body>(body: B, limit: usize) -> Result<Vec<u8>, Exception> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Exception::invalid_request("the body of the request broke off"))?;
        // What is not data is a trailer.
        let Ok(mut data) = frame.into_data() else { continue };
        length += data.remaining();
        if length > limit {
            bytes = Vec::new();
        } else {
            bytes.put(&mut data);
        }
        if length > limit + DISCARDED_BYTES {
            break;
        }
    }
    if length > limit { Err(Exception::too_large(limit)) } else { Ok(bytes) }
}
