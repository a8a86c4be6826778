//! From the words to the fault.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::check::{alternatives, check};
use super::code::Code;
use super::definition::{Chance, Fault};
use super::kind::{KINDS, Kind};
use super::on::{MESSAGES, On};
use super::pattern::Pattern;
use super::reason::{Packet, Reason};
use crate::wire::model::JobExecutionStatus;

/// How many bytes the words of a fault may have.
const LONGEST: usize = 1000;

const LONGEST_DELAY: Duration = Duration::from_mins(10);

/// Why words are no fault: one line, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidFault(String);

impl FromStr for Fault {
    type Err = InvalidFault;

    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        read(text).map_err(InvalidFault)
    }
}

fn read(text: &str) -> Result<Fault, String> {
    if text.len() > LONGEST {
        return Err(format!("a fault has at most {LONGEST} bytes"));
    }
    if text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
        return Err("a fault has no control characters".to_owned());
    }
    let mut words = text.split_whitespace();
    let kind = words.next().ok_or("a fault begins with its kind, such as drop-answer")?;
    let mut options = Options::read(words)?;
    let status = |word: &str| {
        let statuses = JobExecutionStatus::ALL.map(JobExecutionStatus::as_str);
        word.parse().map_err(|_| format!("--status is {}, not {}", alternatives(&statuses), quoted(word)))
    };
    let name_error = |option: &str, why: &dyn std::fmt::Display, word: &str| {
        format!("{option}: {why}, not {}", quoted(word))
    };
    let on = |word: &str| {
        let known = alternatives(&MESSAGES);
        let unknown =
            || format!("--on is {known}, or an operation of the API such as CreateJob, not {}", quoted(word));
        On::find(word).ok_or_else(unknown)
    };
    let fault = Fault {
        kind: read_kind(kind)?,
        on: options.take("--on", on)?,
        thing: options
            .take("--thing", |word| word.parse().map_err(|why| name_error("--thing", &why, word)))?,
        client_id: options.take("--client-id", |word| Ok(Pattern::new(word)))?,
        job: options.take("--job", |word| word.parse().map_err(|why| name_error("--job", &why, word)))?,
        status: options.take("--status", status)?,
        times: options.times()?,
        after: options.take("--after", |word| number("--after", word, 0..=1_000_000))?.unwrap_or(0),
        chance: options.chance()?,
    };
    if let Some((option, _)) = options.0.first() {
        return Err(format!("a fault has no option {}: it has {}", quoted(option), alternatives(&OPTIONS)));
    }
    check(&fault)?;
    Ok(fault)
}

const OPTIONS: [&str; 10] = [
    "--on",
    "--thing",
    "--client-id",
    "--job",
    "--status",
    "--times",
    "--always",
    "--after",
    "--chance",
    "--seed",
];

const ALWAYS: &str = "--always";

/// What has yet to be read, each option once.
struct Options<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Options<'a> {
    fn read(mut words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut options: Vec<(&str, &str)> = Vec::new();
        while let Some(word) = words.next() {
            if !word.starts_with("--") {
                return Err(format!("{} does not belong there: options begin with --", quoted(word)));
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            let value = if name == ALWAYS {
                if value.is_some() {
                    return Err(format!("{ALWAYS} takes no value"));
                }
                ""
            } else {
                let value = value.or_else(|| words.next()).filter(|value| !value.is_empty());
                value
                    .filter(|value| !value.starts_with("--"))
                    .ok_or_else(|| format!("{} needs a value", quoted(name)))?
            };
            if options.iter().any(|(given, _)| *given == name) {
                return Err(format!("{} is given twice", quoted(name)));
            }
            options.push((name, value));
        }
        Ok(Self(options))
    }

    fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let at = self.0.iter().position(|(given, _)| *given == name);
        at.map(|at| read(self.0.remove(at).1)).transpose()
    }

    fn times(&mut self) -> Result<Option<NonZeroU32>, String> {
        let always = self.take(ALWAYS, |_| Ok(()))?.is_some();
        let times = self.take("--times", |word| number("--times", word, 1..=1_000_000))?;
        match (always, times) {
            (true, Some(_)) => Err("--times and --always exclude each other".to_owned()),
            (true, None) => Ok(None),
            (false, times) => Ok(times.map_or(Some(NonZeroU32::MIN), NonZeroU32::new)),
        }
    }

    fn chance(&mut self) -> Result<Option<Chance>, String> {
        let percent = self.take("--chance", |word| {
            let percent = word.strip_suffix('%').and_then(|number| number.parse().ok());
            percent
                .filter(|percent| (1..=100).contains(percent))
                .ok_or_else(|| format!("--chance is 1% to 100%, not {}", quoted(word)))
        })?;
        let seed = self.take("--seed", |word| number("--seed", word, 0..=u64::MAX))?;
        match percent {
            Some(percent) => Ok(Some(Chance { percent, seed: seed.unwrap_or(0) })),
            None if seed.is_some() => Err("--seed goes with --chance".to_owned()),
            None => Ok(None),
        }
    }
}

fn number<N: FromStr + PartialOrd + std::fmt::Display>(
    option: &str,
    word: &str,
    range: RangeInclusive<N>,
) -> Result<N, String> {
    let number = word.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let (low, high) = range.into_inner();
        format!("{option} is a whole number from {low} to {high}, not {}", quoted(word))
    })
}

fn read_kind(word: &str) -> Result<Kind, String> {
    let (name, value) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    };
    let plain = |kind: Kind| match value {
        None => Ok(kind),
        Some(_) => Err(format!("{name} takes no value")),
    };
    match name {
        "refuse" => code(value.unwrap_or_default()).map(Kind::Refuse),
        "drop-request" => plain(Kind::DropRequest),
        "drop-answer" => plain(Kind::DropAnswer),
        "drop-event" => plain(Kind::DropEvent),
        "duplicate" => plain(Kind::Duplicate),
        "delay" => delay(value.unwrap_or_default()).map(Kind::Delay),
        "corrupt" => plain(Kind::Corrupt),
        "disconnect" => match value {
            None => Ok(Kind::Disconnect(Reason::OF_DISCONNECT)),
            Some(value) => reason(name, value, Packet::Disconnect).map(Kind::Disconnect),
        },
        "reset" => plain(Kind::Reset),
        "silence" => plain(Kind::Silence),
        "takeover" => plain(Kind::Takeover),
        "no-connack" => plain(Kind::NoConnack),
        "refuse-connect" => reason(name, value.unwrap_or_default(), Packet::Connack).map(Kind::RefuseConnect),
        "no-puback" => plain(Kind::NoPuback),
        _ => {
            let kinds = KINDS.map(|kind| kind.trim_end_matches('='));
            Err(format!("a fault is {}, not {}", alternatives(&kinds), quoted(word)))
        }
    }
}

fn code(word: &str) -> Result<Code, String> {
    Code::find(word).ok_or_else(|| {
        format!(
            "refuse= takes a code such as RequestThrottled for a request over MQTT, NotAuthorized for a SUBSCRIBE or \
             PUBLISH, ThrottlingException or a status from 400 to 599 for a call over HTTP, not {}",
            quoted(word)
        )
    })
}

fn reason(kind: &str, word: &str, packet: Packet) -> Result<Reason, String> {
    Reason::find(word, &[packet]).ok_or_else(|| {
        let reasons: Vec<String> = Reason::all_in(packet).map(|reason| reason.to_string()).collect();
        format!("{kind}= takes {}, not {}", alternatives(&reasons), quoted(word))
    })
}

fn delay(word: &str) -> Result<Duration, String> {
    let delay = humantime::parse_duration(word).ok();
    delay
        .filter(|delay| (Duration::from_millis(1)..=LONGEST_DELAY).contains(delay))
        .ok_or_else(|| format!("delay= takes 1ms to 10m, such as delay=2s, not {}", quoted(word)))
}

/// A word as messages quote it, safe and short.
fn quoted(word: &str) -> String {
    let mut shown: String = word.chars().take(40).flat_map(char::escape_debug).collect();
    if word.chars().nth(40).is_some() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}
