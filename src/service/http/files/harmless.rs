//! What keeps a browser from taking a file for a page of this service.

use hyper::Response;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue, X_CONTENT_TYPE_OPTIONS};

/// Whatever a file holds, no browser runs it as a page of this service.
pub(super) fn harmless<T>(response: &mut Response<T>) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
