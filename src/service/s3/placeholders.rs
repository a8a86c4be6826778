//! The placeholders in job documents that stand for presigned URLs.

use std::ops::Range;

use thiserror::Error;

use super::location::{Location, LocationFault};

/// What each of them begins with.
pub(crate) const MARK: &str = "${aws:iot:s3-presigned-url";

/// How many of them a job document may have.
const MOST: usize = 10;

/// Why a job document with placeholders is refused, in AWS's words where they are known.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum PlaceholderFault {
    #[error("One or more parameters or placeholders are not terminated.")]
    NotTerminated,
    #[error("Job document has {0} placeholders for pre-signed S3 urls, it can have at most {MOST}.")]
    TooMany(usize),
    #[error("Role must be provided for pre-sign S3 urls in job document of job {0}.")]
    NoRole(String),
    /// The same where all placeholders are of the second kind.
    #[error("presignedUrlConfig role ARN is required to generate an S3 presigned url in job document.")]
    NoRoleV2,
    #[error("Given S3 url {0} is invalid.")]
    Invalid(String),
    #[error("Provided S3 url is not valid: {0}. Error: Key cannot be null")]
    NoKey(String),
    #[error("VersionId not found when attempting to access s3 url")]
    Version,
}

/// One placeholder in the JSON text of a document.
#[derive(Debug)]
struct Placeholder {
    /// Where it stands.
    place: Range<usize>,
    url: String,
    /// Written as `s3-presigned-url-v2`, which takes the URL encoded.
    is_v2: bool,
}

impl Placeholder {
    fn location(&self) -> Result<Location, PlaceholderFault> {
        let unencoded = |c: char| c.is_whitespace() || "\"<>\\^`{|}".contains(c);
        if self.is_v2 && self.url.contains(unencoded) {
            return Err(PlaceholderFault::Invalid(self.url.clone()));
        }
        Location::of_url(&self.url).map_err(|fault| match fault {
            LocationFault::NotS3 => PlaceholderFault::Invalid(self.url.clone()),
            LocationFault::NoKey => PlaceholderFault::NoKey(self.url.clone()),
            LocationFault::Version => PlaceholderFault::Version,
        })
    }
}

/// Refuses a document whose placeholders cannot be replaced later; `owner` is its job or its template.
pub(crate) fn check_placeholders(
    document: &str,
    has_role: bool,
    owner: &str,
) -> Result<(), PlaceholderFault> {
    let placeholders = find(document)?;
    if placeholders.len() > MOST {
        return Err(PlaceholderFault::TooMany(placeholders.len()));
    }
    if !has_role && !placeholders.is_empty() {
        let all_v2 = placeholders.iter().all(|placeholder| placeholder.is_v2);
        return Err(if all_v2 {
            PlaceholderFault::NoRoleV2
        } else {
            PlaceholderFault::NoRole(owner.to_owned())
        });
    }
    placeholders.iter().try_for_each(|placeholder| placeholder.location().map(drop))
}

/// The document with `presign`'s URL in place of each placeholder that names an object; none where it has none.
///
/// A URL needs no escape in JSON.
pub(crate) fn presigned(document: &str, mut presign: impl FnMut(&Location) -> String) -> Option<String> {
    // Most documents have none.
    if !document.contains(MARK) {
        return None;
    }
    let (mut out, mut rest) = (String::new(), 0);
    for placeholder in find(document).ok()? {
        let Ok(location) = placeholder.location() else { continue };
        out.push_str(&document[rest..placeholder.place.start]);
        out.push_str(&presign(&location));
        rest = placeholder.place.end;
    }
    out.push_str(&document[rest..]);
    Some(out)
}

/// The placeholders in JSON text, in order.
fn find(document: &str) -> Result<Vec<Placeholder>, PlaceholderFault> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = document[from..].find(MARK).map(|at| from + at) {
        let after = &document[start + MARK.len()..];
        let is_v2 = after.starts_with("-v2:");
        let Some(rest) = after.strip_prefix("-v2:").or_else(|| after.strip_prefix(':')) else {
            from = start + MARK.len();
            continue;
        };
        // The string in which it stands ends at the latest with a quotation mark; one that is escaped is in no URL.
        let length = rest.find(['}', '"']).filter(|at| rest[*at..].starts_with('}'));
        let length = length.ok_or(PlaceholderFault::NotTerminated)?;
        let written = &rest[..length];
        let url = serde_json::from_str(&format!("\"{written}\""));
        let end = document.len() - rest.len() + length + 1;
        found.push(Placeholder { place: start..end, url: url.unwrap_or_else(|_| written.to_owned()), is_v2 });
        from = end;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(urls: &[&str]) -> String {
        let placeholders: Vec<String> = urls.iter().map(|url| format!("\"{MARK}{url}}}\"")).collect();
        format!("{{\"urls\":[{}]}}", placeholders.join(","))
    }

    fn fault(urls: &[&str]) -> Option<String> {
        check_placeholders(&document(urls), true, "J").err().map(|fault| fault.to_string())
    }

    #[test]
    fn each_is_replaced_and_nothing_else() {
        let text = document(&[
            ":https://s3.amazonaws.com/b/a b&c.bin",
            r":https:\/\/b.s3.amazonaws.com\/\u00e9",
            "-v2:https://s3.amazonaws.com/b/a%20b%7D",
        ]);
        let text = text.replace("\"urls\"", "\"${aws:iot:parameter:a}\":\"${x}\",\"urls\"");
        let replaced = presigned(&text, |location| format!("<{}|{}>", location.bucket, location.key));
        assert_eq!(
            replaced.unwrap(),
            r#"{"${aws:iot:parameter:a}":"${x}","urls":["<b|a b&c.bin>","<b|é>","<b|a b}>"]}"#
        );
        assert_eq!(presigned("{\"a\":\"${aws:iot:parameter:a}\"}", |_| unreachable!()), None);
    }

    #[test]
    fn ten_are_taken_and_each_must_name_an_object() {
        let url = ":s3://b/k";
        assert_eq!(fault(&[url; 10]), None);
        assert_eq!(
            fault(&[url; 11]).unwrap(),
            "Job document has 11 placeholders for pre-signed S3 urls, it can have at most 10."
        );
        for (url, said) in [
            (":https://example.com/k", "Given S3 url https://example.com/k is invalid."),
            (":", "Given S3 url  is invalid."),
            ("-v2:s3://b/a b", "Given S3 url s3://b/a b is invalid."),
            (":s3://b/", "Provided S3 url is not valid: s3://b/. Error: Key cannot be null"),
            (":s3://b/k?versionId=v", "VersionId not found when attempting to access s3 url"),
        ] {
            assert_eq!(fault(&[url]).as_deref(), Some(said));
        }
    }

    #[test]
    fn each_ends_within_its_string() {
        for text in [
            r#"{"a":"${aws:iot:s3-presigned-url:s3://b/k"}"#,
            r#"{"a":"${aws:iot:s3-presigned-url:s3://b/k\"}"}"#,
            r#""${aws:iot:s3-presigned-url-v2:""#,
        ] {
            let fault = check_placeholders(text, true, "J").unwrap_err();
            assert_eq!(fault, PlaceholderFault::NotTerminated, "{text}");
        }
        assert_eq!(check_placeholders("\"${aws:iot:s3-presigned-urls}\"", false, "J"), Ok(()));
    }

    #[test]
    fn without_a_role_the_words_go_by_the_kind() {
        let words = |urls: &[&str]| check_placeholders(&document(urls), false, "J").unwrap_err().to_string();
        assert_eq!(
            words(&[":s3://b/k", "-v2:s3://b/k"]),
            "Role must be provided for pre-sign S3 urls in job document of job J."
        );
        assert_eq!(
            words(&["-v2:s3://b/k"]),
            "presignedUrlConfig role ARN is required to generate an S3 presigned url in job document."
        );
        assert_eq!(check_placeholders("{}", false, "J"), Ok(()));
    }
}
