//! From the text of a command to a [`Command`].

use super::arguments::{ArgumentValue, ParsedArguments};
use super::error::{ParseError, Usage};
use super::line::{Command, Deferred, JobDocument, Line, MAX_COMMAND_BYTES};
use super::names::{self, Names};
use super::nearest::{elsewhere, nearest, nearest_command};
use super::place::Place;
use super::reader::Reader;
use super::spec::{Argument, Count, Flag, Positionals, Shape, Spec};
use super::table;
use super::values::{ValueError, read};
use crate::app::output::escape;

/// Reads one command, whatever its names stand for; `None` for a blank line or a comment.
pub(crate) fn parse(text: &str) -> Result<Option<Line>, ParseError> {
    parse_with(text, &names::ANY)
}

/// Reads one command, with values in the place of names; `None` for a blank line or a comment.
pub(crate) fn parse_with(text: &str, names: &Names) -> Result<Option<Line>, ParseError> {
    if text.len() > MAX_COMMAND_BYTES {
        return Err(ParseError::TooLong);
    }
    let mut reader = Reader::new(text, names);
    let rest = reader.rest();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(None);
    }
    let negated = rest.starts_with('!');
    if negated {
        reader.advance(1);
    }
    let word = reader.word();
    if word.is_empty() {
        return Err(ParseError::Negation);
    }
    let Some(spec) = table::find(word) else {
        return Err(match elsewhere(word) {
            Some(command) => ParseError::Elsewhere { command },
            None => {
                ParseError::UnknownCommand { word: escape::excerpt(word, 40), nearest: nearest_command(word) }
            }
        });
    };
    let mut arguments = ParsedArguments::default();
    fill(spec, &mut reader, &mut arguments).map_err(|problem| match problem {
        ValueError::Unfinished => ParseError::Unfinished(Usage(spec)),
        ValueError::Invalid(problem) => {
            let place = reader.fault().map(|at| Place::new(text, at));
            let line = place.as_ref().map_or_else(String::new, Place::line_note);
            ParseError::Arguments { command: Usage(spec), problem: problem + &line, place }
        }
    })?;
    let refuse = |problem| ParseError::Arguments { command: Usage(spec), problem, place: None };
    let until = if spec.can_wait() { arguments.until().map_err(refuse)? } else { None };
    if negated && until.is_some() {
        let problem = "! does not go with --until; to wait for a refusal: --until refused";
        return Err(refuse(problem.to_owned()));
    }
    let command = (spec.build)(&mut arguments);
    if reader.has_names() && matches!(command, Command::Test(_) | Command::Include(_)) {
        let problem = "what it names stands in the script as it is, without {{NAME}}".to_owned();
        return Err(ParseError::Arguments { command: Usage(spec), problem, place: None });
    }
    if let Some(problem) = arguments.contradiction.take() {
        return Err(refuse(problem));
    }
    debug_assert!(arguments.is_used_up(), "{} ignores what it declares: {arguments:?}", spec.name);
    let can_be_refused = !spec.operations.is_empty() || !spec.refusals.is_empty();
    if negated && !can_be_refused && !matches!(command, Command::Expect(_)) {
        return Err(ParseError::Negation);
    }
    Ok(Some(Line { negated, command, has_names: reader.has_names(), name: spec.name, until }))
}

/// Reads the command that is to be carried out when a test ends.
fn deferred(reader: &mut Reader<'_>) -> Result<ArgumentValue, ValueError> {
    let (text, names) = reader.take_rest();
    let line = match parse_with(text, names) {
        Ok(Some(line)) => line,
        Ok(None) => return Err("a command is missing".to_owned().into()),
        Err(ParseError::Unfinished(_)) => return Err(ValueError::Unfinished),
        Err(error) => return Err(error.to_string().into()),
    };
    if line.command.is_for_scripts() || line.command == Command::Quit {
        return Err("test, defer, include and quit cannot be deferred".to_owned().into());
    }
    Ok(ArgumentValue::Deferred(Box::new(Deferred { text: text.to_owned(), line })))
}

fn fill(
    spec: &'static Spec,
    reader: &mut Reader<'_>,
    arguments: &mut ParsedArguments,
) -> Result<(), ValueError> {
    let mut positionals = Positionals::new(spec);
    loop {
        let rest = reader.rest();
        if rest.is_empty() {
            break;
        } else if rest.starts_with("--") && !positionals.takes_the_rest() {
            let (word, has_value) = reader.flag();
            let flag = read_flag(spec, word)?;
            if arguments.flags.iter().any(|(name, _)| *name == flag.name) {
                return Err(format!("{} is given twice", flag.name).into());
            }
            let value = match flag.value {
                None if has_value => return Err(format!("{} takes no value", flag.name).into()),
                None => None,
                Some((_, shape)) => {
                    let begin = reader.position();
                    let next = reader.rest();
                    let is_missing =
                        if has_value { reader.position() > begin } else { next.starts_with("--") };
                    if next.is_empty() || is_missing {
                        return Err(format!("{} needs a value", flag.name).into());
                    }
                    Some(read(shape, flag.name, reader)?)
                }
            };
            arguments.flags.push((flag.name, value));
        } else if let Some(argument) = positionals.next() {
            let value = match argument.shape {
                Shape::Command => deferred(reader)?,
                shape => read(shape, argument.name, reader)?,
            };
            arguments.positionals.push_back(value);
        } else {
            let extra = escape::excerpt(reader.word(), 40);
            let note = match arguments.positionals.back() {
                _ if extra.starts_with('#') => " (a comment needs a line of its own)".to_owned(),
                Some(ArgumentValue::Document(JobDocument::File(path))) => {
                    let path = escape::excerpt(&path.display().to_string(), 80);
                    format!(" (a name with spaces goes into quotes: \"file://{path} {extra}\")")
                }
                _ => String::new(),
            };
            return Err(format!("extra argument \"{extra}\"{note}").into());
        }
    }
    let is_missing = |argument: &&Argument| match argument.count {
        Count::One => true,
        Count::OneUnless(options) => !arguments.flags.iter().any(|(name, _)| options.contains(name)),
        Count::Optional | Count::Any => false,
    };
    match positionals.remaining().iter().find(is_missing) {
        Some(missing) => Err(format!("{} is missing", missing.name).into()),
        None => Ok(()),
    }
}

fn read_flag(spec: &'static Spec, word: &str) -> Result<&'static Flag, String> {
    spec.flags.iter().find(|flag| flag.name == word).ok_or_else(|| {
        let word_shown = escape::excerpt(word, 40);
        match nearest(word, spec.flags.iter().map(|flag| flag.name)) {
            Some(near) => format!("unknown option \"{word_shown}\", did you mean {near}?"),
            None => format!("unknown option \"{word_shown}\""),
        }
    })
}

#[cfg(test)]
mod tests;
