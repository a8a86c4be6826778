//! Whether what is at a path is what a predicate asks for, and if not, in a person's words why.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::app::command::{Comparison, MemberPath, Operand, Predicate};
use crate::app::json::{Json, Quantity};
use crate::app::output::{escape, json_text};

/// How many of several values are shown.
const MAX_SHOWN: usize = 3;

/// Why a predicate does not hold for what was `found` at its path; `None` if it does.
pub(super) fn difference(predicate: &Predicate, found: &[Cow<'_, RawValue>]) -> Option<String> {
    let Predicate { path, comparison } = predicate;
    match (comparison, found) {
        (Comparison::Absent, []) => None,
        (_, []) => Some(format!("there is no {path}")),
        (_, [found]) => phrase(path, comparison, found).map(|phrase| format!("{path} is {phrase}")),
        (_, found) => {
            if found.iter().any(|found| phrase(path, comparison, found).is_none()) {
                return None;
            }
            let mut all: Vec<String> = found.iter().take(MAX_SHOWN).map(|found| shown(found)).collect();
            if found.len() > MAX_SHOWN {
                all.push(format!("and {} more", found.len() - MAX_SHOWN));
            }
            Some(format!("none of the {} {path} fits: {}", found.len(), all.join(", ")))
        }
    }
}

/// What a value is instead of what a comparison asks for; the words go on from "it is". `None` if it fits.
fn phrase(path: &MemberPath, comparison: &Comparison, found: &RawValue) -> Option<String> {
    let shown = shown(found);
    let value = match (comparison, Json::read(found)) {
        (Comparison::Present, _) => return None,
        (Comparison::Absent, _) => return Some(shown),
        (_, Err(why)) => return Some(format!("{shown}, which cannot be compared: it {why}")),
        (_, Ok(value)) => value,
    };
    match comparison {
        Comparison::Equal(wanted) if value == wanted.value => None,
        Comparison::Equal(wanted) => Some(match other_kind(&value, wanted) {
            Some(wanted) => format!("{}, and not {wanted}", with_kind(&value, shown)),
            None => shown,
        }),
        Comparison::NotEqual(unwanted) if value == unwanted.value => Some(shown),
        // Neither equal nor, to who wrote the one and means the other, different.
        Comparison::NotEqual(unwanted) if value.reads_like(&unwanted.value) => {
            Some(format!("{}, which reads like {}", with_kind(&value, shown), named(unwanted)))
        }
        Comparison::NotEqual(_) | Comparison::Absent | Comparison::Present => None,
        Comparison::Ordered(order, _, bound) => match (value.quantity(), bound) {
            (Some(Quantity::Number(found)), Quantity::Time(bound)) if path.is_time() => {
                (!order.holds(&found, bound)).then_some(shown)
            }
            (Some(Quantity::Number(found)), Quantity::Number(bound))
            | (Some(Quantity::Time(found)), Quantity::Time(bound)) => {
                (!order.holds(&found, bound)).then_some(shown)
            }
            (_, Quantity::Number(_)) => Some(format!("{}, and no number", with_kind(&value, shown))),
            (_, Quantity::Time(_)) => Some(format!("{}, and no time", with_kind(&value, shown))),
        },
        Comparison::Matches(pattern) => {
            let text = match &value {
                Json::Text(text) => text,
                Json::Number(_) | Json::Bool(_) => found.get(),
                Json::Null | Json::Array(_) | Json::Object(_) => {
                    return Some(format!("{shown}, and no text"));
                }
            };
            (!pattern.is_found_in(text)).then_some(shown)
        }
    }
}

/// The wanted value by its kind, where that is another one: a text where none was wanted, or the other way round.
fn other_kind(found: &Json, wanted: &Operand) -> Option<String> {
    let is_simple = |value: &Json| !matches!(value, Json::Array(_) | Json::Object(_));
    let is_text = |value: &Json| matches!(value, Json::Text(_));
    let differ = is_text(found) != is_text(&wanted.value) && is_simple(found) && is_simple(&wanted.value);
    differ.then(|| named(wanted))
}

fn named(operand: &Operand) -> String {
    let spelling = escape::excerpt(&operand.spelling, 200);
    match operand.value {
        Json::Text(_) => format!("the text {spelling}"),
        Json::Number(_) => format!("the number {spelling}"),
        _ => spelling,
    }
}

fn with_kind(value: &Json, shown: String) -> String {
    match value {
        Json::Text(_) => shown + ", a text",
        Json::Number(_) => shown + ", a number",
        _ => shown,
    }
}

fn shown(value: &RawValue) -> String {
    escape::excerpt(&json_text::compact(value.get()), 200)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use crate::app::command::{Command, Line, parse};
    use crate::app::expect::unmet;

    fn unmet_of(conditions: &str, body: &str) -> String {
        let text = format!("expect CreateJobResponse {conditions}");
        let Ok(Some(Line { command: Command::Expect(expectation), .. })) = parse(&text) else {
            panic!("{text}")
        };
        unmet(&expectation.predicates, Some(body)).join("; ")
    }

    const BODY: &str = r#"{"n":3,"s":"3","big":9007199254740993,"t":"2025-06-03T22:13:23+02:00","z":null,"y":true,
        "queuedAt":1748981603.25,"o":{"queuedAt":1},"e":[],
        "jobs":[{"id":"a","n":1},{"id":"b","n":2},{"id":"c"},{"id":"d","n":4}]}"#;

    #[test]
    fn what_holds() {
        for condition in [
            "n!=4 n<4 n<=3 n>=3.0 n>-1 n!=x n!=null",
            "s=\"3\" s!=\"4\" s!=4 s~3 n~^3$ y~tru y!=\"false\"",
            "big>9007199254740992 big<9007199254740994 big!=9007199254740992 big=9007199254740993.0",
            "t<=2025-06-03T20:13:23Z t>=2025-06-03T20:13:23Z t>2025-06-03T20:13:22.9Z t=2025-06-03T22:13:23+02:00",
            "queuedAt>2025-06-03T20:13:23Z queuedAt<2025-06-03T20:13:24Z queuedAt>1748981603",
            "z=null z=present z!=1 z!=absent_ q=absent e.length=0 e=[] s.length=1",
            "jobs[*].id=b jobs[*].n>3 jobs[-1].id=d jobs.length>=4 jobs[*].n=4 jobs[*].id~^c",
            "jobs[*].n=present jobs[0]!={}",
        ] {
            assert_eq!(unmet_of(condition, BODY), "", "{condition}");
        }
    }

    #[test]
    fn what_does_not_hold_says_why() {
        for (condition, why) in [
            ("s=3", "s is \"3\", a text, and not the number 3"),
            ("n=\"3\"", "n is 3, a number, and not the text \"3\""),
            ("y=\"true\"", "y is true, and not the text \"true\""),
            ("s=null", "s is \"3\", a text, and not null"),
            ("z=1", "z is null"),
            ("n=4", "n is 3"),
            ("n={}", "n is 3"),
            ("n!=3.0", "n is 3"),
            ("s!=3", "s is \"3\", a text, which reads like the number 3"),
            ("n!=\"3\"", "n is 3, a number, which reads like the text \"3\""),
            ("q!=3", "there is no q"),
            ("q<3", "there is no q"),
            ("q=present", "there is no q"),
            ("q~x", "there is no q"),
            ("n=absent", "n is 3"),
            ("n<3", "n is 3"),
            ("s<4", "s is \"3\", a text, and no number"),
            ("s<2025-06-03T20:13:23Z", "s is \"3\", a text, and no time"),
            ("n<2025-06-03T20:13:23Z", "n is 3, a number, and no time"),
            ("t>1", "t is \"2025-06-03T22:13:23+02:00\", a text, and no number"),
            ("z>1", "z is null, and no number"),
            ("queuedAt<2025-06-03T20:13:23.2Z", "queuedAt is 1748981603.25"),
            ("o.queuedAt>2025-06-03T20:13:23Z", "o.queuedAt is 1"),
            ("s~4", "s is \"3\""),
            ("z~n", "z is null, and no text"),
            ("jobs.length=5", "jobs.length is 4"),
            ("jobs[*].n=5", "none of the 3 jobs[*].n fits: 1, 2, 4"),
            ("jobs[*].id=x", "none of the 4 jobs[*].id fits: \"a\", \"b\", \"c\", and 1 more"),
            ("jobs[*].x=1", "there is no jobs[*].x"),
            ("e[*]=1", "there is no e[*]"),
            ("jobs[7].id!=a", "there is no jobs[7].id"),
        ] {
            assert_eq!(unmet_of(condition, BODY), why, "{condition}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert!(unmet_of("a!=1", &deep).contains("which cannot be compared: it is nested too deeply"));
        assert_eq!(unmet_of("a=present", &deep), "");
    }

    /// A value as a test makes it: a number of hundredths, a text, or one of JSON's words.
    #[derive(Debug, Clone, PartialEq)]
    enum Naive {
        Hundredths(i128),
        Text(&'static str),
        Word(&'static str),
    }

    impl Naive {
        fn json(&self) -> String {
            match self {
                Self::Hundredths(number) if number % 100 == 0 => (number / 100).to_string(),
                Self::Hundredths(number) => format!("{number}e-2"),
                Self::Text(text) => format!("{text:?}"),
                Self::Word(word) => (*word).to_owned(),
            }
        }

        /// How it is to another; `None` if they have no order.
        fn order(&self, other: &Self) -> Option<Ordering> {
            // In the order of the times that they are, after one that sorts by its zone.
            let times = ["2026-01-01T00:00:00+09:00", "2025-12-31T23:00:00Z", "2026-01-01T00:00:00Z"];
            let rank = |text: &str| times.iter().position(|time| *time == text);
            match (self, other) {
                (Self::Hundredths(a), Self::Hundredths(b)) => Some(a.cmp(b)),
                (Self::Text(a), Self::Text(b)) => Some(rank(a)?.cmp(&rank(b)?)),
                _ => None,
            }
        }

        fn reads_like(&self, other: &Self) -> bool {
            self != other && self.json().trim_matches('"') == other.json().trim_matches('"')
        }
    }

    fn naive() -> impl Strategy<Value = Naive> {
        let texts = [
            "a",
            "",
            "true",
            "null",
            "2",
            "2026-01-01T00:00:00+09:00",
            "2025-12-31T23:00:00Z",
            "2026-01-01T00:00:00Z",
        ];
        let beyond_doubles = (1_i128 << 70)..(1_i128 << 70) + 300;
        prop_oneof![
            (-300..300_i128).prop_map(Naive::Hundredths),
            beyond_doubles.prop_map(Naive::Hundredths),
            select(texts.to_vec()).prop_map(Naive::Text),
            select(vec!["true", "false", "null"]).prop_map(Naive::Word),
        ]
    }

    fn holds(operator: &str, found: &Naive, wanted: &Naive) -> bool {
        match operator {
            "=" => found == wanted,
            "!=" => found != wanted && !found.reads_like(wanted),
            "<" => found.order(wanted) == Some(Ordering::Less),
            "<=" => matches!(found.order(wanted), Some(Ordering::Less | Ordering::Equal)),
            ">" => found.order(wanted) == Some(Ordering::Greater),
            _ => matches!(found.order(wanted), Some(Ordering::Greater | Ordering::Equal)),
        }
    }

    proptest! {
        /// A comparison holds only if it does for the naive: of one element if it names one, else of some; never of one
        /// that is not there.
        #[test]
        fn a_comparison_holds_as_it_does_for_the_naive(
            elements in vec(prop_oneof![3 => naive().prop_map(Some), 1 => Just(None)], 0..4),
            wanted in naive(),
            operator in select(vec!["=", "!=", "<", "<=", ">", ">="]),
            at in prop_oneof![2 => (-4..4_i64).prop_map(Some), 1 => Just(None)],
        ) {
            prop_assume!(at.is_some() || operator != "!=");
            prop_assume!(["=", "!="].contains(&operator) || wanted.order(&wanted).is_some());
            let member = |element: &Option<Naive>| {
                element.as_ref().map_or("{}".to_owned(), |value| format!("{{\"v\":{}}}", value.json()))
            };
            let body = format!("{{\"l\":[{}]}}", elements.iter().map(member).collect::<Vec<_>>().join(","));
            let index = at.map_or("*".to_owned(), |at| at.to_string());
            let found = unmet_of(&format!("l[{index}].v{operator}{}", wanted.json()), &body);
            let count = i64::try_from(elements.len()).unwrap();
            let is_meant = |index: usize| {
                let index = i64::try_from(index).unwrap();
                at.is_none_or(|at| at == index || at == index - count)
            };
            let naive = elements.iter().enumerate().any(|(index, element)| {
                is_meant(index) && element.as_ref().is_some_and(|element| holds(operator, element, &wanted))
            });
            prop_assert_eq!(found.is_empty(), naive, "{}", found);
        }
    }
}
