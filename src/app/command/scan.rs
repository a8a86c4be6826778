//! A command while it is being typed: what each piece is, and what may come next.

use super::comparison;
use super::member_path;
use super::names;
use super::reader::{Reader, is_space};
use super::spec::{Argument, Flag, Positionals, Shape, Spec};
use super::table;
use super::until;
use crate::app::output::json_text;

/// What a piece of a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WordKind {
    /// `!`
    Bang,
    /// The name of a command.
    Command,
    /// The name of an option.
    Flag,
    /// JSON, perhaps unfinished.
    Json,
    /// Any other argument.
    Plain,
    /// A word that is not valid here.
    Wrong,
    /// A comment.
    Comment,
}

/// A piece of a command: what it is, where it begins and where it ends, in bytes.
pub(crate) type Piece = (WordKind, std::ops::Range<usize>);

/// What can be completed at the end of the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CompletionContext {
    /// The name of a command.
    Command,
    /// The value of this option.
    Value(&'static Flag),
    /// An option, or an argument of this shape if one is left.
    Argument(Option<Shape>),
    /// Nothing.
    Nothing,
}

/// A command while it is being typed.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
    /// The command, once its name is complete.
    pub spec: Option<&'static Spec>,
    /// The options given so far.
    pub flags: Vec<&'static str>,
    /// What can be completed at the end of the text.
    pub context: CompletionContext,
    /// Where the word to complete begins.
    pub start: usize,
    positionals: Option<Positionals>,
}

impl Scan {
    /// The arguments not given yet, as the usage line shows them.
    #[must_use]
    pub(crate) fn remaining_usage(&self) -> String {
        if let CompletionContext::Value(flag) = self.context {
            return flag.value.map_or("", |(name, _)| name).to_owned();
        }
        let left = self.positionals.as_ref().map_or(&[][..], Positionals::remaining);
        left.iter().map(Argument::usage).collect::<Vec<_>>().join(" ")
    }
}

/// Scans the text typed so far.
#[must_use]
pub(crate) fn scan(text: &str) -> Scan {
    let mut scan = Scan {
        pieces: Vec::new(),
        spec: None,
        flags: Vec::new(),
        context: CompletionContext::Command,
        start: text.len(),
        positionals: None,
    };
    let mut reader = Reader::new(text, &names::ANY);
    if reader.rest().starts_with('#') {
        scan.pieces.push((WordKind::Comment, reader.position()..text.len()));
        scan.context = CompletionContext::Nothing;
        return scan;
    }
    if reader.rest().starts_with('!') {
        scan.pieces.push((WordKind::Bang, reader.position()..reader.position() + 1));
        reader.advance(1);
    }
    let word = reader.word();
    if word.is_empty() {
        return scan;
    }
    scan.spec = table::find(word);
    let kind = if scan.spec.is_some() { WordKind::Command } else { WordKind::Wrong };
    scan.push(kind, word.len(), &reader);
    let Some(spec) = scan.spec else {
        if reader.position() < text.len() {
            scan.context = CompletionContext::Nothing;
            let rest = reader.rest();
            reader.advance(rest.len());
            scan.push(WordKind::Plain, rest.len(), &reader);
        }
        return scan;
    };
    scan.positionals = Some(Positionals::new(spec));
    while reader.position() < text.len() && scan.next(spec, &mut reader) {}
    scan
}

impl Scan {
    /// Adds a piece of `length` bytes that ends at the reader's position.
    fn push(&mut self, kind: WordKind, length: usize, reader: &Reader<'_>) {
        self.start = reader.position() - length;
        self.pieces.push((kind, self.start..reader.position()));
    }

    /// Scans one more piece; returns whether there may be another.
    fn next(&mut self, spec: &'static Spec, reader: &mut Reader<'_>) -> bool {
        let open_flag = self.open_flag(spec);
        let rest = reader.rest();
        self.start = reader.position();
        let takes_the_rest = self.positionals.as_ref().is_some_and(Positionals::takes_the_rest);
        if rest.starts_with("--") && open_flag.is_none() && !takes_the_rest {
            let (word, has_value) = reader.flag();
            let flag = spec.flags.iter().find(|flag| flag.name == word);
            self.flags.extend(flag.map(|flag| flag.name));
            self.context = CompletionContext::Argument(None);
            let is_valid = flag.is_some_and(|flag| flag.value.is_some() || !has_value);
            let kind = if is_valid { WordKind::Flag } else { WordKind::Wrong };
            self.pieces.push((kind, self.start..self.start + word.len()));
            if let Some(flag) = flag.filter(|_| has_value && is_valid) {
                self.context = CompletionContext::Value(flag);
                self.start = reader.position();
            }
            return true;
        }
        let positionals = self.positionals.get_or_insert_with(|| Positionals::new(spec));
        let shape = match open_flag {
            Some((_, shape)) => Some(shape),
            None if rest.is_empty() => positionals.remaining().first().map(|argument| argument.shape),
            None => positionals.next().map(|argument| argument.shape),
        };
        self.context = match open_flag {
            Some((flag, _)) => CompletionContext::Value(flag),
            None => CompletionContext::Argument(shape),
        };
        let (kind, length) = piece(shape, rest);
        if length > 0 {
            reader.advance(length);
            self.push(kind, length, reader);
        }
        length > 0
    }

    /// The option at the end of the pieces, if its value is still missing.
    fn open_flag(&self, spec: &'static Spec) -> Option<(&'static Flag, Shape)> {
        let (WordKind::Flag, _) = self.pieces.last()? else { return None };
        let flag = spec.flags.iter().find(|flag| Some(&flag.name) == self.flags.last())?;
        flag.value.map(|(_, shape)| (flag, shape))
    }
}

fn piece(shape: Option<Shape>, rest: &str) -> (WordKind, usize) {
    let word = rest.find(is_space).unwrap_or(rest.len());
    match shape {
        Some(Shape::Command | Shape::RestOfLine | Shape::RestOrJson) => (WordKind::Plain, rest.len()),
        Some(Shape::Document | Shape::EventConfigurations | Shape::Json) if !rest.starts_with("file:") => {
            (WordKind::Json, json_length(rest))
        }
        Some(Shape::Payload) if rest.starts_with(['{', '[', '"']) && !rest.starts_with("{{") => {
            (WordKind::Json, json_length(rest))
        }
        Some(Shape::Details) => (WordKind::Json, json_length(rest)),
        Some(Shape::Text) if rest.starts_with('"') => (WordKind::Json, json_length(rest)),
        Some(Shape::Predicate) => (WordKind::Plain, predicate_length(rest)),
        Some(Shape::Goal) => (WordKind::Plain, goal_length(rest)),
        Some(Shape::OneOf(words)) if !words.iter().any(|choice| choice.starts_with(&rest[..word])) => {
            (WordKind::Wrong, word)
        }
        Some(_) => (WordKind::Plain, word),
        None => (WordKind::Wrong, word),
    }
}

/// The length of the predicate at the beginning of `text`, finished or not.
fn predicate_length(text: &str) -> usize {
    let path = member_path::end(text);
    let operator = comparison::operator(&text[path..]);
    let begin = path + operator.len();
    let value = &text[begin..];
    begin + comparison::value_length(operator, value).unwrap_or_else(|| json_length(value))
}

/// The length of the predicates at the beginning of `text`, and of spaces between them.
fn goal_length(text: &str) -> usize {
    let mut end = predicate_length(text);
    loop {
        let rest = text[end..].trim_start_matches(is_space);
        if !until::is_next(rest) {
            return end;
        }
        end = text.len() - rest.len() + predicate_length(rest);
    }
}

/// The length of the JSON at the beginning of `text`, finished or not.
fn json_length(text: &str) -> usize {
    let mut depth = 0_usize;
    for token in json_text::tokens(text) {
        match token.kind {
            json_text::TokenKind::Open => depth += 1,
            json_text::TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            let end = token.start + token.text.len();
            return end + text[end..].find(is_space).unwrap_or(text.len() - end);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(WordKind, &str)> {
        scan(text).pieces.into_iter().map(|(kind, range)| (kind, &text[range])).collect()
    }

    #[test]
    fn each_piece_has_its_kind() {
        use WordKind::{Bang, Command, Flag, Json, Plain, Wrong};
        assert_eq!(
            pieces("! create-job  J {\"a\": [1, 2]} --retries 2 --nope"),
            [
                (Bang, "!"),
                (Command, "create-job"),
                (Plain, "J"),
                (Json, "{\"a\": [1, 2]}"),
                (Flag, "--retries"),
                (Plain, "2"),
                (Wrong, "--nope"),
            ]
        );
        assert_eq!(
            pieces("create-job --retries=2 J")[1..],
            [(Flag, "--retries"), (Plain, "2"), (Plain, "J")]
        );
        assert_eq!(pieces("delete-job --force=1")[1], (Wrong, "--force"));
        assert_eq!(pieces("create-jib J"), [(Wrong, "create-jib"), (Plain, "J")]);
        assert_eq!(pieces("quit now"), [(Command, "quit"), (Wrong, "now")]);
        assert_eq!(pieces("update-job-execution J DONE")[2], (Wrong, "DONE"));
        assert_eq!(pieces("create-job J {\"a\": \"x y")[2], (Json, "{\"a\": \"x y"));
        assert_eq!(
            pieces("describe-job --until a=1 b~/x y/ c[*]={ \"x\": 1 } J --within 1s")[1..],
            [
                (Flag, "--until"),
                (Plain, "a=1 b~/x y/ c[*]={ \"x\": 1 }"),
                (Plain, "J"),
                (Flag, "--within"),
                (Plain, "1s"),
            ]
        );
        assert_eq!(pieces("  # quit"), [(WordKind::Comment, "# quit")]);
    }

    #[test]
    fn what_may_come_next_is_known() {
        let context = |text: &str| (scan(text).context, scan(text).start);
        assert_eq!(context(""), (CompletionContext::Command, 0));
        assert_eq!(context("crea"), (CompletionContext::Command, 0));
        assert_eq!(context("! crea"), (CompletionContext::Command, 2));
        assert_eq!(context("delete-job "), (CompletionContext::Argument(Some(Shape::Job)), 11));
        assert_eq!(context("delete-job Jo"), (CompletionContext::Argument(Some(Shape::Job)), 11));
        assert_eq!(context("delete-job Job1 "), (CompletionContext::Argument(None), 16));
        assert_eq!(context("delete-job Job1 --fo"), (CompletionContext::Argument(None), 16));
        assert!(
            matches!(context("list-jobs --status "), (CompletionContext::Value(flag), 19) if flag.name == "--status")
        );
        assert!(
            matches!(context("list-jobs --status IN"), (CompletionContext::Value(flag), 19) if flag.name == "--status")
        );
        assert!(
            matches!(context("list-jobs --status="), (CompletionContext::Value(flag), 19) if flag.name == "--status")
        );
        assert!(
            matches!(context("list-jobs --status=IN"), (CompletionContext::Value(flag), 19) if flag.name == "--status")
        );
        assert_eq!(context("list-jobs --status IN_PROGRESS "), (CompletionContext::Argument(None), 31));
        assert_eq!(scan("nope ").context, CompletionContext::Nothing);
    }

    #[test]
    fn the_hint_is_what_is_left_of_the_usage_line() {
        assert_eq!(scan("create-job ").remaining_usage(), "<jobId> <jobDocument-as-JSON>");
        assert_eq!(scan("create-job J ").remaining_usage(), "<jobDocument-as-JSON>");
        assert_eq!(scan("create-job J {} --retries ").remaining_usage(), "<n>");
        assert_eq!(scan("expect X a=1 ").remaining_usage(), "[<path=value> ...]");
        assert_eq!(scan("quit ").remaining_usage(), "");
    }
}
