//! Which object a link names.
//!
//! AWS: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>

use percent_encoding::percent_decode_str;

/// An object, by its bucket and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) bucket: String,
    pub(crate) key: String,
}

/// Why a link names no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LocationFault {
    /// It does not lead to S3, or to no bucket there.
    NotS3,
    /// It names a bucket alone.
    NoKey,
    /// It names a version of an object; files have none.
    Version,
}

impl Location {
    /// The object that a URL names: `s3://`, or `https://` with the bucket in its host or in its path.
    pub(crate) fn of_url(url: &str) -> Result<Self, LocationFault> {
        let (bucket, path) = if let Some(rest) = url.strip_prefix("s3://") {
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            (bucket.to_owned(), key)
        } else {
            let rest = url.strip_prefix("https://").ok_or(LocationFault::NotS3)?;
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let bucket = bucket_of_host(&host.to_ascii_lowercase()).ok_or(LocationFault::NotS3)?;
            if bucket.is_empty() {
                let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
                (bucket.to_owned(), key)
            } else {
                (bucket, path)
            }
        };
        if !is_bucket_name(&bucket) {
            return Err(LocationFault::NotS3);
        }
        let key = match path.split_once('?') {
            Some((_, query)) if query.starts_with("versionId=") => return Err(LocationFault::Version),
            Some(_) => return Err(LocationFault::NotS3),
            None => percent_decode_str(path).decode_utf8().map_err(|_| LocationFault::NotS3)?,
        };
        if key.is_empty() { Err(LocationFault::NoKey) } else { Ok(Self { bucket, key: key.into_owned() }) }
    }
}

/// Whether a bucket can have this name; none begins with a dot.
pub(crate) fn is_bucket_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.len() <= 255
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// The bucket that a host of S3 names, empty where its path does; none for another host.
fn bucket_of_host(host: &str) -> Option<String> {
    let name = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let is_region = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte != b'_');
    let labels: Vec<&str> = name.split('.').collect();
    if labels.contains(&"") {
        return None;
    }
    let bucket = match labels[..] {
        [ref bucket @ .., "s3", "dualstack", region] if is_region(region) => bucket,
        [ref bucket @ .., "s3"] => bucket,
        [ref bucket @ .., "s3", region] if is_region(region) => bucket,
        [ref bucket @ .., last] if last.strip_prefix("s3-").is_some_and(is_region) => bucket,
        _ => return None,
    };
    Some(bucket.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_link_names_its_bucket_and_key() {
        for url in [
            "s3://my.bucket/a/b c.bin",
            "https://my.bucket.s3.amazonaws.com/a/b%20c.bin",
            "https://my.bucket.s3.eu-west-1.amazonaws.com/a/b%20c.bin",
            "https://my.bucket.s3-eu-west-1.amazonaws.com/a/b c.bin",
            "https://my.bucket.s3.dualstack.eu-west-1.amazonaws.com/a/b c.bin",
            "https://my.bucket.s3.cn-north-1.amazonaws.com.cn/a/b c.bin",
            "https://s3.amazonaws.com/my.bucket/a/b%20c.bin",
            "https://S3.EU-WEST-1.amazonaws.com/my.bucket/a/b%20c.bin",
            "https://s3-eu-west-1.amazonaws.com/my.bucket/a%2Fb%20c.bin",
        ] {
            let expected = Location { bucket: "my.bucket".into(), key: "a/b c.bin".into() };
            assert_eq!(Location::of_url(url), Ok(expected), "{url}");
        }
    }

    #[test]
    fn other_links_name_nothing() {
        use LocationFault::{NoKey, NotS3, Version};
        for (url, fault) in [
            ("", NotS3),
            ("file:///etc/passwd", NotS3),
            ("http://s3.amazonaws.com/bucket/key", NotS3),
            ("https://example.com/bucket/key", NotS3),
            ("https://s3.amazonaws.com.example.com/bucket/key", NotS3),
            ("https://ec2.eu-west-1.amazonaws.com/bucket/key", NotS3),
            ("https://s3.amazonaws.com", NotS3),
            ("https://s3.amazonaws.com/../key", NotS3),
            ("https://.s3.amazonaws.com/key", NotS3),
            ("s3://.hidden/key", NotS3),
            ("s3://b%2Fc/key", NotS3),
            ("s3://bucket/%ff", NotS3),
            ("s3://bucket/key?x=1", NotS3),
            ("s3://bucket/key?versionId=1", Version),
            ("s3://bucket", NoKey),
            ("https://s3.amazonaws.com/bucket/", NoKey),
            ("https://bucket.s3.amazonaws.com", NoKey),
        ] {
            assert_eq!(Location::of_url(url), Err(fault), "{url}");
        }
    }
}
