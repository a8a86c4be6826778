//! `expect`: how long it waits, and what it says.

use std::time::Duration;

use super::{CommandOutcome, Dispatcher, Failure};
use crate::app::command::{Expectation, table, titles};
use crate::app::output::json_text;
use crate::app::output::message::{Message, MessageKind};
use crate::app::transcript::ExpectOutcome;

/// How long `expect` waits by default. AWS's events arrive a second or two after their cause.
const DEFAULT_WITHIN: Duration = Duration::from_secs(5);

impl Dispatcher {
    pub(super) async fn expect(
        &self,
        expectation: &Expectation,
        negated: bool,
        number: Option<usize>,
    ) -> CommandOutcome {
        let is_event = table::EVENTS.contains(&expectation.title.as_str()) || expectation.is_kept();
        if let Some(why) = self.cannot_come(expectation, is_event).await {
            let details = self.transcript.too_early(expectation).into_iter().collect();
            let failure = Failure { details, ..Failure::new("NotAsExpected", why) };
            return self.judged(expectation, number, Some(failure));
        }
        let within = match expectation.within {
            // Only a command brings an answer, and it has brought it by now.
            _ if !is_event => Duration::ZERO,
            Some(within) => within,
            // All that the session's own commands caused has been printed.
            None if negated && (self.is_alone)() => Duration::ZERO,
            None => DEFAULT_WITHIN,
        };
        let outcome = tokio::select! {
            outcome = self.transcript.expect(expectation, within) => outcome,
            () = self.over(expectation) => {
                self.connections.settle_arrived().await;
                self.transcript.expect(expectation, Duration::ZERO).await
            }
        };
        let failure = match (outcome, negated) {
            (ExpectOutcome::Found(_), false) | (ExpectOutcome::Missing { forgotten: 0, .. }, true) => None,
            (ExpectOutcome::Missing { forgotten, .. }, true) => {
                let why = format!(
                    "! expect {expectation}: {forgotten} messages had to be forgotten, it may have been among them"
                );
                Some(Failure::new("NotAsExpected", why))
            }
            (ExpectOutcome::Missing { what, instead, .. }, false) => {
                Some(Failure { details: instead, ..Failure::new("NotAsExpected", what) })
            }
            (ExpectOutcome::Found(message), true) => {
                let body = json_text::compact(message.body.as_deref().unwrap_or("null"));
                Some(Failure::new("NotAsExpected", format!("! expect {expectation}, but it came: {body}")))
            }
        };
        self.judged(expectation, number, failure)
    }

    /// Why a message with this title cannot have come; `None` if it can.
    async fn cannot_come(&self, expectation: &Expectation, is_event: bool) -> Option<String> {
        match titles::find(&expectation.title) {
            // One has come: it could.
            Some(kind) if self.transcript.has(kind.title) => None,
            Some(kind) => self.nothing_brings(kind).await,
            None if expectation.is_of_fault() => self.nothing_strikes().await,
            None if is_event => None,
            None => self.last_command.lacks(&expectation.title),
        }
    }

    /// Returns once no more such messages will come.
    async fn over(&self, expectation: &Expectation) {
        if expectation.is_of_fault() {
            // That comes on no connection.
            std::future::pending::<()>().await;
        } else if expectation.is_kept() {
            self.topics.over().await;
        } else {
            self.things.current().client.over().await;
        }
    }

    /// Says how an `expect` went.
    fn judged(
        &self,
        expectation: &Expectation,
        number: Option<usize>,
        failure: Option<Failure>,
    ) -> CommandOutcome {
        let words = failure.as_ref().map_or_else(String::new, Failure::one_line);
        let body = serde_json::json!({ "passed": failure.is_none(), "message": words }).to_string();
        let message = Message::new(MessageKind::Expect, expectation.title.clone(), Some(body));
        self.printer().message(&Message { line: number, ..message });
        failure.map_or(CommandOutcome::Passed, CommandOutcome::Unexpected)
    }
}
