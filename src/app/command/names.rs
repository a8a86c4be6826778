//! Names that stand for values: `{{NAME}}` in words, conditions and JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::value::RawValue;

use crate::app::output::escape;

/// The longest name.
const MAX_NAME: usize = 64;

/// The largest value in bytes: a job document is far smaller.
const MAX_VALUE: usize = 128 * 1024;

/// The name of eight letters and digits that are new in each run.
pub(crate) const RUN: &str = "RUN";

/// Any name may be in a command before it is known what sets it.
pub(super) static ANY: Names = Names::any();

/// What names stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// `None` for a value that is not known before the script runs.
    values: BTreeMap<String, Option<String>>,
    /// Whether every other name counts as one whose value is not known yet.
    open: bool,
}

impl Names {
    /// `{{RUN}}` and nothing else.
    pub(crate) fn new(run: &str) -> Self {
        Self { values: BTreeMap::from([(RUN.to_owned(), Some(run.to_owned()))]), open: false }
    }

    /// Any name, its value not known.
    const fn any() -> Self {
        Self { values: BTreeMap::new(), open: true }
    }

    /// From here on `name` stands for `value`; `None` if that is known only when the script runs.
    pub(crate) fn set(&mut self, name: &str, value: Option<String>) -> Result<(), String> {
        if value.as_ref().is_some_and(|value| value.len() > MAX_VALUE) {
            return Err(format!("the value of {name} is larger than {} KiB", MAX_VALUE / 1024));
        }
        self.values.insert(name.to_owned(), value);
        Ok(())
    }

    /// The value of `name`, or `None` if it is not known yet.
    fn find(&self, name: &str) -> Result<Option<&str>, String> {
        match self.values.get(name) {
            Some(value) => Ok(value.as_deref()),
            None if self.open => Ok(None),
            None => Err(format!(
                "nothing has set {{{{{name}}}}}: set {name} VALUE, capture {name} PATH or --set {name}=VALUE does"
            )),
        }
    }
}

/// Checks the name of a value that a script sets.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let shown = escape::excerpt(name, MAX_NAME);
    if !is_name(name) {
        let rule = "a letter or _, then letters, digits or _";
        return Err(format!("a name is {rule}, at most {MAX_NAME} in all, not \"{shown}\""));
    }
    if name == RUN {
        return Err("RUN is new in each run, and not to be set".to_owned());
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A text whose names have been replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expanded<'a> {
    /// The text; with something else in the place of values that are not known.
    pub text: Cow<'a, str>,
    /// Whether all values are known.
    pub is_known: bool,
}

/// Where the next `{{NAME}}` is, and its name.
fn next_name(text: &str) -> Option<(Range<usize>, &str)> {
    let mut from = 0;
    loop {
        let begin = from + text[from..].find("{{")?;
        let inside = &text[begin + 2..];
        let name = inside.find("}}").map(|end| &inside[..end]).filter(|name| is_name(name));
        if let Some(name) = name {
            return Some((begin..begin + name.len() + 4, name));
        }
        from = begin + 1;
    }
}

/// Whether `text` holds a name.
pub(super) fn has_names(text: &str) -> bool {
    next_name(text).is_some()
}

/// A word with values in the place of names.
pub(super) fn expand_word<'a>(word: &'a str, names: &Names) -> Result<Expanded<'a>, String> {
    let mut expanded = Expanded { text: Cow::Borrowed(word), is_known: true };
    let mut rest = word;
    let mut text = String::new();
    while let Some((range, name)) = next_name(rest) {
        let value = names.find(name)?;
        expanded.is_known &= value.is_some();
        text.extend([&rest[..range.start], value.unwrap_or_default()]);
        rest = &rest[range.end..];
    }
    if rest.len() < word.len() {
        text.push_str(rest);
        expanded.text = Cow::Owned(text);
    }
    Ok(expanded)
}

/// A text that begins with JSON, with values in the place of names: within a string as escaped text, elsewhere as
/// the JSON that they must be.
#[derive(Debug, Default)]
pub(super) struct ExpandedJson {
    pub text: String,
    /// The first place where each piece begins, in the expanded text and in the original.
    pieces: Vec<(usize, usize)>,
    /// What is wrong with the first name that is wrong, and where, in the expanded text.
    problem: Option<(usize, String)>,
    /// Where the first value is missing, in the expanded text.
    unknown: Option<usize>,
}

impl ExpandedJson {
    pub(super) fn new(original: &str, names: &Names) -> Self {
        let mut expanded = Self::default();
        let mut in_string = false;
        let mut at = 0;
        while let Some((range, name)) = next_name(&original[at..]) {
            let between = &original[at..at + range.start];
            in_string = is_in_string(between, in_string);
            expanded.push(between, at);
            at += range.start;
            expanded.push_value(name, names.find(name), in_string, at);
            at += range.len();
        }
        expanded.push(&original[at..], at);
        expanded
    }

    fn push(&mut self, text: &str, original_at: usize) {
        self.pieces.push((self.text.len(), original_at));
        self.text.push_str(text);
    }

    fn push_value(
        &mut self,
        name: &str,
        value: Result<Option<&str>, String>,
        in_string: bool,
        original_at: usize,
    ) {
        let at = self.text.len();
        // What stands for a value that is not known.
        let stand_in = if in_string { "" } else { "null" };
        let text = match value {
            Ok(Some(value)) if in_string => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Ok(Some(value)) if serde_json::from_str::<&RawValue>(value).is_ok() => {
                value.trim_matches([' ', '\t', '\r', '\n']).to_owned()
            }
            Ok(Some(_)) => {
                let advice = format!("in double quotes, \"{{{{{name}}}}}\", it is a string");
                self.problem.get_or_insert((at, format!("the value of {name} is not JSON: {advice}")));
                stand_in.to_owned()
            }
            Ok(None) => {
                self.unknown.get_or_insert(at);
                stand_in.to_owned()
            }
            Err(problem) => {
                self.problem.get_or_insert((at, problem));
                stand_in.to_owned()
            }
        };
        self.push(&text, original_at);
    }

    /// What is wrong with a name before `end`, and where in the original.
    pub(super) fn problem_before(&self, end: usize) -> Option<(usize, &str)> {
        let (at, problem) = self.problem.as_ref().filter(|(at, _)| *at < end)?;
        Some((self.original(*at), problem))
    }

    /// Whether all values before `end` are known.
    pub(super) fn is_known_before(&self, end: usize) -> bool {
        self.unknown.is_none_or(|at| at >= end)
    }

    /// The place in the original; that of its name for one within a value.
    pub(super) fn original(&self, at: usize) -> usize {
        let index = self.pieces.partition_point(|(expanded, _)| *expanded <= at).saturating_sub(1);
        let (expanded, original) = self.pieces[index];
        // Every other piece is a value.
        if index.is_multiple_of(2) { original + (at - expanded) } else { original }
    }
}

/// A JSON document with values in the place of names, or where it is wrong, and why.
pub(crate) fn substitute(document: &str, names: &Names) -> Result<String, (usize, String)> {
    let expanded = ExpandedJson::new(document, names);
    match expanded.problem_before(expanded.text.len() + 1) {
        Some((at, problem)) => Err((at, problem.to_owned())),
        None => Ok(expanded.text),
    }
}

/// Whether a JSON string is open after `text`.
fn is_in_string(text: &str, mut in_string: bool) -> bool {
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
    }
    in_string
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(values: &[(&str, &str)]) -> Names {
        let mut names = Names::new("abcd1234");
        for (name, value) in values {
            names.set(name, Some((*value).to_owned())).unwrap();
        }
        names
    }

    #[test]
    fn a_word_takes_values_once_and_as_they_are() {
        let names = names(&[("A", "x y"), ("B", "{{A}}"), ("_c1", "")]);
        for (word, expected) in [
            ("plain", "plain"),
            ("{{A}}", "x y"),
            ("job-{{RUN}}-{{A}}", "job-abcd1234-x y"),
            ("{{B}}", "{{A}}"),
            ("a{{_c1}}b", "ab"),
            ("{{ A }}{{}}{{1}}{{{A}}", "{{ A }}{{}}{{1}}{x y"),
            ("{{{{A}}", "{{x y"),
        ] {
            let expanded = expand_word(word, &names).unwrap();
            assert_eq!((&*expanded.text, expanded.is_known), (expected, true), "{word}");
        }
        let problem = expand_word("{{NOPE}}", &names).unwrap_err();
        assert!(problem.starts_with("nothing has set {{NOPE}}: "), "{problem}");
        assert!(!expand_word("{{X}}", &Names::any()).unwrap().is_known);
    }

    #[test]
    fn json_takes_escaped_text_in_strings_and_json_elsewhere() {
        let names = names(&[("T", "a \"b\"\n"), ("N", "[1, 2]")]);
        let expand = |text| ExpandedJson::new(text, &names);
        assert_eq!(expand(r#"{"{{T}}": {{N}}}"#).text, r#"{"a \"b\"\n": [1, 2]}"#);
        assert_eq!(expand(r#"{"\"{{N}}": "\\", "a": {{N}}}"#).text, r#"{"\"[1, 2]": "\\", "a": [1, 2]}"#);
        let wrong = expand(r#"{"a": {{T}}} {{U}}"#);
        assert_eq!(wrong.problem_before(12).unwrap().0, 6);
        assert_eq!(wrong.problem_before(6), None);
        assert_eq!(wrong.original(wrong.text.find('}').unwrap()), 11);
    }

    #[test]
    fn a_name_is_checked() {
        for name in ["A", "job_1", "_"] {
            assert_eq!(check_name(name), Ok(()));
        }
        for name in ["", "1a", "a-b", "é", RUN, &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
