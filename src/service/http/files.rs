//! What plays S3: presigned URLs lead here, and to the files behind them.
//!
//! Their signature is what lets a request in, whichever web page or host name it comes by.
//!
//! AWS: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

mod conditions;
mod error;
mod harmless;

use std::io::{Seek as _, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue, LAST_MODIFIED,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use percent_encoding::percent_decode_str;

use self::conditions::{Served, Validators};
pub(super) use self::error::S3Error;
use self::harmless::harmless;
use super::response_body::ResponseBody;
use crate::service::buckets::Object;
use crate::service::s3::{Location, PREFIX};
use crate::service::shared::Shared;

/// Whether a request is for a file, and there are any.
pub(super) fn is_asked(shared: &Shared, request: &Parts) -> bool {
    shared.buckets().is_some() && request.uri.path().starts_with(PREFIX)
}

/// Answers a request for a file.
pub(super) async fn answer(shared: &Arc<Shared>, request: &Parts) -> Result<Response<ResponseBody>, S3Error> {
    let is_head = request.method == Method::HEAD;
    if !is_head && request.method != Method::GET {
        return Err(S3Error::method_not_allowed(request.method.as_str()));
    }
    let location = check(shared, request)?;
    let opened = {
        let shared = Arc::clone(shared);
        // A disk may take its time.
        tokio::task::spawn_blocking(move || open(&shared, &location)).await
    };
    let object = opened.map_err(|_| S3Error::internal())??;
    serve(object, request, is_head)
}

/// The object that a request may have.
fn check(shared: &Shared, request: &Parts) -> Result<Location, S3Error> {
    let buckets = shared.buckets().ok_or_else(S3Error::internal)?;
    let (path, query) = (request.uri.path(), request.uri.query().unwrap_or_default());
    let (now, head_too) = shared.read(|state, now| (now, state.choices().presigned_url_answers_head));
    let method = if head_too { "GET" } else { request.method.as_str() };
    buckets.presigner.check(now, method, path, query).map_err(|reason| S3Error::unsigned(&reason, now))?;
    let path = path.strip_prefix(PREFIX).unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8_lossy();
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    Ok(Location { bucket: bucket.to_owned(), key: key.to_owned() })
}

fn open(shared: &Shared, location: &Location) -> Result<Object, S3Error> {
    let buckets = shared.buckets().ok_or_else(S3Error::internal)?;
    buckets.object(location).map_err(|reason| S3Error::unavailable(&reason, location))
}

/// The response with the object, as far as the request wants it.
fn serve(object: Object, request: &Parts, is_head: bool) -> Result<Response<ResponseBody>, S3Error> {
    let Object { mut file, metadata, content_type } = object;
    let validators = Validators::of(&metadata);
    let length = metadata.len();
    let served = conditions::evaluate(&request.headers, &validators, length)?;
    let (status, from, length_sent) = match served {
        Served::NotModified => (StatusCode::NOT_MODIFIED, 0, 0),
        Served::Whole => (StatusCode::OK, 0, length),
        Served::Range { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
    };
    let body = if is_head || served == Served::NotModified {
        Full::<Bytes>::default().into()
    } else {
        file.seek(SeekFrom::Start(from)).map_err(|_| S3Error::internal())?;
        ResponseBody::of_file(file, length_sent)
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(ETAG, validators.etag.clone());
    headers.insert(LAST_MODIFIED, validators.last_modified.clone());
    if served != Served::NotModified {
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(CONTENT_LENGTH, length_sent.into());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Served::Range { first, last } = served {
        let range = format!("bytes {first}-{last}/{length}");
        headers.insert(CONTENT_RANGE, HeaderValue::try_from(range).map_err(|_| S3Error::internal())?);
    }
    harmless(&mut response);
    Ok(response)
}

#[cfg(test)]
mod tests;
