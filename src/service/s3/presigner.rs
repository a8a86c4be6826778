//! Presigned URLs: made for devices, and checked when they come back.
//!
//! AWS: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::{digest, hmac};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::location::Location;
use crate::service::time::Timestamp;

/// What the path of each URL begins with: buckets could bear the names of operations.
pub(crate) const PREFIX: &str = "/_sandbox/files/";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How far ahead of the clock a URL may be signed, as on AWS.
const SKEW_SECONDS: i64 = 15 * 60;

/// What Signature Version 4 leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ENCODED_IN_PATH: &AsciiSet = &ENCODED.remove(b'/');

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// Signs URLs for whoever listens at one address, and knows its own signatures.
pub(crate) struct Presigner {
    /// Scheme, host and port.
    base: String,
    region: String,
    access_key: String,
    secret: String,
}

/// Why a URL leads to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unsigned {
    /// It has no signature.
    Anonymous,
    /// It is signed with a key that is none of this service's.
    AnotherKey(String),
    /// It is not what was signed.
    Altered,
    /// It was signed at a time that is still ahead.
    Early,
    /// It has expired, at this time.
    Expired { seconds: i64, at: Timestamp },
}

impl Presigner {
    /// One that signs URLs that begin with `base`, with a key that follows from a secret of the service: what it signed
    /// is good for as long as the service has that.
    pub(crate) fn of_service(base: String, region: &str, secret: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let derived = |purpose: &[u8]| hex(hmac::sign(&key, purpose));
        let access_key = format!("LOCAL{}", derived(b"access key of presigned URLs")[..15].to_uppercase());
        Self::new(base, region, &access_key, derived(b"secret of presigned URLs"))
    }

    /// One that signs with this key URLs that begin with `base`.
    pub(crate) fn new(base: String, region: &str, access_key: &str, secret: String) -> Self {
        Self { base, region: region.to_owned(), access_key: access_key.to_owned(), secret }
    }

    /// A URL that leads to an object for so many seconds from `now`.
    pub(crate) fn url(&self, now: Timestamp, location: &Location, seconds: i64) -> String {
        let path = format!("{PREFIX}{}/{}", location.bucket, location.key);
        self.presign(now, &path, seconds)
    }

    fn presign(&self, now: Timestamp, path: &str, seconds: i64) -> String {
        let date = date(now);
        let credential = format!("{}/{}", self.access_key, self.scope(&date));
        let credential = utf8_percent_encode(&credential, ENCODED);
        let query = format!(
            "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host"
        );
        let path = utf8_percent_encode(path, ENCODED_IN_PATH).to_string();
        let signature =
            hex(hmac::sign(&self.key(&date), self.signed("GET", &path, &query, &date).as_bytes()));
        format!("{}{path}?{query}&X-Amz-Signature={signature}", self.base)
    }

    /// Checks the URL of a request: its path and its query as they came.
    ///
    /// The host is not looked at, although it is signed: whoever came by another way than the URL says has it from here
    /// all the same.
    pub(crate) fn check(
        &self,
        now: Timestamp,
        method: &str,
        path: &str,
        query: &str,
    ) -> Result<(), Unsigned> {
        let mut members = members(query);
        let mut take = |name: &str| {
            let place = members.iter().position(|(given, _)| given == name);
            place.map(|place| members.remove(place).1)
        };
        let signature = take("X-Amz-Signature").ok_or(Unsigned::Anonymous)?;
        let read = |name: &str| {
            let found = members.iter().find(|(given, _)| given == name);
            found.map(|(_, value)| value.as_str()).ok_or(Unsigned::Altered)
        };
        let key = read("X-Amz-Credential")?.split('/').next().unwrap_or_default();
        if key != self.access_key {
            return Err(Unsigned::AnotherKey(key.to_owned()));
        }
        let (date, seconds) = (read("X-Amz-Date")?, read("X-Amz-Expires")?);
        let signed_at = parse_date(date).ok_or(Unsigned::Altered)?;
        let path = percent_decode_str(path).decode_utf8().map_err(|_| Unsigned::Altered)?;
        let path = utf8_percent_encode(&path, ENCODED_IN_PATH).to_string();
        let signed = self.signed(method, &path, &canonical(&members), date);
        let signature = bytes(&signature).ok_or(Unsigned::Altered)?;
        hmac::verify(&self.key(date), signed.as_bytes(), &signature).map_err(|_| Unsigned::Altered)?;
        let seconds: i64 = seconds.parse().map_err(|_| Unsigned::Altered)?;
        if signed_at > now.seconds() + SKEW_SECONDS {
            return Err(Unsigned::Early);
        }
        let end = Timestamp::from_millis((signed_at + seconds) * 1000);
        if now > end { Err(Unsigned::Expired { seconds, at: end }) } else { Ok(()) }
    }

    fn scope(&self, date: &str) -> String {
        format!("{}/{}/s3/aws4_request", &date[..8], self.region)
    }

    /// What is signed for a request.
    fn signed(&self, method: &str, path: &str, query: &str, date: &str) -> String {
        let host = self.base.split_once("://").map_or(&*self.base, |(_, host)| host);
        let request = format!("{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
        let request = hex(digest::digest(&digest::SHA256, request.as_bytes()));
        format!("{ALGORITHM}\n{date}\n{}\n{request}", self.scope(date))
    }

    /// The key that signs on a day.
    fn key(&self, date: &str) -> hmac::Key {
        let first = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{}", self.secret).as_bytes());
        [&date[..8], &self.region, "s3", "aws4_request"].iter().fold(first, |key, part| {
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
        })
    }
}

/// Without the secret.
impl fmt::Debug for Presigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presigner").field("base", &self.base).finish_non_exhaustive()
    }
}

/// The members of a query, decoded.
fn members(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let member = |member: &str| {
        let (name, value) = member.split_once('=').unwrap_or((member, ""));
        (decode(name), decode(value))
    };
    query.split('&').map(member).collect()
}

/// The members of a query as they are signed: encoded and in order.
fn canonical(members: &[(String, String)]) -> String {
    let encode = |text: &str| Cow::from(utf8_percent_encode(text, ENCODED)).into_owned();
    let mut members: Vec<String> =
        members.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    members.sort_unstable();
    members.join("&")
}

fn date(now: Timestamp) -> String {
    let now = OffsetDateTime::from_unix_timestamp(now.seconds());
    now.ok().and_then(|now| now.format(DATE).ok()).expect("the clock goes as far as the year 9998")
}

/// Epoch seconds.
fn parse_date(text: &str) -> Option<i64> {
    let date = PrimitiveDateTime::parse(text, DATE).ok().filter(|_| text.len() == 16 && text.is_ascii())?;
    Some(date.assume_utc().unix_timestamp())
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect::<Option<_>>().filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_369_353_600_000);

    /// AWS's own example: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
    #[test]
    fn the_signature_is_the_one_of_aws_own_example() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned();
        let base = "https://examplebucket.s3.amazonaws.com".to_owned();
        let presigner = Presigner::new(base, "us-east-1", "AKIAIOSFODNN7EXAMPLE", secret);
        assert_eq!(
            presigner.presign(NOW, "/test.txt", 86400),
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    fn presigner() -> Presigner {
        Presigner::new("http://127.0.0.1:9443".into(), "eu-west-1", "KEY", "secret".into())
    }

    fn check(url: &str, now: Timestamp) -> Result<(), Unsigned> {
        let rest = url.strip_prefix("http://127.0.0.1:9443").unwrap();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        presigner().check(now, "GET", path, query)
    }

    #[test]
    fn a_url_is_good_until_it_expires_and_not_after_the_smallest_change() {
        let location = Location { bucket: "b".into(), key: "a/é b+c&d.bin".into() };
        let url = presigner().url(NOW, &location, 60);
        assert!(url.contains("/_sandbox/files/b/a/%C3%A9%20b%2Bc%26d.bin?"), "{url}");
        let later = |millis| Timestamp::from_millis(NOW.millis() + millis);
        for millis in [0, 60_000, -900_000] {
            assert_eq!(check(&url, later(millis)), Ok(()), "{millis}");
        }
        let expired = Unsigned::Expired { seconds: 60, at: later(60_000) };
        assert_eq!(check(&url, later(60_001)), Err(expired));
        assert_eq!(check(&url, later(-900_001)), Err(Unsigned::Early));

        // Encoded otherwise, and in another order, it is still the same.
        let (path, query) = url.split_once('?').unwrap();
        let mut members: Vec<&str> = query.split('&').collect();
        members.reverse();
        let same = format!("{}?{}", path.replace("%2B", "+"), members.join("&").replace("%2F", "/"));
        assert_eq!(check(&same, NOW), Ok(()));

        for (from, to) in [
            ("/b/", "/c/"),
            ("/a/", "/../"),
            ("=60", "=61"),
            ("X-Amz-Expires=60&", ""),
            ("T000000Z", "T000001Z"),
            ("20130524T", "é130524T"),
            ("Signature=", "Signature=0"),
            ("Signature=", "Signature=zz"),
            ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host%3Bx"),
            ("?", "?x=y&"),
            ("%C3%A9", "%FF"),
            ("eu-west-1", "us-east-1"),
        ] {
            assert!(url.contains(from), "{from}");
            assert_eq!(check(&url.replacen(from, to, 1), NOW), Err(Unsigned::Altered), "{from}: {to}");
        }
        assert_eq!(check(path, NOW), Err(Unsigned::Anonymous));
        assert_eq!(check(&url.replace("Signature", "Signatures"), NOW), Err(Unsigned::Anonymous));
        let another = url.replace("=KEY", "=OTHER");
        assert_eq!(check(&another, NOW), Err(Unsigned::AnotherKey("OTHER".into())));
        let (path, query) = url.strip_prefix("http://127.0.0.1:9443").unwrap().split_once('?').unwrap();
        assert_eq!(presigner().check(NOW, "HEAD", path, query), Err(Unsigned::Altered));
    }

    #[test]
    fn the_secret_is_not_told() {
        assert_eq!(format!("{:?}", presigner()), "Presigner { base: \"http://127.0.0.1:9443\", .. }");
    }
}
