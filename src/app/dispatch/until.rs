//! `--until`: a command that reads is asked again until its answer fits.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::limiter::Plane;
use super::outcome::{Answered, CommandError};
use super::{CommandOutcome, Dispatcher, Failure};
use crate::app::command::{Command, Goal, Until};
use crate::app::expect;

/// How long to wait before asking again for the first time; each time it is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// How long to wait before asking again at most.
const MAX_WAIT: Duration = Duration::from_secs(1);

impl Dispatcher {
    /// Asks until the answer fits, or the time is over, and shows the last answer alone.
    ///
    /// Events are printed as they come: what only reads causes none that would have to come after the answer.
    pub(super) async fn ask_until(
        &self,
        command: &Command,
        until: &Until,
        number: Option<usize>,
    ) -> CommandOutcome {
        let deadline = Instant::now() + until.within;
        let mut wait = FIRST_WAIT;
        loop {
            // Once more when the time is over: only then is it certain that it has not come to pass.
            let is_last = Instant::now() >= deadline;
            let answer = self.ask_in_turn(command).await;
            if let Err(CommandError::Failed(failure)) = answer {
                return CommandOutcome::Failed(failure);
            }
            let missing = missing(&until.goal, &answer);
            if missing.is_none() || is_last {
                self.conclude(command, number, answer).await;
                self.connections.settle(None, None).await;
                return missing.map_or(CommandOutcome::Passed, |missing| late(until, missing));
            }
            sleep_until(deadline.min(Instant::now() + wait)).await;
            wait = MAX_WAIT.min(wait * 2);
        }
    }

    /// Asks once, when it is its turn.
    async fn ask_in_turn(&self, command: &Command) -> Result<Answered, CommandError> {
        let plane = match command {
            Command::GetPendingJobExecutions { .. } | Command::DescribeJobExecution(..) => Plane::Data,
            _ => Plane::Control,
        };
        self.limiter.turn(plane).await;
        let before = self.control_plane.answers();
        let answer = self.answer_to(command).await;
        let pages = self.control_plane.answers() - before;
        self.limiter.also_sent(
            Plane::Control,
            u32::try_from(pages).map_or(u32::MAX, |pages| pages.saturating_sub(1)),
        );
        answer
    }
}

/// What an answer, or a refusal, has instead of what is awaited; `None` if it is that.
fn missing(goal: &Goal, answer: &Result<Answered, CommandError>) -> Option<String> {
    match (goal, answer) {
        (Goal::Fits(predicates), Ok(Answered { message, .. })) => {
            let unmet = expect::unmet(predicates, message.body.as_deref());
            (!unmet.is_empty()).then(|| format!("{}: {}", message.title, unmet.join("; ")))
        }
        (Goal::Refused, Ok(Answered { message, .. })) => Some(message.title.clone()),
        (Goal::Fits(_), Err(CommandError::Refused { refusal, .. })) => Some(refusal.text.clone()),
        (Goal::Refused, Err(CommandError::Refused { .. })) => None,
        (_, Err(CommandError::Failed(failure))) => Some(failure.what.clone()),
    }
}

fn late(until: &Until, missing: String) -> CommandOutcome {
    let within = humantime::format_duration(until.within);
    let what = format!("awaited {} for {within}; this was the last answer:", until.goal);
    CommandOutcome::Failed(Failure { details: vec![missing], ..Failure::new("NotAsExpected", what) })
}
