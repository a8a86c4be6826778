//! Errors as S3 writes them: XML with a code and a message.
//!
//! AWS: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use std::fmt::Write as _;

use http_body_util::Full;
use hyper::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::harmless::harmless;
use crate::service::buckets::Unavailable;
use crate::service::http::response_body::ResponseBody;
use crate::service::s3::{Location, Unsigned};
use crate::service::time::Timestamp;
use crate::wire::system_error::too_many_open_files;

/// An error of S3.
#[derive(Debug)]
pub(in crate::service::http) struct S3Error {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    /// Further elements.
    elements: Vec<(&'static str, String)>,
    /// How long the file is, where a range is beyond it.
    length: Option<u64>,
}

impl S3Error {
    fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message, elements: Vec::new(), length: None }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.elements.push((name, value.into()));
        self
    }

    /// The signature does not let a request in.
    pub(super) fn unsigned(reason: &Unsigned, now: Timestamp) -> Self {
        let denied = |message| Self::new(StatusCode::FORBIDDEN, "AccessDenied", message);
        match reason {
            Unsigned::Anonymous => denied("Access Denied"),
            Unsigned::AnotherKey(key) => Self::new(
                StatusCode::FORBIDDEN,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            )
            .with("AWSAccessKeyId", key),
            Unsigned::Altered => Self::new(
                StatusCode::FORBIDDEN,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your key and \
                 signing method.",
            ),
            Unsigned::Early => denied("Request is not valid yet"),
            Unsigned::Expired { seconds, at } => denied("Request has expired")
                .with("X-Amz-Expires", seconds.to_string())
                .with("Expires", date(*at))
                .with("ServerTime", date(now)),
        }
    }

    /// The file cannot be had.
    pub(super) fn unavailable(reason: &Unavailable, location: &Location) -> Self {
        match reason {
            Unavailable::NoBucket => {
                Self::new(StatusCode::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist")
                    .with("BucketName", &location.bucket)
            }
            Unavailable::NoObject => {
                Self::new(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
                    .with("Key", &location.key)
            }
            Unavailable::Failed(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Self::new(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied")
            }
            Unavailable::Failed(error) if too_many_open_files(error) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.")
            }
            Unavailable::Failed(_) => Self::internal(),
        }
    }

    pub(super) fn precondition_failed(condition: &'static str) -> Self {
        let message = "At least one of the pre-conditions you specified did not hold";
        Self::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message).with("Condition", condition)
    }

    pub(super) fn invalid_range(range: &str, length: u64) -> Self {
        let message = "The requested range is not satisfiable";
        let error = Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message);
        let error = error.with("RangeRequested", range).with("ActualObjectSize", length.to_string());
        Self { length: Some(length), ..error }
    }

    pub(super) fn method_not_allowed(method: &str) -> Self {
        let message = "The specified method is not allowed against this resource.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message).with("Method", method)
    }

    pub(super) fn internal() -> Self {
        let message = "We encountered an internal error. Please try again.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }

    pub(in crate::service::http) fn status(&self) -> StatusCode {
        self.status
    }

    pub(in crate::service::http) fn code(&self) -> &'static str {
        self.code
    }

    /// The response that tells it.
    pub(in crate::service::http) fn response(&self) -> Response<ResponseBody> {
        let id = Uuid::new_v4().simple().to_string();
        let mut response = Response::new(Full::from(self.body(&id)).into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        let id = HeaderValue::try_from(id).expect("a UUID is plain ASCII");
        headers.insert(HeaderName::from_static("x-amz-request-id"), id);
        if let Some(length) = self.length {
            let range = HeaderValue::try_from(format!("bytes */{length}")).expect("it is plain ASCII");
            headers.insert(CONTENT_RANGE, range);
        }
        harmless(&mut response);
        response
    }

    fn body(&self, id: &str) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        let head = [("Code", self.code), ("Message", self.message)];
        let rest = self.elements.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in head.into_iter().chain(rest).chain([("RequestId", id)]) {
            // Writing to a string cannot fail.
            let _ = write!(xml, "<{name}>{}</{name}>", escaped(value));
        }
        xml + "</Error>"
    }
}

/// A text in XML; what cannot stand there at all becomes a question mark.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, character| {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(character));
            }
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                out.push('?');
            }
            character => out.push(character),
        }
        out
    })
}

fn date(time: Timestamp) -> String {
    let time = OffsetDateTime::from_unix_timestamp(time.seconds());
    time.ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_xml_whatever_it_quotes() {
        let location = Location { bucket: "b".into(), key: "<a>&\n\u{1}\u{7f}".into() };
        let error = S3Error::unavailable(&Unavailable::NoObject, &location);
        assert_eq!(
            error.body("1"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not \
             exist.</Message><Key>&lt;a&gt;&amp;&#10;??</Key><RequestId>1</RequestId></Error>"
        );
        let expired = Unsigned::Expired { seconds: 60, at: Timestamp::from_millis(60_000) };
        let error = S3Error::unsigned(&expired, Timestamp::from_millis(61_000));
        assert!(error.body("1").contains(
            "<X-Amz-Expires>60</X-Amz-Expires><Expires>1970-01-01T00:01:00Z</Expires><ServerTime>1970-01-01T00:01:01Z</ServerTime>"
        ));
    }
}
