//! Keys and certificates on the command line where other values belong, the names of their files above all.
//!
//! A quoted `$(cat key.pem)` is easily written; the key must reach neither the terminal nor the log of a CI job.

use std::path::Path;

use super::error::UsageError;

/// How PEM begins, and a word of an unquoted one too.
const BEGIN: &str = "-----BEGIN";

/// How base64 begins: that of PEM, and that of DER.
const BASE64_OF: [&str; 2] = ["LS0t", "MII"];

/// A piece of a key as long as this is of use to somebody.
const SHORTEST_PIECE: usize = 40;

/// No system takes longer names.
const LONGEST_NAME: usize = 255;

const KEY: &str = "key";

/// Refuses arguments that hold PEM before anybody quotes them. Commands may hold some.
pub(super) fn refuse_pem(arguments: &[String]) -> Result<(), UsageError> {
    let mut before = "";
    for (at, argument) in arguments.iter().enumerate() {
        if argument.contains(BEGIN) && before != "-c" && !argument.starts_with("-c") {
            let option = argument.split(['=', '\n']).next().filter(|word| word.starts_with("--"));
            let option = option.filter(|option| !option.starts_with(BEGIN));
            let option = option.or(Some(before).filter(|before| before.starts_with('-')));
            // The shell may have split it into words.
            let found = kind_of_pem(&arguments[at..].join(" ")).unwrap_or(KEY);
            return Err(refusal(option, found));
        }
        before = argument;
    }
    Ok(())
}

/// Refuses contents as the value of an option that takes the name of a file or folder.
pub(super) fn refuse_contents(option: &str, value: Option<&Path>) -> Result<(), UsageError> {
    let Some(path) = value.filter(|path| !path.exists()) else { return Ok(()) };
    found_in(&path.to_string_lossy()).map_or(Ok(()), |found| Err(refusal(Some(option), found)))
}

/// `text`, a message, without the keys that it quotes.
pub(crate) fn without_keys(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some(start) = first_key(rest) {
        out.push_str(&rest[..start]);
        out.push('…');
        rest = &rest[start..];
        // What follows up to the end of the quotation is of the key too, such as its last and short line.
        let end = rest.find(['\'', '"', '`']).or_else(|| rest.find(|c: char| !is_around_keys(c)));
        rest = &rest[end.unwrap_or(rest.len())..];
    }
    out + rest
}

/// Where the first key begins.
fn first_key(text: &str) -> Option<usize> {
    let pieces = [is_base64 as fn(char) -> bool, is_base64_of_urls];
    let pieces = pieces.into_iter().flat_map(|alphabet| runs(text, alphabet));
    let pieces = pieces.filter(|(_, run)| looks_random(run));
    let hex = runs(text, |c| is_base64(c) || is_base64_of_urls(c)).filter(|(_, run)| is_hex(run));
    // A file may have such a name, and has an extension then.
    let is_name = |at: usize| {
        let after = text[at..].strip_prefix('.');
        after.is_some_and(|after| after.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let found = pieces.chain(hex).filter(|(at, run)| run.len() >= SHORTEST_PIECE && !is_name(at + run.len()));
    found.map(|(at, _)| at).chain(first_label(text)).min()
}

/// Where PEM begins; a message of ours may speak of it.
fn first_label(text: &str) -> Option<usize> {
    let is_spoken_of = |at: usize| text[at + BEGIN.len()..].starts_with(" ...");
    text.match_indices(BEGIN).map(|(at, _)| at).find(|at| !is_spoken_of(*at))
}

/// What a value holds, if it is no name of a file.
fn found_in(value: &str) -> Option<&'static str> {
    let value = value.trim();
    let is_too_long = value.split('/').any(|name| name.len() > LONGEST_NAME);
    let is_contents = value.starts_with("-----")
        || value.contains(['\n', '\r'])
        || !value.contains('.') && BASE64_OF.iter().any(|begin| value.starts_with(begin))
        || is_too_long
        || first_key(value).is_some();
    kind_of_pem(value).or(is_contents.then_some(KEY))
}

fn kind_of_pem(text: &str) -> Option<&'static str> {
    let (_, label) = text.split_once(BEGIN)?;
    Some(if label.trim_start().starts_with("CERTIFICATE") { "certificate" } else { KEY })
}

/// The longest pieces of `text` that are of one alphabet, and where they begin.
fn runs(text: &str, alphabet: impl Fn(char) -> bool) -> impl Iterator<Item = (usize, &str)> {
    let pieces = text.split(move |c| !alphabet(c));
    pieces.map(|piece| (piece.as_ptr() as usize - text.as_ptr() as usize, piece))
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=".contains(c)
}

fn is_base64_of_urls(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_=".contains(c)
}

fn is_hex(run: &str) -> bool {
    run.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What may stand in a key of several lines, also where their ends are spelled out.
fn is_around_keys(c: char) -> bool {
    is_base64(c) || is_base64_of_urls(c) || c.is_whitespace() || c == '\\' || c == '…'
}

/// Whether capitals, small letters and digits take turns as they do in no name: not in words, and not in UUIDs.
fn looks_random(run: &str) -> bool {
    let count = |is: fn(&u8) -> bool| run.bytes().filter(is).count();
    let class = |byte: u8| (byte.is_ascii_uppercase(), byte.is_ascii_lowercase(), byte.is_ascii_digit());
    let is_turn =
        |pair: &&[u8]| pair.iter().all(u8::is_ascii_alphanumeric) && class(pair[0]) != class(pair[1]);
    let turns = run.as_bytes().windows(2).filter(is_turn).count();
    let are_mixed = count(u8::is_ascii_uppercase).min(count(u8::is_ascii_lowercase)) >= run.len() / 8;
    are_mixed && turns >= run.len() / 3
}

fn refusal(option: Option<&str>, found: &str) -> UsageError {
    UsageError(match option {
        Some(option @ ("--key" | "--cert" | "--ca-file")) => {
            format!("{option} holds a {found}, not the name of a file")
        }
        Some(option) => format!("{option} holds a {found}"),
        None => format!("an argument holds a {found}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: &str = "MHcCAQEEIIb0/q5rVnmyDBBXWcWAvqS+0m9nHk3z";

    #[test]
    fn commands_may_hold_pem_and_files_may_have_long_names() {
        let arguments = ["-c", "create-job J {\"ca\":\"-----BEGIN CERTIFICATE-----\"}"].map(str::to_owned);
        assert_eq!(refuse_pem(&arguments), Ok(()));
        let hex = "3b1c9f".repeat(12);
        for name in [
            &format!("/home/{}/key", "me/".repeat(40)),
            &format!("certs/{hex}-private.pem.key"),
            &format!("/builds/{hex}/{hex}.pem"),
            "/home/Me/Projects2026/AwsIotCertificates/Device17/Key",
            "report-7d444840-9dc0-11d1-b245-5ffdce74fad2",
            "the-key-of-the-device-that-stands-in-the-hall-of-the-house",
        ] {
            assert_eq!(found_in(name), None, "{name}");
            assert!(!without_keys(name).contains('…'), "{name}");
        }
    }

    #[test]
    fn a_message_is_told_without_the_keys_in_it() {
        for (message, told) in [
            (format!("value '{PIECE}' for '--timeout'"), "value '…' for '--timeout'"),
            (format!("not \"{PIECE}\\n{PIECE}\\nshort==\""), "not \"…\""),
            (format!("no {PIECE}\n{PIECE}\nshort==: No such file"), "no …: No such file"),
            (format!("argument '{BEGIN} KEY-----\nMHc\n' found"), "argument '…' found"),
            (format!("it's '{}'", "30770201".repeat(8)), "it's '…'"),
        ] {
            assert_eq!(without_keys(&message), told);
        }
    }
}
