//! Each choice where AWS is silent: what the service does, and what changes with the choice.

mod devices;
mod jobs;
mod windows;

use serde_json::{Value, json};

use super::bench::{Bench, from};
use crate::service::choices::Choices;
use crate::service::state::Rejected;

/// What `play` comes to in a service that knows the thing `T` and its group `G`: as it is, and with another choice.
fn both<T>(choose: impl FnOnce(&mut Choices), play: impl Fn(&mut Bench) -> T) -> (T, T) {
    let mut other = Choices::default();
    choose(&mut other);
    assert_ne!(other, Choices::default());
    let run = |choices| {
        let mut bench = Bench::choosing(choices, ["T"]);
        let group = bench.state.create_thing_group(bench.now, "G", uuid::Uuid::from_u128(1), from(json!({})));
        bench.take(group).unwrap();
        play(&mut bench)
    };
    (run(Choices::default()), run(other))
}

impl Bench {
    /// The code with which an update of thing `T` to `status` is refused, if it is.
    fn refusal(&mut self, job: &str, status: &str) -> Option<String> {
        self.device(&format!("{job}/update"), json!({ "status": status })).err()
    }

    /// Creates a job for thing `T`.
    fn for_thing(&mut self, job: &str, more: Value) {
        self.create(job, "thing/T", more).unwrap();
    }

    fn join(&mut self) {
        let request = from(json!({ "thingName": "T", "thingGroupName": "G" }));
        let outcome = self.state.add_thing_to_thing_group(self.now, &request);
        self.take(outcome).unwrap();
    }

    fn leave(&mut self) {
        let request = from(json!({ "thingName": "T", "thingGroupName": "G" }));
        let outcome = self.state.remove_thing_from_thing_group(self.now, &request);
        self.take(outcome).unwrap();
    }

    fn cancel(&mut self, job: &str) -> Result<Value, Rejected> {
        let outcome = self.state.cancel_job(self.now, job, false, from(json!({})));
        self.take(outcome)
    }

    fn cancel_execution(&mut self, job: &str, more: Value) -> Result<Value, Rejected> {
        let outcome = self.state.cancel_job_execution(self.now, "T", job, true, from(more));
        self.take(outcome)
    }
}
