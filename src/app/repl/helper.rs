//! What the line editor shows while a line is being typed: colors, hints and completions; and whether the
//! line is finished.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::SearchDirection;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Result};
use unicode_width::UnicodeWidthStr as _;

use super::complete;
use super::prompt::Prompt;
use crate::app::command::table::commands;
use crate::app::command::{CompletionContext, Entry, Scan, WordKind, entries, finished_entries, parse, scan};
use crate::app::output::json_text;
use crate::app::output::known_names::KnownNames;
use crate::app::output::played::Played;
use crate::app::output::style::{Style, Theme};
use crate::app::output::table::cut;

/// Longer lines get no colors and no hints, since each key would go through all of the line.
const MAX_DECORATED: usize = 20_000;

/// How many matching lines of the history are searched for one that is a valid command.
const MAX_HISTORY_MATCHES: usize = 20;

/// What stands on a line on which the JSON of the line before goes on, until something is typed.
const GOES_ON: &str = "the JSON goes on here; Ctrl-C discards it";

#[derive(Debug)]
pub(super) struct LineHelper {
    theme: Theme,
    known_names: KnownNames,
    played: Played,
    prompt: Prompt,
    /// Whether a question stands in the prompt's place.
    is_question: bool,
    line_has_text: Cell<bool>,
    /// The last text that the validator took for finished, and its commands.
    validated: RefCell<Option<(String, Vec<Entry>)>>,
    /// The columns of the terminal, and of the prompt.
    columns: (usize, usize),
}

impl LineHelper {
    pub(super) fn new(theme: Theme, known_names: KnownNames, played: Played, prompt: Prompt) -> Self {
        Self {
            theme,
            known_names,
            played,
            prompt,
            is_question: false,
            line_has_text: Cell::new(false),
            validated: RefCell::new(None),
            columns: (80, 0),
        }
    }

    /// Sets the widths of the terminal and of the prompt.
    pub(super) fn set_columns(&mut self, terminal: usize, prompt: usize) {
        self.columns = (terminal.max(1), prompt);
    }

    /// Lets a question stand in the prompt's place, or the prompt again.
    pub(super) fn set_question(&mut self, is_question: bool) {
        self.is_question = is_question;
    }

    /// Whether the line had text after the last key.
    pub(super) fn line_has_text(&self) -> bool {
        self.line_has_text.get()
    }

    /// Whether `text` is finished. Its commands are kept for [`LineHelper::take_entries`].
    fn validate_text(&self, text: &str) -> bool {
        let entries = finished_entries(text);
        let validated = entries.map(|entries| (text.to_owned(), entries));
        let is_finished = validated.is_some();
        self.validated.replace(validated);
        is_finished
    }

    /// The commands of a line that was read, parsed again only if the validator has not seen this text.
    pub(super) fn take_entries(&self, text: &str) -> Vec<Entry> {
        match self.validated.take() {
            Some((validated, entries)) if validated == text => entries,
            // Reading from memory never fails.
            _ => entries(text.as_bytes()).flatten().collect(),
        }
    }
}

impl Helper for LineHelper {}

impl Completer for LineHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        let (begun, rest) = line.split_at(position);
        let (start, mut candidates) = complete::candidates(begun, &self.known_names, &self.played);
        if rest.starts_with(' ') {
            // The space is there already.
            for candidate in &mut candidates {
                candidate.replacement.truncate(candidate.replacement.trim_end().len());
            }
        }
        Ok((start, candidates))
    }
}

/// What could come next, in gray.
pub(super) struct Suggestion {
    /// As much of it as fits the row.
    display: String,
    /// What the right arrow inserts; `None` for a placeholder.
    completion: Option<String>,
}

impl Hint for Suggestion {
    fn display(&self) -> &str {
        &self.display
    }

    fn completion(&self) -> Option<&str> {
        self.completion.as_deref()
    }
}

impl Hinter for LineHelper {
    type Hint = Suggestion;

    fn hint(&self, line: &str, position: usize, context: &Context<'_>) -> Option<Suggestion> {
        self.line_has_text.set(!line.is_empty());
        if line.trim().is_empty() || position < line.len() || line.len() > MAX_DECORATED {
            return None;
        }
        // Without colors a hint from the history would look like typed text.
        let past = || self.theme.color.then(|| from_history(line, context)).flatten();
        let scan = scan(line);
        if line.ends_with('\n') && finished_entries(line).is_none() {
            let display = cut(GOES_ON, self.columns.0 - 1, self.theme).into_owned();
            return Some(Suggestion { display, completion: None });
        }
        let (text, completes) = placeholder(&scan, line)
            .map(|text| (text, false))
            .or_else(|| Some((past().or_else(|| command_begun(&scan, line))?, true)))?;
        let (columns, prompt) = self.columns;
        let before = match line.rsplit_once('\n') {
            Some((_, last)) => last.width(),
            None => prompt + line.width(),
        };
        let room = columns - before % columns;
        Some(Suggestion {
            display: cut(&text, room - 1, self.theme).into_owned(),
            completion: completes.then_some(text),
        })
    }
}

/// The rest of the latest valid command in the history that begins with this line.
fn from_history(line: &str, context: &Context<'_>) -> Option<String> {
    let history = context.history();
    let mut before = history.len();
    for _ in 0..MAX_HISTORY_MATCHES {
        let found = history.starts_with(line, before.checked_sub(1)?, SearchDirection::Reverse).ok()??;
        let rest = found.entry.get(line.len()..)?;
        if !rest.is_empty() && !rest.contains('\n') && parse(&found.entry).is_ok() {
            return Some(rest.to_owned());
        }
        before = found.idx;
    }
    None
}

/// The remaining arguments, shown after a space.
fn placeholder(scan: &Scan, line: &str) -> Option<String> {
    let next =
        if scan.context == CompletionContext::Command { String::new() } else { scan.remaining_usage() };
    (line.ends_with(' ') && !ends_in_json(scan, line) && !next.is_empty()).then_some(next)
}

/// The rest of the only command that begins with this word.
fn command_begun(scan: &Scan, line: &str) -> Option<String> {
    let begun = &line[scan.start..];
    let mut fitting = commands().filter(|spec| spec.name.starts_with(begun));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) if scan.context == CompletionContext::Command => {
            Some(only.name[begun.len()..].to_owned())
        }
        _ => None,
    }
}

fn ends_in_json(scan: &Scan, line: &str) -> bool {
    scan.pieces.last().is_some_and(|(kind, range)| *kind == WordKind::Json && range.end == line.len())
}

impl Highlighter for LineHelper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if line.len() > MAX_DECORATED { Cow::Borrowed(line) } else { Cow::Owned(colored(line, self.theme)) }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, is_default: bool) -> Cow<'b, str> {
        if is_default && !self.is_question {
            Cow::Owned(self.prompt.redrawn(self.columns.1, self.theme))
        } else {
            Cow::Borrowed(prompt)
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(self.theme.paint(Style::Faint, hint))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        // Any key may change the kind of a word.
        kind != CmdKind::MoveCursor
    }
}

/// `line` in colors; its characters stay what they are and where they are.
fn colored(line: &str, theme: Theme) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    let mut end = 0;
    for (kind, range) in scan(line).pieces {
        out.push_str(&line[end..range.start]);
        end = range.end;
        let text = &line[range];
        match kind {
            WordKind::Bang | WordKind::Command => theme.push(Style::Strong, text, &mut out),
            WordKind::Flag => theme.push(Style::Key, text, &mut out),
            WordKind::Json => out.push_str(&json_text::highlight(text, theme)),
            WordKind::Comment => theme.push(Style::Faint, text, &mut out),
            WordKind::Wrong if end == line.len() && is_begun(text) => out.push_str(text),
            WordKind::Wrong => theme.push(Style::Refusal, text, &mut out),
            WordKind::Plain => out.push_str(text),
        }
    }
    out.push_str(&line[end..]);
    out
}

/// Whether an invalid word may still become a valid one.
fn is_begun(word: &str) -> bool {
    commands()
        .any(|spec| spec.name.starts_with(word) || spec.flags.iter().any(|flag| flag.name.starts_with(word)))
}

impl Validator for LineHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        Ok(if self.validate_text(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustyline::history::{History as _, MemHistory};

    const COLOR: Theme = Theme { color: true, unicode: true };

    fn hint(line: &str, history: &[&str]) -> Option<(String, bool)> {
        let mut kept = MemHistory::new();
        for entry in history {
            kept.add(entry).unwrap();
        }
        let helper = LineHelper::new(
            COLOR,
            KnownNames::default(),
            Played::default(),
            Prompt::new(|| ("T".to_owned(), None)),
        );
        let hint = helper.hint(line, line.len(), &Context::new(&kept))?;
        let completes = hint.completion.is_some();
        Some((hint.display, completes))
    }

    #[test]
    fn hints_name_the_argument_that_comes_next() {
        assert_eq!(hint("create-job ", &[]), Some(("<jobId> <jobDocument-as-JSON>".into(), false)));
        assert_eq!(hint("create-job J ", &[]), Some(("<jobDocument-as-JSON>".into(), false)));
        assert_eq!(hint("delete-job ", &["delete-job A"]), Some(("<jobId>".into(), false)));
        assert_eq!(hint("create-job J {\"a\": ", &[]), None);
        assert_eq!(hint("create-job J", &[]), None);
        assert_eq!(hint("quit ", &[]), None);
        assert_eq!(hint("", &["quit"]), None);
    }

    #[test]
    fn hints_complete_a_command_or_a_line_of_the_history() {
        assert_eq!(hint("get-p", &[]), Some(("ending-job-executions".into(), true)));
        assert_eq!(hint("de", &[]), None);
        let history = ["delete-job A", "delete-job B --force", "delete-job B oops"];
        assert_eq!(hint("delete-job B", &history), Some((" --force".into(), true)), "not what failed");
        assert_eq!(hint("delete-job A", &history), None);
    }

    #[test]
    fn a_hint_stays_on_its_row_and_is_inserted_whole() {
        let mut kept = MemHistory::new();
        let document = format!("create-job J {{\"a\":\"{}\"}}", "x".repeat(3000));
        kept.add(&document).unwrap();
        let mut helper = LineHelper::new(
            COLOR,
            KnownNames::default(),
            Played::default(),
            Prompt::new(|| ("T".to_owned(), None)),
        );
        helper.set_columns(40, 9);
        let hint = helper.hint("create", 6, &Context::new(&kept)).unwrap();
        assert_eq!(hint.display.width(), 40 - 9 - 6 - 1);
        assert!(hint.display.ends_with('…'));
        assert_eq!(hint.completion.unwrap(), document["create".len()..]);
        let plain = LineHelper::new(
            Theme::default(),
            KnownNames::default(),
            Played::default(),
            Prompt::new(|| ("T".to_owned(), None)),
        );
        assert!(plain.hint("create-job J", 12, &Context::new(&kept)).is_none());
    }

    #[test]
    fn what_the_validator_parsed_is_handed_on_for_the_same_text_alone() {
        let helper = LineHelper::new(
            COLOR,
            KnownNames::default(),
            Played::default(),
            Prompt::new(|| ("T".to_owned(), None)),
        );
        let parsed = |text: &str| entries(text.as_bytes()).flatten().collect::<Vec<_>>();
        assert!(!helper.validate_text("create-job J {"));
        assert_eq!(helper.take_entries("create-job J {"), parsed("create-job J {"));
        let pasted = "help\n# comment\ncreate-job J {\n}\nnope";
        assert!(helper.validate_text(pasted));
        let validated = helper.validated.borrow().as_ref().unwrap().1[0].text.as_ptr();
        let taken = helper.take_entries(pasted);
        assert_eq!(taken, parsed(pasted));
        assert_eq!(taken[0].text.as_ptr(), validated, "it was parsed again");
        assert!(helper.validate_text("help"));
        assert_eq!(helper.take_entries("quit"), parsed("quit"), "another text was validated");
    }

    #[test]
    fn a_misspelled_command_is_seen_before_enter() {
        let red = |line| colored(line, COLOR).contains("\x1b[1;31m");
        assert!(!red("creat"), "it may still become create-job");
        assert!(red("creat "));
        assert!(red("craete-job"));
        assert!(!red("create-job J {} --for"), "it may still become --force");
        assert!(red("delete-job J extra "));
        assert!(!red("delete-job J --force"));
        assert_eq!(colored("! quit", Theme::default()), "! quit");
    }

    #[test]
    fn colors_leave_the_characters_alone() {
        let line = "create-job J {\"é\": [1, \"x\"]} --retries 2  ";
        let colored = colored(line, COLOR);
        let mut plain = String::new();
        let mut rest = colored.as_str();
        while let Some((before, after)) = rest.split_once('\x1b') {
            plain.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        assert_eq!(plain + rest, line);
    }
}
