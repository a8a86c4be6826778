//! The prompt: the thing that is played, and how many of its job executions are pending.

use std::fmt;
use std::sync::Arc;

use unicode_width::UnicodeWidthStr as _;

use crate::app::output::style::{Style, Theme};

/// The service lists at most this many pending executions.
const MOST_LISTED: usize = 10;

/// The thing, and how much is pending; `None` while that is not known.
type Now = dyn Fn() -> (String, Option<usize>) + Send + Sync;

/// A prompt that tells of the moment at which it is drawn.
#[derive(Clone)]
pub(super) struct Prompt(Arc<Now>);

impl Prompt {
    pub(super) fn new(now: impl Fn() -> (String, Option<usize>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The prompt of a new line.
    pub(super) fn text(&self, theme: Theme) -> String {
        let (thing, pending) = self.0();
        with(&thing, pending.map(count).unwrap_or_default(), theme)
    }

    /// The prompt of a line that is being typed, redrawn: as wide as it was at first, `columns` columns.
    pub(super) fn redrawn(&self, columns: usize, theme: Theme) -> String {
        let (thing, pending) = self.0();
        let room = columns - with(&thing, String::new(), Theme::default()).width().min(columns);
        with(&thing, pending.map(|pending| count_in(room, pending)).unwrap_or_default(), theme)
    }
}

fn with(thing: &str, count: String, theme: Theme) -> String {
    let count = if count.is_empty() { count } else { theme.paint(Style::Faint, &count) };
    format!("{}{count}> ", theme.paint(Style::Strong, thing))
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prompt").field(&self.0()).finish()
    }
}

fn count(pending: usize) -> String {
    let more = if pending >= MOST_LISTED { "+" } else { "" };
    format!(" ({pending}{more} pending)")
}

/// The same in so many columns, or nothing if they are too few to say anything.
fn count_in(columns: usize, pending: usize) -> String {
    let full = count(pending);
    let short = " (+ pending)";
    match columns.checked_sub(full.width()) {
        Some(blanks) => format!(" {}{}", " ".repeat(blanks), full.trim_start()),
        None if columns == short.width() => short.to_owned(),
        None => " ".repeat(columns),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn it_tells_the_thing_and_what_is_pending() {
        let text = |pending| Prompt::new(move || ("MyThing".to_owned(), pending)).text(Theme::default());
        assert_eq!(text(None), "MyThing> ");
        assert_eq!(text(Some(0)), "MyThing (0 pending)> ");
        assert_eq!(text(Some(2)), "MyThing (2 pending)> ");
        assert_eq!(text(Some(10)), "MyThing (10+ pending)> ");
    }

    #[test]
    fn it_tells_of_the_thing_of_the_moment() {
        let things = AtomicUsize::new(0);
        let prompt =
            Prompt::new(move || (format!("Pump{}", things.fetch_add(1, Ordering::Relaxed)), Some(0)));
        assert_eq!(prompt.text(Theme::default()), "Pump0 (0 pending)> ");
        assert_eq!(prompt.text(Theme::default()), "Pump1 (0 pending)> ");
    }

    #[test]
    fn it_follows_the_count_without_changing_its_width() {
        let pending = Arc::new(AtomicUsize::new(0));
        let prompt = {
            let pending = pending.clone();
            Prompt::new(move || ("MyThing".to_owned(), Some(pending.load(Ordering::Relaxed))))
        };
        let redrawn = |columns, count| {
            pending.store(count, Ordering::Relaxed);
            prompt.redrawn(columns, Theme::default())
        };
        let narrow = "MyThing (0 pending)> ".len();
        assert_eq!(redrawn(narrow, 3), "MyThing (3 pending)> ");
        assert_eq!(redrawn(narrow, 10), "MyThing (+ pending)> ");
        let wide = "MyThing (10+ pending)> ".len();
        assert_eq!(redrawn(wide, 10), "MyThing (10+ pending)> ");
        assert_eq!(redrawn(wide, 9), "MyThing   (9 pending)> ");
        assert_eq!(redrawn("MyThing> ".len(), 3), "MyThing> ");
    }
}
