//! What `expect` looks at, and what it no longer looks at.

use std::collections::VecDeque;

use crate::app::command::Expectation;
use crate::app::expect;
use crate::app::output::message::{Message, MessageKind};

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

#[derive(Debug, Default)]
pub(super) struct Memory {
    remembered: VecDeque<Remembered>,
    bytes: usize,
    /// How many messages have been remembered so far.
    count: u64,
    /// Those for which there was no room: others, and messages that name what they are about.
    forgotten: [usize; 2],
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
    pub(super) fn remember(&mut self, message: Message) {
        self.bytes += message.size();
        self.count += 1;
        self.remembered.push_back(Remembered { number: self.count, message, used: false });
        while self.bytes > MAX_MEMORY {
            let Some(oldest) = self.remembered.pop_front() else { break };
            self.bytes -= oldest.message.size();
            self.forgotten[usize::from(is_kept(&oldest.message))] += usize::from(!oldest.used);
        }
    }

    /// Something begins, on `line` of a script.
    pub(super) fn begin(&mut self, line: Option<usize>, beginning: Beginning) {
        for remembered in std::mem::take(&mut self.remembered) {
            let message = &remembered.message;
            let counts = match beginning {
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
            Beginning::Change => self.forgotten[0] = 0,
            Beginning::Test => self.forgotten = [0, 0],
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
        let found = self
            .remembered
            .range_mut(begin..)
            .find(|remembered| !remembered.used && expect::matches(expectation, &remembered.message))?;
        found.used = true;
        Some(found.message.clone())
    }

    /// Whether a message with this title counts, or did before an expect took it.
    pub(super) fn has(&self, title: &str) -> bool {
        self.remembered.iter().any(|remembered| remembered.message.title == title)
    }

    /// What was expected, and what came instead, one line per message.
    pub(super) fn explain(&self, expectation: &Expectation) -> (String, Vec<String>) {
        let kept = expectation.is_kept();
        let messages = self.remembered.iter().map(|remembered| &remembered.message);
        let (what, mut instead) =
            expect::explain(expectation, messages.filter(|message| is_kept(message) == kept));
        instead.extend(self.too_early(expectation));
        let forgotten = self.forgotten(expectation);
        if forgotten > 0 {
            instead.push(format!("and {forgotten} earlier ones that had to be forgotten"));
        }
        (what, instead)
    }

    /// How many messages that the expectation should look at had to be forgotten.
    pub(super) fn forgotten(&self, expectation: &Expectation) -> usize {
        self.forgotten[usize::from(expectation.is_kept())]
    }

    /// That a message which was expected came before the command from which on it counts no longer, if it did.
    pub(super) fn too_early(&self, expectation: &Expectation) -> Option<String> {
        let early = self.past.iter().rev().find(|past| expect::matches(expectation, &past.message))?;
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

/// Whether a message counts until an expect takes it: it names what it is about.
fn is_kept(message: &Message) -> bool {
    matches!(message.kind, MessageKind::Message | MessageKind::Fault)
}
