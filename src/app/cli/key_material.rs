//! Keys and certificates on the command line where the names of their files belong.
//!
//! A quoted `$(cat key.pem)` is easily written; the key must reach neither the terminal nor the log of a CI job.

use super::error::UsageError;

/// How PEM begins, and a word of an unquoted one too.
const BEGIN: &str = "-----BEGIN";

/// No key in base64 is shorter.
const SHORTEST_KEY: usize = 60;

/// Refuses arguments that hold PEM before anybody quotes them. Commands may hold some.
pub(super) fn refuse_pem(arguments: &[String]) -> Result<(), UsageError> {
    let mut before = "";
    for (at, argument) in arguments.iter().enumerate() {
        if argument.contains(BEGIN) && before != "-c" && !argument.starts_with("-c") {
            let option = argument.split(['=', '\n']).next().filter(|word| word.starts_with("--"));
            let option = option.filter(|option| !option.starts_with(BEGIN));
            let option = option.or(Some(before).filter(|before| before.starts_with('-')));
            // The shell may have split it into words.
            let found = found_in(&arguments[at..].join(" ")).unwrap_or(KEY);
            return Err(refusal(option, found));
        }
        before = argument;
    }
    Ok(())
}

/// Refuses contents as the value of an option that takes the name of a file.
pub(super) fn refuse_contents(option: &str, value: Option<&str>) -> Result<(), UsageError> {
    value.and_then(found_in).map_or(Ok(()), |found| Err(refusal(Some(option), found)))
}

const KEY: &str = "key";

/// What a text holds, if it is no name of a file.
fn found_in(text: &str) -> Option<&'static str> {
    let kind = text.split_once(BEGIN).map(|(_, rest)| rest.trim_start().starts_with("CERTIFICATE"));
    match kind {
        Some(true) => Some("certificate"),
        Some(false) => Some(KEY),
        None => is_der_in_base64(text).then_some(KEY),
    }
}

/// Whether a text looks like the inside of PEM, which begins with a sequence (0x30).
fn is_der_in_base64(text: &str) -> bool {
    let base64 = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') || byte.is_ascii_whitespace()
    };
    text.len() >= SHORTEST_KEY
        && text.starts_with('M')
        && text[1..].starts_with(|second| ('A'..='P').contains(&second))
        && text.bytes().all(base64)
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

    #[test]
    fn commands_may_hold_pem_and_files_may_have_long_names() {
        let arguments = ["-c", "create-job J {\"ca\":\"-----BEGIN CERTIFICATE-----\"}"].map(str::to_owned);
        assert_eq!(refuse_pem(&arguments), Ok(()));
        let long = format!("/home/{}/key", "me/".repeat(40));
        assert_eq!(refuse_contents("--key", Some(&long)), Ok(()));
    }
}
