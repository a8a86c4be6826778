//! What is at a path of a body. Works on raw text, so that deep nesting cannot overflow the stack.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

use crate::app::command::{MemberPath, Step};

/// What is at `path`: nothing, one value, or several where the path asks for some element.
pub(super) fn find<'a>(body: &'a RawValue, path: &MemberPath) -> Vec<Cow<'a, RawValue>> {
    path.steps().iter().fold(vec![Cow::Borrowed(body)], |found, step| {
        let inside = |at| match at {
            Cow::Borrowed(at) => walk(at, step),
            // A length, which holds nothing.
            Cow::Owned(_) => Vec::new(),
        };
        found.into_iter().flat_map(inside).collect()
    })
}

fn walk<'a>(at: &'a RawValue, step: &Step) -> Vec<Cow<'a, RawValue>> {
    let one = |found: Option<&'a RawValue>| found.map(Cow::Borrowed).into_iter().collect();
    match step {
        Step::Member(name) => one(member(at, name)),
        Step::Length => match length(at) {
            Some(length) => to_raw_value(&length).map(Cow::Owned).into_iter().collect(),
            None => one(member(at, "length")),
        },
        Step::Some => elements(at).unwrap_or_default().into_iter().map(Cow::Borrowed).collect(),
        Step::Element(index) => {
            let elements = elements(at).unwrap_or_default();
            let from_the_end = || elements.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?);
            let index = usize::try_from(*index).ok().or_else(from_the_end);
            one(index.and_then(|index| elements.get(index).copied()))
        }
    }
}

fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    let members: BTreeMap<Cow<'a, str>, &'a RawValue> = serde_json::from_str(object.get()).ok()?;
    members.get(name).copied()
}

fn elements(array: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(array.get()).ok()
}

/// How many elements an array has, or how many characters a string.
fn length(value: &RawValue) -> Option<usize> {
    elements(value)
        .map(|elements| elements.len())
        .or_else(|| serde_json::from_str::<String>(value.get()).ok().map(|text| text.chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::command::{Command, Line, parse};

    const BODY: &str =
        r#"{"a":[1,[2,3],{"b":"\u00e9x"}],"o":{"length":"own","":4,"x.y":{"z":5}},"t":"four","n":7}"#;

    fn found(path: &str) -> String {
        let text = format!("expect CreateJobResponse {path}=present");
        let Ok(Some(Line { command: Command::Expect(expectation), .. })) = parse(&text) else {
            panic!("{path}")
        };
        let body = serde_json::from_str(BODY).unwrap();
        let found = find(body, &expectation.predicates[0].path);
        found.iter().map(|found| found.get()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_step_leads_one_level_down() {
        for (path, values) in [
            ("n", "7"),
            ("a[0]", "1"),
            ("a[-1].b", r#""\u00e9x""#),
            ("a[-3]", "1"),
            ("a[-4]", ""),
            ("a[3]", ""),
            ("a[1][-1]", "3"),
            ("a[*]", r#"1 [2,3] {"b":"\u00e9x"}"#),
            ("a[*][*]", "2 3"),
            ("a[*].b", r#""\u00e9x""#),
            ("o.\"x.y\".z", "5"),
            ("o.\"\"", "4"),
            ("o.x.y", ""),
            ("n.x", ""),
            ("n[0]", ""),
            ("[0]", ""),
        ] {
            assert_eq!(found(path), values, "{path}");
        }
    }

    #[test]
    fn a_length_is_that_of_an_array_or_a_text_unless_a_member_is_called_so() {
        for (path, values) in [
            ("a.length", "3"),
            ("a[*].length", "2"),
            ("t.length", "4"),
            ("a[2].b.length", "2"),
            ("o.length", "\"own\""),
            ("o.length.length", "3"),
            ("a.\"length\"", ""),
            ("n.length", ""),
            ("length", ""),
            ("a.length.length", ""),
            ("a.length[0]", ""),
        ] {
            assert_eq!(found(path), values, "{path}");
        }
    }
}
