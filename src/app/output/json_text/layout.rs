//! JSON laid out for people, over several lines.

use super::tokens::{TokenKind, is_user_content, tokens};
use crate::app::output::escape;
use crate::app::output::style::{Style, Theme};
use crate::app::output::times;

/// Anything nested deeper is put on one line: indented, a hostile document of 128 KiB would fill
/// gigabytes.
const MAX_INDENTED_DEPTH: usize = 64;

/// Lists nested deeper are not abridged, since each level takes another pass over its content.
const MAX_ABRIDGED_DEPTH: usize = 4;

/// Members that hold a time of the service, in epoch seconds, or in events in milliseconds.
const TIMES: [&str; 8] = [
    "\"timestamp\"",
    "\"queuedAt\"",
    "\"startedAt\"",
    "\"lastUpdatedAt\"",
    "\"createdAt\"",
    "\"completedAt\"",
    "\"creationDate\"",
    "\"lastModifiedDate\"",
];

/// Whether a member, its name in quotes, holds a time of the service.
#[must_use]
pub(crate) fn is_time(key: &str) -> bool {
    TIMES.contains(&key)
}

/// How [`pretty`] lays JSON out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Layout {
    /// Colors.
    pub theme: Theme,
    /// The current time in epoch milliseconds, at a terminal: the service's times then also say how long ago
    /// they were, and have no fractions of a second.
    pub now: Option<i64>,
}

/// `json` over several lines, indented by two spaces, with the service's own times as RFC 3339.
#[must_use]
pub(crate) fn pretty(json: &str, layout: Layout) -> String {
    lay_out(json, PrettyFormatter::new(layout))
}

/// Like [`pretty`], but with only the first and the last entry of each list of objects, and how many are left
/// out: of pending executions, the next one and the newest one.
#[must_use]
pub(crate) fn abridged(json: &str, layout: Layout) -> String {
    lay_out(json, PrettyFormatter { abridges: true, ..PrettyFormatter::new(layout) })
}

/// Like [`pretty`], for a job document, which has no times of the service.
#[must_use]
pub(crate) fn document(json: &str, layout: Layout) -> String {
    lay_out(json, PrettyFormatter { user_content: Some(OUTSIDE), ..PrettyFormatter::new(layout) })
}

fn lay_out(json: &str, mut formatter: PrettyFormatter) -> String {
    formatter.out.reserve(json.len() * 2);
    let mut tokens = tokens(json).peekable();
    let mut key: Option<&str> = None;
    let mut middle: Option<Middle> = None;
    while let Some(token) = tokens.next() {
        if let Some(middle) = middle.take_if(|middle| middle.start == token.start) {
            formatter.leave_out(middle.count);
            while tokens.next_if(|next| next.start < middle.end).is_some() {}
            continue;
        }
        match token.kind {
            TokenKind::Open => {
                formatter.open(token.text, key);
                if middle.is_none() && formatter.may_abridge() {
                    middle = Middle::of(json, token.start);
                }
                let closes_at_once = tokens.next_if(|next| next.kind == TokenKind::Close);
                match closes_at_once {
                    Some(close) => formatter.close(close.text, true),
                    None => formatter.new_line(),
                }
            }
            TokenKind::Close => formatter.close(token.text, false),
            TokenKind::Separator if token.text == "," => {
                formatter.out.push(',');
                formatter.new_line();
            }
            TokenKind::Separator => formatter.out.push_str(if formatter.is_indented() { ": " } else { ":" }),
            TokenKind::Key => formatter.paint(Style::Key, token.text),
            TokenKind::Text => formatter.paint(Style::Text, token.text),
            TokenKind::Value => formatter.value(token.text, key),
        }
        key = match token.kind {
            TokenKind::Key => Some(token.text),
            TokenKind::Separator => key,
            _ => None,
        };
    }
    formatter.out
}

/// A depth that no nesting returns to: all of the text is the user's.
const OUTSIDE: usize = usize::MAX;

struct PrettyFormatter {
    layout: Layout,
    out: String,
    depth: usize,
    /// The depth at which the user's content began, while inside it.
    user_content: Option<usize>,
    abridges: bool,
}

/// The part of a list to leave out.
struct Middle {
    /// Where the second entry begins, in bytes.
    start: usize,
    /// Where the last entry begins.
    end: usize,
    /// How many entries it has.
    count: usize,
}

impl Middle {
    /// The middle of the list that begins at `start`; `None` if it is short, or holds anything but objects.
    fn of(json: &str, start: usize) -> Option<Self> {
        let mut entries = Vec::new();
        let mut depth = 0_usize;
        for token in tokens(&json[start..]) {
            match token.kind {
                TokenKind::Open => {
                    match (depth, token.text) {
                        (0, "[") | (2.., _) => {}
                        (1, "{") => entries.push(start + token.start),
                        _ => return None,
                    }
                    depth += 1;
                }
                TokenKind::Close if depth <= 1 => break,
                TokenKind::Close => depth -= 1,
                TokenKind::Key | TokenKind::Text | TokenKind::Value if depth == 1 => return None,
                TokenKind::Separator | TokenKind::Key | TokenKind::Text | TokenKind::Value => {}
            }
        }
        match entries[..] {
            [_, start, .., end] => Some(Self { start, end, count: entries.len() - 2 }),
            _ => None,
        }
    }
}

impl PrettyFormatter {
    fn new(layout: Layout) -> Self {
        Self { layout, out: String::new(), depth: 0, user_content: None, abridges: false }
    }

    fn may_abridge(&self) -> bool {
        self.abridges && self.user_content.is_none() && self.depth <= MAX_ABRIDGED_DEPTH
    }

    fn leave_out(&mut self, count: usize) {
        let mark = if self.layout.theme.unicode { "…" } else { "..." };
        self.layout.theme.push(Style::Faint, &format!("{mark} {count} more"), &mut self.out);
        self.new_line();
    }

    fn is_indented(&self) -> bool {
        self.depth <= MAX_INDENTED_DEPTH
    }

    fn paint(&mut self, style: Style, text: &str) {
        self.layout.theme.push(style, &escape::json(text), &mut self.out);
    }

    fn open(&mut self, bracket: &str, key: Option<&str>) {
        if self.user_content.is_none() && key.is_some_and(is_user_content) {
            self.user_content = Some(self.depth);
        }
        self.out.push_str(bracket);
        self.depth += 1;
    }

    fn close(&mut self, bracket: &str, empty: bool) {
        let was_indented = self.is_indented();
        self.depth = self.depth.saturating_sub(1);
        if self.user_content == Some(self.depth) {
            self.user_content = None;
        }
        if !empty && was_indented {
            self.new_line();
        }
        self.out.push_str(bracket);
    }

    fn new_line(&mut self) {
        if self.is_indented() {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    fn value(&mut self, text: &str, key: Option<&str>) {
        let is_time = self.user_content.is_none() && key.is_some_and(is_time);
        let time = if is_time { times::millis(text) } else { None };
        let exact = |millis| if self.layout.now.is_some() { times::whole_second(millis) } else { millis };
        let Some((millis, spelled)) = time.and_then(|millis| Some((millis, times::rfc3339(exact(millis))?)))
        else {
            return self.paint(Style::Value, text);
        };
        self.paint(Style::Value, &format!("\"{spelled}\""));
        if let Some(now) = self.layout.now {
            self.layout.theme.push(
                Style::Faint,
                &format!(" ({})", times::distance(millis, now)),
                &mut self.out,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::app::output::json_text::{compact, highlight};
    use crate::app::output::style::Theme;

    fn plain(json: &str) -> String {
        pretty(json, Layout::default())
    }

    #[test]
    fn pretty_keeps_order_digits_and_escapes() {
        assert_eq!(
            plain(r#"{"b":1.50,"a":["\u00e9\/",-0,1e5],"e":{},"l":[]}"#),
            "{\n  \"b\": 1.50,\n  \"a\": [\n    \"\\u00e9\\/\",\n    -0,\n    1e5\n  ],\n  \"e\": {},\n  \"l\": []\n}"
        );
        assert_eq!(plain("3"), "3");
    }

    #[test]
    fn the_services_own_times_are_spelled_out() {
        assert_eq!(plain(r#"{"timestamp":1748981603}"#), "{\n  \"timestamp\": \"2025-06-03T20:13:23Z\"\n}");
        assert_eq!(
            plain(r#"{"createdAt":1560279201.123}"#),
            "{\n  \"createdAt\": \"2019-06-11T18:53:21.123Z\"\n}"
        );
        assert_eq!(plain(r#"{"createdAt":1.5602792E9}"#), "{\n  \"createdAt\": \"2019-06-11T18:53:20Z\"\n}");
    }

    #[test]
    fn times_of_the_user_and_impossible_ones_stay_numbers() {
        for json in [
            r#"{"execution":{"jobDocument":{"timestamp":1748981603,"x":{"queuedAt":1}},"statusDetails":{"startedAt":2}}}"#,
            r#"{"timestamp":1e300}"#,
            r#"{"timestamp":"1748981603"}"#,
            r#"{"timestamp":[1748981603]}"#,
            r#"{"versionNumber":1748981603}"#,
        ] {
            assert_eq!(compact(&plain(json)), json);
        }
        let after = plain(r#"{"jobDocument":{"a":[1]},"queuedAt":0}"#);
        assert!(after.contains("1970-01-01T00:00:00Z"), "{after}");
    }

    #[test]
    fn a_time_says_how_long_ago_it_was() {
        let layout = Layout { now: Some(1_748_981_603_500), ..Layout::default() };
        assert_eq!(
            pretty(r#"{"queuedAt":1748981600}"#, layout),
            "{\n  \"queuedAt\": \"2025-06-03T20:13:20Z\" (3 s ago)\n}"
        );
    }

    #[test]
    fn fractions_of_a_second_are_for_machines() {
        let json = r#"{"createdAt":1560279201.99}"#;
        assert!(plain(json).contains("\"2019-06-11T18:53:21.99Z\""));
        let layout = Layout { now: Some(1_560_279_202_000), ..Layout::default() };
        assert!(pretty(json, layout).contains("\"2019-06-11T18:53:21Z\" (now)"));
    }

    #[test]
    fn of_a_list_the_ends_are_shown() {
        let jobs = |ids: std::ops::Range<usize>| {
            let jobs: Vec<String> = ids.map(|n| format!(r#"{{"jobId":"{n}","l":[{{}}]}}"#)).collect();
            format!(r#"{{"jobs":{{"QUEUED":[{}]}},"timestamp":0}}"#, jobs.join(","))
        };
        let short = jobs(0..2);
        assert_eq!(abridged(&short, Layout::default()), plain(&short));
        assert_eq!(abridged("[{},{},{},{},1]", Layout::default()), plain("[{},{},{},{},1]"));
        let mark = |unicode| Layout { theme: Theme { color: false, unicode }, now: None };
        let all = plain(&jobs(0..10));
        let (first, rest) = all.split_once("      {\n        \"jobId\": \"1\"").unwrap();
        let last =
            rest.split_once("\"8\"").unwrap().1.split_once("      {\n        \"jobId\": \"9\"").unwrap().1;
        for (unicode, left_out) in [(true, "… 8 more"), (false, "... 8 more")] {
            assert_eq!(
                abridged(&jobs(0..10), mark(unicode)),
                format!("{first}      {left_out}\n      {{\n        \"jobId\": \"9\"{last}")
            );
        }
    }

    #[test]
    fn each_list_of_objects_is_abridged_and_none_of_the_users() {
        let long = "[{},{},{},{},{}]";
        let counted = |json: &str| abridged(json, Layout::default()).matches("... 3 more").count();
        assert_eq!(counted(&format!(r#"{{"IN_PROGRESS":{long},"QUEUED":{long}}}"#)), 2);
        assert_eq!(counted(&format!(r#"{{"execution":{{"jobDocument":{long}}}}}"#)), 0);
        assert_eq!(counted(&format!(r#"{{"execution":{{"jobDocument":{{"steps":{long}}}}}}}"#)), 0);
    }

    #[test]
    fn nothing_in_a_document_is_a_time_of_the_service() {
        let json = r#"{"timestamp":1,"queuedAt":{"x":[]},"startedAt":2}"#;
        assert_eq!(compact(&document(json, Layout { now: Some(0), ..Layout::default() })), json);
    }

    #[test]
    fn deep_nesting_costs_neither_stack_nor_gigabytes() {
        let depth = 60_000;
        let json = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(compact(&json), json);
        assert!(plain(&json).len() < json.len() + 20_000);
        assert_eq!(abridged(&json, Layout::default()), plain(&json));
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((".*", inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn both_layouts_are_the_same_json(value in json()) {
            let spaced = serde_json::to_string_pretty(&value).unwrap();
            let one_line = compact(&spaced);
            prop_assert_eq!(&serde_json::from_str::<Value>(&one_line).unwrap(), &value);
            prop_assert_eq!(serde_json::from_str::<Value>(&plain(&one_line)).unwrap(), value);
            prop_assert!(!one_line.contains(escape::is_unsafe));
            prop_assert_eq!(compact(&plain(&one_line)), one_line);
        }

        #[test]
        fn any_text_is_taken_without_panic_or_danger(text in ".*") {
            prop_assert!(!compact(&text).contains(escape::is_unsafe));
            for shown in [plain(&text), abridged(&text, Layout::default()), document(&text, Layout::default())] {
                prop_assert!(!shown.contains(|c| c != '\n' && escape::is_unsafe(c)));
            }
            prop_assert_eq!(highlight(&text, Theme::default()), text);
        }
    }
}
