//! How much of a file a request wants, and whether at all.
//!
//! RFC 9110: <https://www.rfc-editor.org/rfc/rfc9110#section-13>

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::HeaderMap;
use hyper::header::{
    HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::error::S3Error;

/// How headers spell a date.
const DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// What tells one version of a file from another.
#[derive(Debug)]
pub(super) struct Validators {
    pub(super) etag: HeaderValue,
    pub(super) last_modified: HeaderValue,
    /// The same, in seconds.
    modified: OffsetDateTime,
}

/// How much is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    NotModified,
    Whole,
    /// From the first byte to the last.
    Range {
        first: u64,
        last: u64,
    },
}

impl Validators {
    /// Those of a file: S3's are a hash, which would have to be read from all of it.
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self::new(metadata.modified().unwrap_or(UNIX_EPOCH), metadata.len())
    }

    fn new(modified: SystemTime, length: u64) -> Self {
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let etag = format!("\"{:x}-{length:x}\"", since.as_nanos());
        let modified = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(since.as_secs());
        let date = modified.format(DATE).unwrap_or_default();
        Self {
            etag: HeaderValue::try_from(etag).expect("it is plain ASCII"),
            last_modified: HeaderValue::try_from(date).expect("it is plain ASCII"),
            modified,
        }
    }

    /// Whether the file has changed since the date in a header; what is no date is no condition.
    fn has_changed_since(&self, headers: &HeaderMap, name: &HeaderName) -> Option<bool> {
        let date = headers.get(name)?.to_str().ok()?;
        let date = PrimitiveDateTime::parse(date.trim(), DATE).ok()?;
        Some(self.modified > date.assume_utc())
    }

    /// Whether one of the entity tags in a header is this one; `*` is any.
    fn is_among(&self, headers: &HeaderMap, name: &HeaderName) -> Option<bool> {
        let mut given = headers.get_all(name).iter().peekable();
        given.peek()?;
        let own = self.etag.as_bytes();
        Some(given.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).any(|tag| {
            let tag = tag.trim_ascii();
            let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
            tag == b"*" || tag == own
        }))
    }
}

/// What a request with these headers gets of a file.
pub(super) fn evaluate(headers: &HeaderMap, validators: &Validators, length: u64) -> Result<Served, S3Error> {
    // A date counts only where there is no tag.
    match validators.is_among(headers, &IF_MATCH) {
        Some(false) => return Err(S3Error::precondition_failed("If-Match")),
        None if validators.has_changed_since(headers, &IF_UNMODIFIED_SINCE) == Some(true) => {
            return Err(S3Error::precondition_failed("If-Unmodified-Since"));
        }
        _ => {}
    }
    let is_unchanged = || validators.has_changed_since(headers, &IF_MODIFIED_SINCE).map(|changed| !changed);
    if validators.is_among(headers, &IF_NONE_MATCH).or_else(is_unchanged) == Some(true) {
        return Ok(Served::NotModified);
    }
    // What was begun of another version is not continued with this one.
    let continues = headers
        .get(IF_RANGE)
        .is_none_or(|given| [&validators.etag, &validators.last_modified].contains(&given));
    let Some(range) = headers.get(RANGE).and_then(|range| range.to_str().ok()).filter(|_| continues) else {
        return Ok(Served::Whole);
    };
    read_range(range, length).ok_or_else(|| S3Error::invalid_range(range, length))
}

/// The one range that a header asks for. As on S3 more than one, and what is none, mean the whole; none where the file
/// has nothing of it.
fn read_range(header: &str, length: u64) -> Option<Served> {
    let bounds = header.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-'));
    let number = |text: &str| -> Option<u64> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (first, last) = match bounds {
        Some(("", last)) => match number(last) {
            Some(count) => {
                (length.saturating_sub(count), if count == 0 { None } else { length.checked_sub(1) })
            }
            None => return Some(Served::Whole),
        },
        Some((first, last)) => match (number(first), number(last)) {
            (Some(first), None) if last.is_empty() => (first, length.checked_sub(1)),
            (Some(first), Some(last)) if first <= last => {
                (first, length.checked_sub(1).map(|end| last.min(end)))
            }
            _ => return Some(Served::Whole),
        },
        None => return Some(Served::Whole),
    };
    last.filter(|last| first <= *last).map(|last| Served::Range { first, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validators() -> Validators {
        Validators::new(UNIX_EPOCH + Duration::from_millis(1_748_952_000_500), 10)
    }

    /// What headers come to for a file of ten bytes.
    fn served(headers: &[(HeaderName, &str)]) -> Result<Served, u16> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        evaluate(&headers, &validators(), 10).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn one_range_is_served_as_far_as_there_is_something() {
        let range = |first, last| Ok(Served::Range { first, last });
        for (header, expected) in [
            ("bytes=0-0", range(0, 0)),
            ("bytes=3-", range(3, 9)),
            ("bytes=3-5", range(3, 5)),
            ("bytes=3-99999999999999999999999", range(3, 9)),
            ("bytes=-4", range(6, 9)),
            ("bytes=-40", range(0, 9)),
            ("bytes=9-9", range(9, 9)),
            ("bytes=10-", Err(416)),
            ("bytes=-0", Err(416)),
            ("bytes=99999999999999999999999-", Err(416)),
            ("bytes=5-3", Ok(Served::Whole)),
            ("bytes=0-1,3-4", Ok(Served::Whole)),
            ("bytes=+1-2", Ok(Served::Whole)),
            ("bytes=-", Ok(Served::Whole)),
            ("lines=1-2", Ok(Served::Whole)),
        ] {
            assert_eq!(served(&[(RANGE, header)]), expected, "{header}");
        }
        let nothing =
            evaluate(&HeaderMap::from_iter([(RANGE, "bytes=0-".parse().unwrap())]), &validators(), 0);
        assert_eq!(nothing.unwrap_err().status(), 416);
    }

    #[test]
    fn a_version_is_known_by_its_tag() {
        let own = validators().etag;
        let own = own.to_str().unwrap();
        assert_eq!(served(&[]), Ok(Served::Whole));
        for (name, value, expected) in [
            (IF_NONE_MATCH, own.to_owned(), Ok(Served::NotModified)),
            (IF_NONE_MATCH, format!("\"a\", W/{own}"), Ok(Served::NotModified)),
            (IF_NONE_MATCH, "*".into(), Ok(Served::NotModified)),
            (IF_NONE_MATCH, "\"a\"".into(), Ok(Served::Whole)),
            (IF_MATCH, own.to_owned(), Ok(Served::Whole)),
            (IF_MATCH, "*".into(), Ok(Served::Whole)),
            (IF_MATCH, "\"a\"".into(), Err(412)),
        ] {
            assert_eq!(served(&[(name.clone(), &value)]), expected, "{name}: {value}");
        }
        let range = Ok(Served::Range { first: 3, last: 9 });
        for (validator, expected) in
            [(own, range), ("Tue, 03 Jun 2025 12:00:00 GMT", range), ("\"a\"", Ok(Served::Whole))]
        {
            assert_eq!(served(&[(RANGE, "bytes=3-"), (IF_RANGE, validator)]), expected, "{validator}");
        }
    }

    /// AWS: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>, of these headers together.
    #[test]
    fn a_version_is_known_by_its_date_where_there_is_no_tag() {
        let own = validators();
        let (tag, date) = (own.etag.to_str().unwrap(), own.last_modified.to_str().unwrap());
        let (before, after) = ("Tue, 03 Jun 2025 11:59:59 GMT", "Tue, 03 Jun 2025 12:00:01 GMT");
        for (headers, expected) in [
            (&[(IF_MODIFIED_SINCE, date)][..], Ok(Served::NotModified)),
            (&[(IF_MODIFIED_SINCE, after)], Ok(Served::NotModified)),
            (&[(IF_MODIFIED_SINCE, before)], Ok(Served::Whole)),
            (&[(IF_MODIFIED_SINCE, "yesterday")], Ok(Served::Whole)),
            (&[(IF_MODIFIED_SINCE, before), (IF_NONE_MATCH, tag)], Ok(Served::NotModified)),
            (&[(IF_MODIFIED_SINCE, date), (IF_NONE_MATCH, "\"a\"")], Ok(Served::Whole)),
            (&[(IF_UNMODIFIED_SINCE, date)], Ok(Served::Whole)),
            (&[(IF_UNMODIFIED_SINCE, before)], Err(412)),
            (&[(IF_UNMODIFIED_SINCE, "yesterday")], Ok(Served::Whole)),
            (&[(IF_UNMODIFIED_SINCE, before), (IF_MATCH, tag)], Ok(Served::Whole)),
            (&[(IF_UNMODIFIED_SINCE, after), (IF_MATCH, "\"a\"")], Err(412)),
            (&[(RANGE, "bytes=3-"), (IF_MODIFIED_SINCE, date)], Ok(Served::NotModified)),
        ] {
            assert_eq!(served(headers), expected, "{headers:?}");
        }
    }
}
