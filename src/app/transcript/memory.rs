//! What `expect` looks at, and what it no longer looks at.

use std::collections::{HashMap, VecDeque};

use crate::app::command::Expectation;
use crate::app::expect;
use crate::app::output::message::{Message, MessageKind};
use crate::app::output::played::Played;
use crate::wire::model::ThingName;

/// How many bytes of messages `expect` can look back at: far more than any sane script needs.
pub(super) const MAX_MEMORY: usize = 64 * 1024 * 1024;

/// How many bytes of messages that `expect` no longer looks at are kept, to say that one came too early.
pub(super) const MAX_PAST: usize = 1024 * 1024;

/// What begins, and so from where on `expect` looks at messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// A command that only reads: its answer counts, and all events that counted before.
    Read,
    /// A command that changes something: its answer and its events count. Messages that name what they are
    /// about, on topics and of faults, count as before.
    Change,
    /// A test: nothing that came before counts.
    Test,
}

/// Each thing has messages of its own: `expect` sees those of the current one, and those on topics, which are of none.
#[derive(Debug)]
pub(super) struct Memory {
    played: Played,
    remembered: VecDeque<Remembered>,
    bytes: usize,
    /// How many messages have been remembered so far.
    count: u64,
    /// How many there was no room for: messages on topics, and those of each thing.
    forgotten_on_topics: usize,
    forgotten: HashMap<Option<ThingName>, usize>,
    /// What no longer counts.
    past: VecDeque<Past>,
    past_bytes: usize,
}

#[derive(Debug)]
struct Remembered {
    number: u64,
    message: Message,
    /// Each message satisfies one expect.
    used: bool,
}

/// A message that no expect used while it could.
#[derive(Debug)]
struct Past {
    message: Message,
    /// The line of the command from which on it counted no longer; `None` at a terminal.
    line: Option<usize>,
}

impl Memory {
    pub(super) fn new(played: Played) -> Self {
        Self {
            played,
            remembered: VecDeque::new(),
            bytes: 0,
            count: 0,
            forgotten_on_topics: 0,
            forgotten: HashMap::new(),
            past: VecDeque::new(),
            past_bytes: 0,
        }
    }

    pub(super) fn remember(&mut self, message: Message) {
        self.bytes += message.size();
        self.count += 1;
        self.remembered.push_back(Remembered { number: self.count, message, used: false });
        while self.bytes > MAX_MEMORY {
            let Some(oldest) = self.remembered.pop_front() else { break };
            self.bytes -= oldest.message.size();
            let forgotten = if is_kept(&oldest.message) {
                &mut self.forgotten_on_topics
            } else {
                self.forgotten.entry(oldest.message.thing).or_default()
            };
            *forgotten += usize::from(!oldest.used);
        }
    }

    /// Something begins, on `line` of a script.
    pub(super) fn begin(&mut self, line: Option<usize>, beginning: Beginning) {
        let current = self.played.current();
        for remembered in std::mem::take(&mut self.remembered) {
            let message = &remembered.message;
            let counts = match beginning {
                Beginning::Read | Beginning::Change if !is_seen(message, current.as_ref()) => true,
                Beginning::Read => is_kept(message) || message.kind == MessageKind::Event,
                Beginning::Change => is_kept(message),
                Beginning::Test => false,
            };
            if counts && !(is_kept(message) && remembered.used) {
                self.remembered.push_back(remembered);
                continue;
            }
            self.bytes -= message.size();
            if !remembered.used {
                self.past_bytes += message.size();
                self.past.push_back(Past { message: remembered.message, line });
            }
        }
        match beginning {
            Beginning::Read => {}
            Beginning::Change => _ = self.forgotten.remove(&current),
            Beginning::Test => {
                self.forgotten_on_topics = 0;
                self.forgotten.clear();
            }
        }
        while self.past_bytes > MAX_PAST {
            let Some(oldest) = self.past.pop_front() else { break };
            self.past_bytes -= oldest.message.size();
        }
    }

    /// How many messages have been remembered so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The first message after so many that is as expected; it satisfies no other expectation.
    pub(super) fn take(&mut self, expectation: &Expectation, after: u64) -> Option<Message> {
        let begin = self.remembered.partition_point(|remembered| remembered.number <= after);
        let current = self.played.current();
        let found = self
            .remembered
            .range_mut(begin..)
            .filter(|remembered| !remembered.used && is_seen(&remembered.message, current.as_ref()))
            .find(|remembered| expect::matches(expectation, &remembered.message))?;
        found.used = true;
        Some(found.message.clone())
    }

    /// Whether a message with this title counts, or did before an expect took it.
    pub(super) fn has(&self, title: &str) -> bool {
        self.seen().any(|message| message.title == title)
    }

    /// What `expect` looks at.
    fn seen(&self) -> impl Iterator<Item = &Message> {
        let current = self.played.current();
        let messages = self.remembered.iter().map(|remembered| &remembered.message);
        messages.filter(move |message| is_seen(message, current.as_ref()))
    }

    /// What was expected, and what came instead, one line per message.
    pub(super) fn explain(&self, expectation: &Expectation) -> (String, Vec<String>) {
        let kept = expectation.is_kept();
        let messages = self.seen().filter(|message| is_kept(message) == kept);
        let (what, mut instead) = expect::explain(expectation, messages);
        instead.extend(self.too_early(expectation));
        let forgotten = self.forgotten(expectation);
        if forgotten > 0 {
            instead.push(format!("and {forgotten} earlier ones that had to be forgotten"));
        }
        (what, instead)
    }

    /// How many messages that the expectation should look at had to be forgotten.
    pub(super) fn forgotten(&self, expectation: &Expectation) -> usize {
        if expectation.is_kept() {
            self.forgotten_on_topics
        } else {
            self.forgotten.get(&self.played.current()).copied().unwrap_or_default()
        }
    }

    /// That a message which was expected came before the command from which on it counts no longer, if it did.
    pub(super) fn too_early(&self, expectation: &Expectation) -> Option<String> {
        let current = self.played.current();
        let mut past = self.past.iter().rev().filter(|past| is_seen(&past.message, current.as_ref()));
        let early = past.find(|past| expect::matches(expectation, &past.message))?;
        Some(match early.line {
            Some(line) => format!("it came too early, before line {line}"),
            None => "it came too early, before a later command".to_owned(),
        })
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.past.len(), self.bytes)
    }
}

/// Whether it is a message of this thing, or of none.
fn is_seen(message: &Message, current: Option<&ThingName>) -> bool {
    message.thing.is_none() || message.thing.as_ref() == current
}

/// Whether a message counts until an expect takes it: it names what it is about.
fn is_kept(message: &Message) -> bool {
    matches!(message.kind, MessageKind::Message | MessageKind::Fault)
}
