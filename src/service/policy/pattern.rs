//! Text with wildcards and variables, as policies write actions, resources and condition values.

use std::borrow::Cow;

use super::variable::{Context, Variable};

/// A text in which `*` stands for any run of characters, `/` included, and `?` for exactly one.
///
/// `+` and `#` have no meaning here. What a variable stands for is compared as it is: a client cannot widen a
/// policy by putting a `*` into its client id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    AnyRun,
    AnyOne,
    Variable(Variable),
}

impl Pattern {
    /// Reads a resource or a condition value: wildcards, variables and the literals `${*}`, `${?}`, `${$}`.
    pub(super) fn parse(text: &str) -> Self {
        Self::read(text, true)
    }

    /// Reads a text in which `*` and `?` stand for themselves.
    pub(super) fn parse_without_wildcards(text: &str) -> Self {
        Self::read(text, false)
    }

    fn read(text: &str, wildcards: bool) -> Self {
        let mut pattern = Self(Vec::new());
        let mut rest = text;
        while let Some(at) = rest.find(['*', '?', '$']) {
            pattern.literal(&rest[..at]);
            let found = &rest[at..];
            if let Some((name, after)) = found.strip_prefix("${").and_then(|inner| inner.split_once('}')) {
                match name {
                    "*" | "?" | "$" => pattern.literal(name),
                    _ => pattern.0.push(Part::Variable(Variable::parse(name))),
                }
                rest = after;
                continue;
            }
            match &found[..1] {
                "*" if wildcards => pattern.0.push(Part::AnyRun),
                "?" if wildcards => pattern.0.push(Part::AnyOne),
                character => pattern.literal(character),
            }
            rest = &found[1..];
        }
        pattern.literal(rest);
        pattern
    }

    fn literal(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Literal(last)) => last.push_str(text),
            _ => self.0.push(Part::Literal(text.to_owned())),
        }
    }

    /// Whether all variables in it stand for something.
    pub(super) fn resolves(&self, context: &Context) -> bool {
        self.0.iter().all(|part| match part {
            Part::Variable(variable) => variable.resolve(context).is_some(),
            _ => true,
        })
    }

    /// The text that a pattern without wildcards stands for.
    pub(super) fn text(&self, context: &Context) -> Option<String> {
        let parts = self.0.iter().map(|part| match part {
            Part::Literal(text) => Some(Cow::Borrowed(text.as_str())),
            Part::Variable(variable) => variable.resolve(context),
            Part::AnyRun | Part::AnyOne => None,
        });
        parts.collect()
    }

    /// Whether the whole of `text` matches; false where a variable stands for nothing.
    ///
    /// Linear in pattern times text: after a mismatch only the latest `*` is tried again, one character further.
    pub(super) fn matches(&self, text: &str, context: &Context) -> bool {
        let (mut part, mut rest) = (0, text);
        let mut retry: Option<(usize, &str)> = None;
        loop {
            let advanced = match self.0.get(part) {
                None if rest.is_empty() => return true,
                None => None,
                Some(Part::AnyRun) => {
                    retry = Some((part + 1, rest));
                    Some(rest)
                }
                Some(Part::AnyOne) => without_first(rest),
                Some(Part::Literal(text)) => rest.strip_prefix(text.as_str()),
                Some(Part::Variable(variable)) => match variable.resolve(context) {
                    Some(value) => rest.strip_prefix(&*value),
                    None => return false,
                },
            };
            if let Some(after) = advanced {
                part += 1;
                rest = after;
                continue;
            }
            let Some((after_run, from)) = retry else { return false };
            let Some(shorter) = without_first(from) else { return false };
            retry = Some((after_run, shorter));
            (part, rest) = (after_run, shorter);
        }
    }
}

fn without_first(text: &str) -> Option<&str> {
    let mut characters = text.chars();
    characters.next().map(|_| characters.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let context = Context { client_id: Some("c*".into()), ..Context::default() };
        Pattern::parse(pattern).matches(text, &context)
    }

    #[test]
    fn wildcards_cross_slashes_and_mqtt_wildcards_are_literal() {
        assert!(matches("a/*", "a/b/c"));
        assert!(matches("a/*", "a/"));
        assert!(!matches("a/*", "a"));
        assert!(matches("a/?/c", "a/é/c"));
        assert!(!matches("a/?", "a/"));
        assert!(matches("a/#", "a/#"));
        assert!(!matches("a/#", "a/b"));
        assert!(!matches("a/+", "a/b"));
        assert!(!matches("A", "a"));
    }

    #[test]
    fn variables_are_compared_as_they_are() {
        assert!(matches("client/${iot:ClientId}", "client/c*"));
        assert!(!matches("client/${iot:ClientId}", "client/cx"));
        assert!(!matches("client/${iot:Connection.Thing.ThingName}", "client/"));
        assert!(!matches("${iot:Nonsense}*", "x"));
    }

    #[test]
    fn escapes_are_literals_and_a_lone_dollar_is_itself() {
        assert!(matches("${*}${?}${$}", "*?$"));
        assert!(!matches("${*}", "x"));
        assert!(matches("$aws/things/T", "$aws/things/T"));
        assert!(matches("${open", "${open"));
    }

    /// The same rule, written to be read rather than to be fast.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => naive(rest, text),
            (Some(('*', rest)), Some((_, tail))) => naive(rest, text) || naive(pattern, tail),
            (Some(('?', rest)), Some((_, tail))) => naive(rest, tail),
            (Some((p, rest)), Some((t, tail))) => p == t && naive(rest, tail),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_naive_rule(pattern in "[ab*?/é]{0,8}", text in "[ab/é]{0,10}") {
            let (p, t): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(matches(&pattern, &text), naive(&p, &t));
        }

        #[test]
        fn never_panics(pattern in "\\PC{0,40}", text in "\\PC{0,40}") {
            let _ = matches(&pattern, &text);
        }
    }
}
