//! What a handler says of its job execution: status details while it runs, and its end.

use std::collections::{BTreeMap, VecDeque};
use std::process::ExitStatus;

use serde_json::value::RawValue;

use crate::app::output::escape::{excerpt, is_unsafe};
use crate::app::processes::end;
use crate::client::executor::{MAX_STATUS_DETAILS, Outcome, RESUMED, Stop, Verdict};
use crate::wire::model::StatusDetails;

/// How a line begins that holds status details.
pub(super) const MARK: &str = "::status ";

/// How many bytes such a line may have, the longest names and values with room to spare.
pub(super) const MAX_MARKED_LINE: usize = 64 * 1024;

/// How many characters AWS takes of a name and of a value.
const MAX_NAME: usize = 128;
const MAX_VALUE: usize = 1024;

/// The exit codes that stand for something.
const REJECTED: i32 = 64;
const UNFINISHED: i32 = 75;

/// The status details of a line behind [`MARK`], as the service takes them.
///
/// # Errors
/// What is wrong with them.
pub(super) fn parse(json: &str, kept: &StatusDetails) -> Result<StatusDetails, String> {
    let members: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(json).map_err(|_| "it is not a JSON object on one line".to_owned())?;
    let mut details = StatusDetails::new();
    for (name, value) in members {
        let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
        if !(1..=MAX_NAME).contains(&name.len()) || !name.chars().all(is_of_a_name) {
            let name = excerpt(&name, 40);
            return Err(format!("the name {name:?} is not 1 to 128 characters of [a-zA-Z0-9:_-]"));
        }
        let value = text_of(value.get()).ok_or_else(|| format!("{name} is no string, number or boolean"))?;
        if !(1..=MAX_VALUE).contains(&value.chars().count()) {
            return Err(format!("{name} must have 1 to 1,024 characters"));
        }
        if value.contains(char::is_control) {
            return Err(format!("{name} has control characters"));
        }
        details.insert(name, value);
    }
    let is_marked = kept.contains_key(RESUMED) && !details.contains_key(RESUMED);
    let pairs = details.len() + usize::from(is_marked);
    if pairs > MAX_STATUS_DETAILS {
        let marked = if is_marked { format!(", {RESUMED:?} among them") } else { String::new() };
        return Err(format!("there may be {MAX_STATUS_DETAILS} status details, not {pairs}{marked}"));
    }
    Ok(details)
}

/// What the JSON of a string, a number or a boolean says.
fn text_of(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(json.to_owned()),
    }
}

/// What the end of a handler means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) outcome: Outcome,
    /// What tells of it and finds no room beside what the handler has reported itself.
    pub(super) left_out: Vec<(&'static str, String)>,
}

impl From<Verdict> for Meaning {
    fn from(verdict: Verdict) -> Self {
        Self { outcome: verdict.into(), left_out: Vec::new() }
    }
}

/// What the end of a handler means, told to stop or not; `kept` is what the service has of status details.
pub(super) fn meaning(
    ended: ExitStatus,
    stopped: Option<Stop>,
    stderr: String,
    kept: &StatusDetails,
) -> Meaning {
    match ended.code() {
        Some(0) => Verdict::Succeeded.into(),
        Some(REJECTED) => Verdict::Rejected.into(),
        Some(UNFINISHED) => Verdict::Unfinished.into(),
        _ if stopped == Some(Stop::Shutdown) => Verdict::Unfinished.into(),
        code => {
            let exit_code = code.map(|code| ("exitCode", code.to_string()));
            let signal = end::signal(ended).map(|signal| ("signal", signal));
            let stderr = Some(("stderr", stderr)).filter(|(_, text)| !text.is_empty());
            failed([exit_code, signal, stderr].into_iter().flatten(), kept)
        }
    }
}

/// A handler that could not be started.
pub(super) fn not_started(why: String) -> Outcome {
    failed([("reason", why)], &StatusDetails::new()).outcome
}

/// A failure with as many of these details as there is room for, the first ones first.
fn failed(further: impl IntoIterator<Item = (&'static str, String)>, kept: &StatusDetails) -> Meaning {
    let (mut status_details, mut left_out) = (StatusDetails::new(), Vec::new());
    let mut room = MAX_STATUS_DETAILS.saturating_sub(kept.len());
    for (name, value) in further {
        let takes_room = !kept.contains_key(name);
        if room > 0 || !takes_room {
            room -= usize::from(takes_room);
            status_details.insert(name.to_owned(), value);
        } else {
            left_out.push((name, value));
        }
    }
    Meaning { outcome: Outcome { verdict: Verdict::Failed, status_details }, left_out }
}

/// The last bytes of a stream.
#[derive(Debug, Default)]
pub(super) struct Tail(VecDeque<u8>);

impl Tail {
    /// How many bytes the characters of a value can have.
    const KEPT: usize = MAX_VALUE * 4;

    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.0.extend(&chunk[chunk.len().saturating_sub(Self::KEPT)..]);
        self.0.drain(..self.0.len().saturating_sub(Self::KEPT));
    }

    /// Its last characters as the value of a status detail, on one line.
    pub(super) fn text(&self) -> String {
        let (first, second) = self.0.as_slices();
        let bytes = [first, second].concat();
        let text = String::from_utf8_lossy(&bytes).replace(is_unsafe, " ");
        let text = text.trim();
        let skipped = text.chars().count().saturating_sub(MAX_VALUE);
        text.chars().skip(skipped).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    fn details(pairs: &[(&str, &str)]) -> StatusDetails {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn many(count: usize) -> StatusDetails {
        (0..count).map(|number| (format!("n{number}"), "1".to_owned())).collect()
    }

    fn parsed(json: &str) -> Result<StatusDetails, String> {
        parse(json, &StatusDetails::new())
    }

    #[test]
    fn strings_numbers_and_booleans_become_text_as_they_are_spelled() {
        let expected = details(&[
            ("a", "x\u{e9}\u{1f600}"),
            ("b:_-9", "1.50"),
            ("c", "true"),
            ("d", "10000000000000000001"),
        ]);
        let json = r#"{"a":"x\u00e9\ud83d\ude00", "b:_-9":1.50,"c":true,"d":10000000000000000001} "#;
        assert_eq!(parsed(json), Ok(expected));
        assert_eq!(parsed("{}"), Ok(StatusDetails::new()));
        assert_eq!(parsed(&format!(r#"{{"a":"{}"}}"#, "é".repeat(1024))).unwrap()["a"].chars().count(), 1024);
        assert_eq!(parsed(&serde_json::to_string(&many(10)).unwrap()), Ok(many(10)));
    }

    #[test]
    fn what_the_service_would_not_take_is_told_in_one_line() {
        let long = format!(r#"{{"a":"{}"}}"#, "é".repeat(1025));
        let eleven = serde_json::to_string(&many(11)).unwrap();
        for (json, why) in [
            ("", "it is not a JSON object on one line"),
            ("[1]", "it is not a JSON object on one line"),
            (r#"{"a":1"#, "it is not a JSON object on one line"),
            (r#"{"a":null}"#, "a is no string, number or boolean"),
            (r#"{"a":{}}"#, "a is no string, number or boolean"),
            (r#"{"a":""}"#, "a must have 1 to 1,024 characters"),
            (&long, "a must have 1 to 1,024 characters"),
            (r#"{"a":"x\u0007"}"#, "a has control characters"),
            (r#"{"":"x"}"#, r#"the name "" is not 1 to 128 characters of [a-zA-Z0-9:_-]"#),
            (r#"{"a b":"x"}"#, r#"the name "a b" is not 1 to 128 characters of [a-zA-Z0-9:_-]"#),
            (&eleven, "there may be 10 status details, not 11"),
        ] {
            assert_eq!(parsed(json), Err(why.to_owned()), "{json}");
        }
        let resumed = details(&[(RESUMED, "1")]);
        let ten = parse(&serde_json::to_string(&many(10)).unwrap(), &resumed);
        assert_eq!(ten, Err(r#"there may be 10 status details, not 11, "resumed" among them"#.to_owned()));
    }

    #[test]
    fn an_exit_code_stands_for_a_verdict() {
        let none = StatusDetails::new();
        let of = |raw, stopped| meaning(ExitStatus::from_raw(raw), stopped, "why".to_owned(), &none).outcome;
        assert_eq!(of(0, None), Verdict::Succeeded.into());
        assert_eq!(of(64 << 8, Some(Stop::Shutdown)), Verdict::Rejected.into());
        assert_eq!(of(75 << 8, None), Verdict::Unfinished.into());
        assert_eq!(of(15, Some(Stop::Shutdown)), Verdict::Unfinished.into());
        let failed = |pairs: &[_]| Outcome { verdict: Verdict::Failed, status_details: details(pairs) };
        assert_eq!(of(3 << 8, None), failed(&[("exitCode", "3"), ("stderr", "why")]));
        assert_eq!(of(9, Some(Stop::Gone)), failed(&[("signal", "SIGKILL"), ("stderr", "why")]));
    }

    #[test]
    fn there_are_never_more_details_than_the_service_takes() {
        let of = |kept: &StatusDetails, stderr: &str| {
            let Meaning { outcome, left_out } =
                meaning(ExitStatus::from_raw(256), None, stderr.to_owned(), kept);
            (outcome.status_details, left_out.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
        };
        assert_eq!(of(&many(10), "why"), (StatusDetails::new(), vec!["exitCode", "stderr"]));
        assert_eq!(of(&many(9), "why"), (details(&[("exitCode", "1")]), vec!["stderr"]));
        assert_eq!(of(&many(8), ""), (details(&[("exitCode", "1")]), vec![]));
        let full: StatusDetails = many(9).into_iter().chain(details(&[("stderr", "old")])).collect();
        assert_eq!(of(&full, "why"), (details(&[("stderr", "why")]), vec!["exitCode"]));
    }

    #[test]
    fn the_tail_of_a_stream_is_a_value() {
        let mut tail = Tail::default();
        assert_eq!(tail.text(), "");
        tail.push(b"\n \x1b[2J\tone\r\ntwo\n");
        assert_eq!(tail.text(), "[2J one  two");
        tail.push("é".repeat(5000).as_bytes());
        tail.push(b"end\n");
        let text = tail.text();
        assert_eq!((text.chars().count(), text.ends_with("éend")), (1024, true));
        tail.push(&[0xff; 10_000]);
        assert_eq!(tail.text(), "\u{fffd}".repeat(1024));
    }
}
