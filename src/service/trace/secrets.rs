//! What no record holds: private keys, and what signs a request.

use std::borrow::Cow;

/// What stands in the place of a secret.
const LEFT_OUT: &str = "…";

/// The members of a presigned URL that whoever reads them could use. AWS writes them so; nothing else does.
const SIGNING: [&str; 3] = ["x-amz-credential", "x-amz-security-token", "x-amz-signature"];

/// How a URL has `=`, alone, in the query of another, and after a backslash in JSON.
const EQUALS: [&str; 3] = ["=", "%3d", "u003d"];

/// `text` without private keys in PEM, and without what signs the URLs in it.
pub(super) fn without_secrets(text: &str) -> Cow<'_, str> {
    match without(text, first_key) {
        Cow::Borrowed(text) => without(text, first_signing),
        Cow::Owned(text) => Cow::Owned(without(&text, first_signing).into_owned()),
    }
}

/// `text` without what `first` finds, again and again.
fn without(text: &str, first: impl Fn(&str) -> Option<(usize, usize)>) -> Cow<'_, str> {
    let mut rest = text;
    let mut out = String::new();
    while let Some((start, end)) = first(rest) {
        out.push_str(&rest[..start]);
        out.push_str(LEFT_OUT);
        rest = &rest[end..];
    }
    if rest.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(out + rest) }
}

/// The path and the query of a request without what signs it.
pub(crate) fn target_without_secrets(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    // A name may be escaped.
    let signs = |member: &&str| {
        let name =
            form_urlencoded::parse(member.as_bytes()).next().map(|(name, _)| name.to_ascii_lowercase());
        name.is_some_and(|name| name.starts_with("x-amz-"))
    };
    let (signing, query): (Vec<&str>, Vec<&str>) = query.split('&').partition(signs);
    let query = query.join("&");
    match (signing.is_empty(), query.is_empty()) {
        (true, _) => target.to_owned(),
        (false, true) => format!("{path}?{LEFT_OUT}"),
        (false, false) => format!("{path}?{query}&{LEFT_OUT}"),
    }
}

/// The first private key in PEM, without its first and last line; to the end of the text where that is cut.
fn first_key(text: &str) -> Option<(usize, usize)> {
    const BEGIN: &str = "-----BEGIN ";
    const KEY: &str = "PRIVATE KEY-----";
    text.match_indices(BEGIN).find_map(|(begin, _)| {
        let label = begin + BEGIN.len();
        let start = label + text[label..].find("-----")? + 5;
        if !text[..start].ends_with(KEY) {
            return None;
        }
        let end = text[start..].find("-----END ").map_or(text.len(), |length| start + length);
        (end > start).then_some((start, end))
    })
}

fn first_signing(text: &str) -> Option<(usize, usize)> {
    let starts = text.match_indices(['x', 'X']).filter_map(|(at, _)| {
        let rest = &text[at..];
        let rest = SIGNING.iter().find_map(|name| without_prefix(rest, name))?;
        // JSON in JSON has more than one.
        let rest = rest.trim_start_matches('\\');
        let value = EQUALS.iter().find_map(|equals| without_prefix(rest, equals))?;
        Some(text.len() - value.len())
    });
    let ends = |c: char| c.is_whitespace() || "&\"'\\<>`".contains(c);
    let mut values =
        starts.map(|start| (start, text[start..].find(ends).map_or(text.len(), |end| start + end)));
    // One that was taken out already stays.
    values.find(|(start, end)| end > start)
}

/// What follows `prefix`, which is ASCII of either case.
fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_keys_are_left_out_and_certificates_are_not() {
        for (text, left) in [
            ("-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----\\n", "MIIE"),
            ("x -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- y", "MIIE"),
            ("-----BEGIN EC PRIVATE KEY-----MIIE", "MIIE"),
            ("-----BEGIN CERTIFICATE-----a-----END CERTIFICATE----------BEGIN PRIVATE KEY-----MIIE", "MIIE"),
        ] {
            let without = without_secrets(text);
            assert!(text.contains(left) && !without.contains(left), "{without}");
            assert!(without.contains('…') && without.contains("PRIVATE KEY-----"), "{without}");
        }
        for public in [
            "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
            "-----BEGIN ",
            "-----BEGIN PRIVATE KEY-----",
        ] {
            assert_eq!(without_secrets(public), public);
        }
        let two = |secret: &str| {
            let key = format!("-----BEGIN PRIVATE KEY-----{secret}-----END PRIVATE KEY-----");
            format!("{key} {key}")
        };
        assert_eq!(without_secrets(&two("MIIE")), two("…"));
    }

    #[test]
    fn what_signs_a_url_is_left_out_wherever_it_stands() {
        let url = r#"{"url":"https://b.s3.amazonaws.com/k?X-Amz-Credential=A%2F1&X-Amz-Expires=60&x-amz-security-token=S\u0026X-Amz-Signature=0f"}"#;
        assert_eq!(
            without_secrets(url),
            r#"{"url":"https://b.s3.amazonaws.com/k?X-Amz-Credential=…&X-Amz-Expires=60&x-amz-security-token=…\u0026X-Amz-Signature=…"}"#
        );
        // As some encoders of JSON write a URL, and as a URL stands in the query of another.
        for (url, without) in [
            (r"X-Amz-Signature\u003d0f\u0026x=1", r"X-Amz-Signature\u003d…\u0026x=1"),
            (r"X-Amz-Signature\u003D0f", r"X-Amz-Signature\u003D…"),
            ("X-Amz-Signature%3D0f%26x", "X-Amz-Signature%3D…"),
            ("X-Amz-Signature%3d0f", "X-Amz-Signature%3d…"),
            (r"X-Amz-Signature\\u003d0f\\u0026x=1", r"X-Amz-Signature\\u003d…\\u0026x=1"),
            ("X-Amz-Signature is 0f", "X-Amz-Signature is 0f"),
        ] {
            assert_eq!(without_secrets(url), without);
        }
        assert_eq!(without_secrets("X-Amz-Signature=&x"), "X-Amz-Signature=&x");
        assert_eq!(without_secrets("é X-Amz-Signature=é"), "é X-Amz-Signature=…");
    }

    #[test]
    fn a_presigned_request_is_told_without_its_signature() {
        for (target, told) in [
            ("/jobs", "/jobs"),
            ("/jobs?status=QUEUED", "/jobs?status=QUEUED"),
            ("/jobs?X-Amz-Signature=0f", "/jobs?…"),
            ("/jobs?X%2DAmz%2DSignature=0f&force=true&x-amz-date=1", "/jobs?force=true&…"),
        ] {
            assert_eq!(target_without_secrets(target), told);
        }
    }
}
