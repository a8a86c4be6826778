//! What `expect` waits for: a title, and predicates on members of the body.

use std::fmt;
use std::time::Duration;

use super::comparison::{self, Comparison};
use super::member_path::{self, MemberPath};
use super::reader::{JsonError, Reader};
use super::titles;
use crate::app::output::escape;

/// What `expect` waits for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expectation {
    /// The title of the message.
    pub title: String,
    /// What its body must hold.
    pub predicates: Vec<Predicate>,
    /// How long to wait for it.
    pub within: Option<Duration>,
}

impl Expectation {
    /// Whether such messages count until an expect has taken them: those that name what they are about, on
    /// topics and of faults.
    #[must_use]
    pub(crate) fn is_kept(&self) -> bool {
        self.is_of_fault() || titles::find(&self.title).is_some()
    }

    /// Whether it is for what faults strike.
    #[must_use]
    pub(crate) fn is_of_fault(&self) -> bool {
        self.title == titles::FAULT_INJECTED
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        self.predicates.iter().try_for_each(|predicate| write!(f, " {predicate}"))
    }
}

/// A condition, such as `path=value`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Predicate {
    /// Where to look.
    pub path: MemberPath,
    /// What is to be found there.
    pub comparison: Comparison,
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path, self.comparison)
    }
}

impl Predicate {
    /// Reads a path, an operator and a value: JSON, or else a plain word; `absent` and `present` without quotes stand
    /// for themselves.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, JsonError> {
        let rest = reader.rest();
        if !Self::begins(rest) {
            let word = escape::excerpt(reader.word(), 80);
            return Err(JsonError::Invalid(format!("\"{word}\" is no path=value")));
        }
        let end = member_path::end(rest);
        let named = reader.expand(&rest[..end])?;
        // A name that is not known yet may be any path.
        let path = if named.is_known { &*named.text } else { "path" };
        let path = MemberPath::parse(path).map_err(JsonError::Invalid)?;
        reader.advance(end);
        let comparison = Comparison::read(&path, reader)?;
        Ok(Self { path, comparison })
    }

    /// Whether the next word of `text` is meant to be one.
    pub(super) fn begins(text: &str) -> bool {
        !comparison::operator(&text[member_path::end(text)..]).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Predicate, JsonError> {
        Predicate::read(&mut Reader::new(text, &crate::app::command::names::ANY))
    }

    #[test]
    fn a_predicate_is_shown_as_it_is_read() {
        for (text, shown) in [
            ("a=1", "a=1"),
            ("a=x", "a=\"x\""),
            ("a=absent", "a=absent"),
            ("a=present tail", "a=present"),
            ("a=\"absent\"", "a=\"absent\""),
            ("a=null", "a=null"),
            ("a=2025-01-01", "a=\"2025-01-01\""),
            ("a=b=c", "a=\"b=c\""),
            ("a=b==c", "a=\"b==c\""),
            ("a=!x", "a=\"!x\""),
            ("a=>5", "a=\">5\""),
            ("a=\"~x\"", "a=\"~x\""),
            ("a=\"=5\"", "a=\"=5\""),
            ("a=18446744073709551617", "a=18446744073709551617"),
            ("a[1][2]={\"x\": [1, 2]} tail", "a[1][2]={\"x\":[1,2]}"),
            ("[0].a=true", "[0].a=true"),
            ("a!=1", "a!=1"),
            ("a!={} tail", "a!={}"),
            ("a<-1.5e3", "a<-1.5e3"),
            ("a<=2025-06-03T20:13:23Z", "a<=\"2025-06-03T20:13:23Z\""),
            ("a>\"2025-06-03T20:13:23+02:00\" tail", "a>\"2025-06-03T20:13:23+02:00\""),
            ("a>=0", "a>=0"),
            ("a~^x=[0-9]+$ tail", "a~/^x=[0-9]+$/"),
            ("a~/two  words\\/ b/c/ tail", "a~/two  words\\/ b/c/"),
            ("a~/\"x\"/", "a~/\"x\"/"),
            ("s.\"a.b = c\"[-1].length=2", "s.\"a.b = c\"[-1].length=2"),
            ("a[*].b=present", "a[*].b=present"),
        ] {
            let mut reader = Reader::new(text, &crate::app::command::names::ANY);
            let predicate =
                Predicate::read(&mut reader).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
            assert_eq!(predicate.to_string(), shown);
            assert_eq!(reader.rest(), if text.ends_with("tail") { "tail" } else { "" });
        }
    }

    #[test]
    fn a_comparison_of_another_language_is_no_value() {
        for text in [
            "a=~x", "a==5", "a==", "a~=x", "a!==1", "a===1", "a=~{}", "a=={}", "a<>1", "a!~x", "a!1", "a<<1",
            "a=== ",
        ] {
            let Err(JsonError::Invalid(problem)) = read(text) else { panic!("{text}") };
            assert!(problem.contains(" is no comparison: ") || text == "a==" || text == "a=== ", "{problem}");
        }
    }

    #[test]
    fn what_is_broken_is_named() {
        for (text, problem) in [
            ("a", "\"a\" is no path=value"),
            ("\"a=1\"", "\"\"a=1\"\" is no path=value"),
            ("=1", "the path \"\" is broken: a name is missing"),
            ("a=", "a= needs a value; an empty string is \"\""),
            ("a> 1", "a> needs a value; an empty string is \"\""),
            ("a~", "a~ needs a regular expression"),
            (
                "a.b==1",
                "a.b== is no comparison: there are = != < <= > >= and ~; a text that begins with = or ~ goes in quotes",
            ),
            ("a<x", "a< needs a number, or a time such as 2026-01-31T12:00:00Z, not \"x\""),
            ("a>=absent", "a>= needs a number, or a time such as 2026-01-31T12:00:00Z, not \"absent\""),
            ("a!=absent", "a!=absent is written a=present"),
            ("a!=present", "a!=present is written a=absent"),
            (
                "a[*].b!=1",
                "a[*].b!=: [*] is some element, so that one that differs among many would do; [n] names one, and ! expect with = says that none is it",
            ),
            (
                "a[*]=absent",
                "a[*]=absent: [*] is some element, so that one without it among many would do; [n] names one, and .length=0 says that there is none",
            ),
            (
                "a~\"two words\"",
                "a~ takes no quotes: with spaces or quotes in it, an expression goes between slashes, a~/two words/",
            ),
            ("a~/x", "a~/ does not end with / and a space"),
            ("a~/", "a~/ does not end with / and a space"),
            ("a~/x\n/", "a~/ does not end with / and a space"),
            ("a~//", "a~// is in every text; write a=present"),
            ("a~(x", "a~ is followed by no regular expression that can be used: unclosed group"),
            ("a~\\w{9999}", "a~ is followed by no regular expression that can be used: it is too large"),
        ] {
            assert_eq!(read(text), Err(JsonError::Invalid(problem.into())), "{text}");
        }
        let deep = format!("a={}1{}", "[".repeat(60_000), "]".repeat(60_000));
        let problem = "the value of a cannot be compared: it is nested too deeply";
        assert_eq!(read(&deep), Err(JsonError::Invalid(problem.into())));
        let long = "x".repeat(1000);
        for text in
            [format!("{long}="), format!("{long}=[]]"), format!("{long}..={{"), format!("{long}~({long}")]
        {
            assert!(matches!(read(&text), Err(JsonError::Invalid(problem)) if problem.len() < 300), "{text}");
        }
        assert_eq!(read("a={"), Err(JsonError::Unfinished));
        assert!(matches!(read("a={]"), Err(JsonError::Invalid(_))));
    }
}
