//! From the text of an argument or option to its value, by the shape that the table gives it.

use std::time::Duration;

use super::arguments::ArgumentValue;
use super::expectation::Predicate;
use super::line::{JobDocument, Payload};
use super::member_path::MemberPath;
use super::names::{Expanded, check_name};
use super::nearest::{did_you_mean, nearest, nearest_command};
use super::reader::{JsonError, Reader};
use super::spec::{CommandGroup, Shape};
use super::table;
use super::until::Goal;
use crate::app::output::escape;
use crate::app::output::known_names::Named;
use crate::client::control_plane::EventConfigurations;
use crate::wire::model::{JobId, JobTemplateId, StatusDetails, ThingGroupName, ThingName};
use crate::wire::topic_names::{filter_fault, topic_fault};

/// How a job document that is in a file begins.
const FILE: &str = "file://";

/// Why a text is not a valid value.
pub(super) enum ValueError {
    /// Its JSON is incomplete.
    Unfinished,
    Invalid(String),
}

impl From<String> for ValueError {
    fn from(problem: String) -> Self {
        Self::Invalid(problem)
    }
}

impl From<JsonError> for ValueError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Unfinished => Self::Unfinished,
            JsonError::Invalid(problem) => Self::Invalid(problem),
        }
    }
}

/// Reads one value; `name` is the argument's or option's name, for error messages.
pub(super) fn read(shape: Shape, name: &str, reader: &mut Reader<'_>) -> Result<ArgumentValue, ValueError> {
    match shape {
        Shape::Document if !reader.rest().starts_with(FILE) => {
            return document("the job document", reader)
                .map(|(document, _)| ArgumentValue::Document(document));
        }
        Shape::EventConfigurations => return event_configurations(name, reader),
        Shape::Json if !reader.rest().starts_with(FILE) => {
            return document(name, reader).map(|(document, _)| ArgumentValue::Document(document));
        }
        Shape::Payload if begins_json(reader, &['{', '[', '"']) => {
            return payload(&read_json("the payload", reader)?).map(ArgumentValue::Payload);
        }
        Shape::Details => {
            let json = read_json(name, reader)?;
            return match serde_json::from_str(&json.text) {
                _ if !json.is_known => Ok(ArgumentValue::Details(StatusDetails::default())),
                Ok(details) => Ok(ArgumentValue::Details(details)),
                Err(_) => Err(format!("{name} must be a JSON object whose values are strings").into()),
            };
        }
        Shape::Text if reader.rest().starts_with('"') => {
            return text(&read_json(name, reader)?.text).map(ArgumentValue::Text);
        }
        Shape::RestOfLine => return rest_of_line(name, reader, &['"']),
        Shape::RestOrJson => return rest_of_line(name, reader, &['{', '[', '"']),
        Shape::Predicate => return Ok(ArgumentValue::Predicate(Predicate::read(reader)?)),
        Shape::Goal => return Ok(ArgumentValue::Goal(Goal::read(reader)?)),
        _ => {}
    }
    let word = reader.value()?;
    match stand_in(shape) {
        Some(value) if !word.is_known => Ok(value),
        _ => read_word(shape, name, &word.text).map_err(ValueError::Invalid),
    }
}

/// What stands for a value that is not known yet; none for one that must stand in the script.
fn stand_in(shape: Shape) -> Option<ArgumentValue> {
    Some(match shape {
        Shape::Job | Shape::NewJob => ArgumentValue::Job("J".parse().ok()?),
        Shape::JobOrNext => ArgumentValue::JobOrNext("J".parse().ok()?),
        Shape::Thing => ArgumentValue::Thing("T".parse().ok()?),
        Shape::Document | Shape::Json => ArgumentValue::Document(JobDocument::Json("{}".to_owned())),
        Shape::Targets => ArgumentValue::Targets(Vec::new()),
        Shape::Named(_) | Shape::NewNamed(_) => ArgumentValue::Text("N".to_owned()),
        Shape::Payload => ArgumentValue::Payload(Payload::Text(String::new())),
        Shape::Filter | Shape::Topic => ArgumentValue::Text("t".to_owned()),
        Shape::OneOf(words) => ArgumentValue::Choice(words[0]),
        Shape::Number(low, _) => ArgumentValue::Number(low),
        Shape::StepTimeout => ArgumentValue::Number(1),
        Shape::Duration | Shape::Advance => ArgumentValue::Duration(Duration::ZERO),
        Shape::Text | Shape::Suggested(_) => ArgumentValue::Text(String::new()),
        Shape::Title
        | Shape::HelpTopic
        | Shape::NewName
        | Shape::Path
        | Shape::Details
        | Shape::EventConfigurations
        | Shape::Predicate
        | Shape::Goal
        | Shape::Command
        | Shape::RestOfLine
        | Shape::RestOrJson => return None,
    })
}

/// All that is left of the line, as it stands; or JSON that begins so, of which a string stands for its text.
fn rest_of_line(name: &str, reader: &mut Reader<'_>, json: &[char]) -> Result<ArgumentValue, ValueError> {
    let value = if begins_json(reader, json) {
        let json = read_json(name, reader)?;
        if json.text.starts_with('"') { Expanded { text: text(&json.text)?.into(), ..json } } else { json }
    } else {
        reader.all()?
    };
    Ok(ArgumentValue::RestOfLine(value.is_known.then(|| value.text.into_owned())))
}

/// Whether what comes next is JSON that begins so, and not a name.
fn begins_json(reader: &mut Reader<'_>, json: &[char]) -> bool {
    reader.rest().starts_with(json) && !reader.rest().starts_with("{{")
}

/// The text that a JSON string stands for.
fn text(json: &str) -> Result<String, ValueError> {
    serde_json::from_str(json)
        .map_err(|_| "a part of a character (\\u with D8 to DF) is no text".to_owned().into())
}

fn read_word(shape: Shape, name: &str, word: &str) -> Result<ArgumentValue, String> {
    let shown = || escape::excerpt(word, 80);
    let not_in = |low: i64, high: i64| {
        format!("{name} must be a whole number from {low} to {high}, not \"{}\"", shown())
    };
    Ok(match shape {
        Shape::Job if word == "$next" => {
            return Err("$next is for describe-job-execution, which shows the id to use here".to_owned());
        }
        Shape::Job | Shape::NewJob => {
            ArgumentValue::Job(word.parse().map_err(|error| format!("{error}, not \"{}\"", shown()))?)
        }
        Shape::JobOrNext => ArgumentValue::JobOrNext(
            word.parse().map_err(|error| format!("{error}, or $next, not \"{}\"", shown()))?,
        ),
        Shape::Thing => {
            ArgumentValue::Thing(word.parse().map_err(|error| format!("{error}, not \"{}\"", shown()))?)
        }
        Shape::Document | Shape::Json => {
            ArgumentValue::Document(file(word.strip_prefix(FILE).unwrap_or_default())?)
        }
        Shape::Named(named) | Shape::NewNamed(named) => {
            let checked = match named {
                Named::Job => word.parse::<JobId>().map(drop),
                Named::JobTemplate => word.parse::<JobTemplateId>().map(drop),
                Named::Thing => word.parse::<ThingName>().map(drop),
                Named::ThingGroup => word.parse::<ThingGroupName>().map(drop),
            };
            checked.map_err(|error| format!("{error}, not \"{}\"", shown()))?;
            ArgumentValue::Text(word.to_owned())
        }
        Shape::Targets => ArgumentValue::Targets(targets(name, word)?),
        Shape::OneOf(words) => match words.iter().find(|choice| **choice == word) {
            Some(choice) => ArgumentValue::Choice(choice),
            None => return Err(not_one_of(words, word)),
        },
        Shape::Number(low, high) => match word.parse() {
            Ok(number) if (low..=high).contains(&number) => ArgumentValue::Number(number),
            _ if high == i64::MAX => {
                return Err(format!("{name} must be a whole number from {low} on, not \"{}\"", shown()));
            }
            _ => return Err(not_in(low, high)),
        },
        Shape::StepTimeout => match word.parse() {
            Ok(number) if number == -1 || (1..=10_080).contains(&number) => ArgumentValue::Number(number),
            _ => return Err(format!("{}, or -1 for none", not_in(1, 10_080))),
        },
        Shape::Duration => ArgumentValue::Duration(duration(word)?),
        Shape::Advance => match word.strip_prefix('+') {
            Some(amount) => ArgumentValue::Duration(duration(amount)?),
            None if word == NEXT => ArgumentValue::Choice(NEXT),
            None => return Err(format!("the clock only goes forward, such as +10m, not \"{}\"", shown())),
        },
        Shape::Title => ArgumentValue::Text(title(word)?),
        Shape::HelpTopic if word == SCRIPT => ArgumentValue::Choice(SCRIPT),
        Shape::HelpTopic => match table::find(word) {
            Some(spec) => ArgumentValue::Choice(spec.name),
            None if let Some(group) = CommandGroup::ALL.into_iter().find(|group| group.topic() == word) => {
                ArgumentValue::Choice(group.topic())
            }
            None => {
                return Err(format!(
                    "there is no command \"{}\"{}",
                    shown(),
                    did_you_mean(nearest_command(word))
                ));
            }
        },
        Shape::NewName => {
            check_name(word)?;
            ArgumentValue::Text(word.to_owned())
        }
        Shape::Path => ArgumentValue::Path(MemberPath::parse(word)?),
        Shape::Text | Shape::Suggested(_) => ArgumentValue::Text(word.to_owned()),
        Shape::Filter | Shape::Topic => {
            let fault = if shape == Shape::Filter { filter_fault(word) } else { topic_fault(word) };
            if let Some(fault) = fault {
                return Err(format!("{name} \"{}\" {fault}", shown()));
            }
            ArgumentValue::Text(word.to_owned())
        }
        Shape::Payload => ArgumentValue::Payload(match word.strip_prefix(FILE) {
            Some(path) => payload_file(path)?,
            None => Payload::Text(word.to_owned()),
        }),
        Shape::Details
        | Shape::EventConfigurations
        | Shape::Predicate
        | Shape::Goal
        | Shape::Command
        | Shape::RestOfLine
        | Shape::RestOrJson => {
            unreachable!("they are no word")
        }
    })
}

/// Names with a comma between two.
fn targets(name: &str, word: &str) -> Result<Vec<String>, String> {
    // What a shell takes for nothing.
    if matches!(word, "" | "\"\"" | "''") {
        return Err(format!("{name} is empty: name things or thing groups, as in {name} Pumps,MyThing"));
    }
    let targets: Vec<_> = word.split(',').map(str::to_owned).collect();
    if targets.iter().any(String::is_empty) {
        let shown = escape::excerpt(word, 80);
        return Err(format!("{name} needs names with one comma between two, not \"{shown}\""));
    }
    Ok(targets)
}

/// Reads a document: JSON, and whether all of it is known, or a string that names a file, so that its name can hold
/// spaces.
fn document(what: &str, reader: &mut Reader<'_>) -> Result<(JobDocument, bool), ValueError> {
    let word = reader.clone().word();
    let begin = reader.position();
    let json = read_json(what, reader).map_err(|problem| match problem {
        ValueError::Invalid(problem) => {
            let at_start = reader.fault().is_some_and(|fault| fault <= begin);
            ValueError::Invalid(if at_start { not_a_document(what, word, problem) } else { problem })
        }
        ValueError::Unfinished => ValueError::Unfinished,
    })?;
    let (json, is_known) = (json.text, json.is_known);
    let text = if json.starts_with('"') { serde_json::from_str::<String>(&json).ok() } else { None };
    match text.as_deref().and_then(|text| text.strip_prefix(FILE)) {
        Some(path) => Ok((file(path)?, is_known)),
        None => Ok((JobDocument::Json(json.into_owned()), is_known)),
    }
}

/// Reads the configurations of events: those in a file are looked at later.
fn event_configurations(name: &str, reader: &mut Reader<'_>) -> Result<ArgumentValue, ValueError> {
    if reader.rest().starts_with(FILE) {
        let word = reader.value()?;
        return Ok(ArgumentValue::Document(file(word.text.strip_prefix(FILE).unwrap_or_default())?));
    }
    let (document, is_known) = document(name, reader)?;
    if let JobDocument::Json(json) = &document
        && is_known
    {
        json.parse::<EventConfigurations>().map_err(|problem| format!("{name} {problem}"))?;
    }
    Ok(ArgumentValue::Document(document))
}

/// The payload that JSON stands for: itself, a string for its text or for a file.
fn payload(json: &Expanded<'_>) -> Result<Payload, ValueError> {
    if !json.text.starts_with('"') {
        return Ok(Payload::Text(json.text.to_string()));
    }
    let text = text(&json.text)?;
    Ok(match text.strip_prefix(FILE) {
        Some(path) => payload_file(path)?,
        None => Payload::Text(text),
    })
}

fn payload_file(path: &str) -> Result<Payload, String> {
    if path.is_empty() { Err("file:// needs a path".to_owned()) } else { Ok(Payload::File(path.into())) }
}

fn file(path: &str) -> Result<JobDocument, String> {
    if path.is_empty() { Err("file:// needs a path".to_owned()) } else { Ok(JobDocument::File(path.into())) }
}

/// What was probably meant by a word that does not even begin like JSON.
fn not_a_document(what: &str, word: &str, problem: String) -> String {
    let not_json = format!("{what} is not JSON");
    let shown = |text: &str| escape::excerpt(text, 40);
    if !word.starts_with(|c: char| c.is_alphanumeric() || "./~@_".contains(c)) {
        problem
    } else if let Some((name, value)) = word.split_once('=') {
        format!("{not_json}: a member is written {{\"{}\": \"{}\"}}", shown(name), shown(value))
    } else if word.contains(['.', '/']) {
        let path = word.trim_start_matches('@');
        format!("{not_json}: a file is named file://{}", shown(path))
    } else {
        format!("{problem} (a file is named file://path)")
    }
}

fn read_json<'a>(what: &str, reader: &mut Reader<'a>) -> Result<Expanded<'a>, ValueError> {
    reader.json().map_err(|problem| match problem {
        JsonError::Unfinished => ValueError::Unfinished,
        JsonError::Invalid(problem) => ValueError::Invalid(format!("{what} is not JSON: {problem}")),
    })
}

/// What `help` explains besides commands.
pub(super) const SCRIPT: &str = "script";

/// How far the clock goes where it is not said in time: to the next timer.
const NEXT: &str = "next";

/// The longest wait, and the furthest that the clock moves at once.
const MAX_DURATION: Duration = Duration::from_hours(10 * 366 * 24);

fn duration(word: &str) -> Result<Duration, String> {
    let shown = || escape::excerpt(word, 40);
    match humantime::parse_duration(word) {
        Ok(duration) if duration <= MAX_DURATION => Ok(duration),
        Ok(_) => Err(format!("\"{}\" is more than ten years", shown())),
        Err(_) => Err(format!("\"{}\" is no duration such as 500ms, 5s, 10m or 2h", shown())),
    }
}

fn title(word: &str) -> Result<String, String> {
    let titles: Vec<String> = table::titles().collect();
    if titles.iter().any(|title| title == word) {
        return Ok(word.to_owned());
    }
    let nearest = nearest(word, titles.iter().map(String::as_str));
    Err(format!("no message has the title \"{}\"{}", escape::excerpt(word, 80), did_you_mean(nearest)))
}

fn not_one_of(words: &'static [&'static str], word: &str) -> String {
    let nearest = nearest(&word.to_ascii_uppercase(), words.iter().copied());
    format!(
        "\"{}\" is none of {}{}",
        escape::excerpt(word, 40),
        words.join(", "),
        did_you_mean(nearest.filter(|_| words.len() > 2))
    )
}
