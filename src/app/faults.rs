//! What faults of the local service have struck, printed as events are; a session hears of it from its first `fault` on.
//!
//! The service counts its strikes, so that nothing is told twice, and what is lost is noticed.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::app::command::titles::FAULT_INJECTED;
use crate::app::output::message::{Message, MessageKind};
use crate::app::transcript::{Arrival, Incident, Passed, Source, Transcript};
use crate::client::sandbox::{self, Sandbox, Strikes};

/// How long the service keeps a request until a fault strikes.
const LONG_POLL: Duration = Duration::from_secs(20);

/// How long to wait before asking again where that brought nothing.
const PAUSE: Duration = Duration::from_millis(100);

/// How many answers are asked for in a row: enough for all strikes that the service keeps.
const MAX_ANSWERS: usize = 20;

/// What faults have struck, in order.
#[derive(Debug)]
pub(crate) struct FaultFeed {
    sandbox: Sandbox,
    transcript: Transcript,
    source: Source,
    heard: Mutex<Heard>,
}

/// How far the session has heard.
#[derive(Debug)]
struct Heard {
    /// Which service: another one after each start.
    service: String,
    /// The number of its last strike.
    strike: u64,
    /// How many strikes have been handed in, of whichever service.
    count: u64,
}

impl FaultFeed {
    /// From here on, whatever was struck before.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub(crate) async fn begin(sandbox: Sandbox, transcript: Transcript) -> Result<Self, sandbox::Error> {
        let Strikes { service, last, .. } = sandbox.struck(u64::MAX, Duration::ZERO).await?;
        let source = transcript.add_source();
        Ok(Self { sandbox, transcript, source, heard: Mutex::new(Heard { service, strike: last, count: 0 }) })
    }

    /// That all has been handed in which was struck, since `before` were.
    pub(crate) fn passed(&self, before: u64) -> Passed {
        Passed { source: self.source, before, after: self.count() }
    }

    /// How many strikes have been handed in.
    pub(crate) fn count(&self) -> u64 {
        self.heard().count
    }

    /// Hands in all that has been struck so far.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub(crate) async fn catch_up(&self) -> Result<(), sandbox::Error> {
        for _ in 0..MAX_ANSWERS {
            if self.ask(Duration::ZERO).await? {
                break;
            }
        }
        Ok(())
    }

    /// Hands in what is struck, for ever.
    pub(crate) async fn follow(&self) {
        let mut wait = LONG_POLL;
        loop {
            let before = self.count();
            let asked = self.ask(wait).await;
            // A service that was started anew has other numbers to wait for, which it tells at once.
            wait = if asked.is_ok() { LONG_POLL } else { Duration::ZERO };
            if self.count() == before {
                sleep(PAUSE).await;
            }
            self.transcript.until_there_is_room().await;
            self.transcript.printer().flush().await;
        }
    }

    /// Asks once; returns whether that was all.
    async fn ask(&self, wait: Duration) -> Result<bool, sandbox::Error> {
        let (service, after) = {
            let heard = self.heard();
            (heard.service.clone(), heard.strike)
        };
        let strikes = self.sandbox.struck(after, wait).await?;
        Ok(self.hear(&service, strikes))
    }

    /// Hands in what is new in an answer; returns whether that was all. `asked` is the service that was meant.
    fn hear(&self, asked: &str, strikes: Strikes) -> bool {
        let mut heard = self.heard();
        if asked != heard.service {
            // It is late: another answer has come from the service that was started since.
            return false;
        }
        if strikes.service != heard.service {
            (heard.service, heard.strike) = (strikes.service, 0);
            self.lose("the local service was started anew: what they struck just before may be missing");
            return false;
        }
        for struck in strikes.struck {
            let Some(missing) = struck.number.checked_sub(heard.strike + 1) else { continue };
            if missing > 0 {
                self.lose(&format!("{missing} strikes came faster than they could be told"));
            }
            heard.strike = struck.number;
            heard.count += 1;
            let (number, sequence) = (heard.count, Some(struck.sequence));
            let arrival = Arrival { source: self.source, number, sequence, is_behind: true };
            let body = Value::Object(struck.about).to_string();
            self.transcript.take(arrival, Some(Message::new(MessageKind::Fault, FAULT_INJECTED, Some(body))));
        }
        heard.strike >= strikes.last
    }

    fn lose(&self, why: &str) {
        self.transcript.incident(Incident::new("EventsLost", format!("faults: {why}")));
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::app::output::known_names::KnownNames;
    use crate::app::output::printer::{Memory, Printer};
    use crate::testing::in_time;

    fn feed() -> (FaultFeed, Memory) {
        let (printer, out, _) = Printer::to_memory(true);
        let transcript = Transcript::new(printer, KnownNames::default());
        let source = transcript.add_source();
        let sandbox = Sandbox::new("http://localhost:1", None, PAUSE).unwrap();
        let heard = Mutex::new(Heard { service: "a".to_owned(), strike: 2, count: 0 });
        (FaultFeed { sandbox, transcript, source, heard }, out)
    }

    fn strikes(service: &str, numbers: &[u64], last: u64) -> Strikes {
        let struck = numbers.iter().map(|number| json!({"number": number, "sequence": 7, "on": number}));
        let struck: Vec<Value> = struck.collect();
        serde_json::from_value(json!({"service": service, "last": last, "struck": struck})).unwrap()
    }

    async fn printed(feed: &FaultFeed, out: &Memory) -> Vec<u64> {
        in_time(feed.transcript.settle(&[feed.passed(0)], Some(7))).await;
        in_time(feed.transcript.printer().flush()).await;
        let on = |line: &str| serde_json::from_str::<Value>(line).unwrap()["body"]["on"].as_u64().unwrap();
        out.text().lines().map(on).collect()
    }

    fn lost(feed: &FaultFeed) -> Vec<String> {
        feed.transcript.take_incidents().into_iter().map(|incident| incident.text).collect()
    }

    #[tokio::test]
    async fn each_strike_is_told_once_and_what_is_missing_too() {
        let (feed, out) = feed();
        assert!(!feed.hear("a", strikes("a", &[3, 4], 5)));
        assert!(feed.hear("a", strikes("a", &[4, 5], 5)));
        assert!(feed.hear("a", strikes("a", &[], 5)));
        assert!(lost(&feed).is_empty());
        assert!(feed.hear("a", strikes("a", &[9], 9)));
        assert_eq!(lost(&feed), ["faults: 3 strikes came faster than they could be told"]);
        assert_eq!(printed(&feed, &out).await, [3, 4, 5, 9]);
    }

    #[tokio::test]
    async fn a_service_that_was_started_anew_is_heard_from_its_beginning() {
        let (feed, out) = feed();
        assert!(!feed.hear("a", strikes("b", &[3], 3)), "from its beginning");
        let text = "faults: the local service was started anew: what they struck just before may be missing";
        assert_eq!(lost(&feed), [text]);
        assert!(feed.hear("b", strikes("b", &[1, 2, 3], 3)));
        for (late, numbers) in [("a", &[3, 4][..]), ("b", &[5])] {
            assert!(!feed.hear("a", strikes(late, numbers, 5)));
        }
        assert!(feed.hear("b", strikes("b", &[4], 4)));
        assert!(lost(&feed).is_empty());
        assert_eq!(printed(&feed, &out).await, [1, 2, 3, 4]);
    }
}
