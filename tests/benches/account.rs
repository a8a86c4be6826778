//! An account with a group of things.

use jobs_sandbox::service::state::rollout::RolloutRate;
use jobs_sandbox::service::state::{Settings, State};
use jobs_sandbox::service::time::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_748_952_000_000);

const ARN: &str = "arn:aws:iot:us-east-1:123456789012:";

/// A request from its JSON.
pub(crate) fn from<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

/// A job for `target`, such as `thing/T`.
pub(crate) fn job<T: DeserializeOwned>(target: &str) -> T {
    from(json!({ "targets": [format!("{ARN}{target}")], "document": r#"{"operation":"reboot"}"# }))
}

/// An empty account, in which jobs reach all their things at once.
pub(crate) fn empty() -> State {
    let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
    State::new(settings).rolling_out_at(RolloutRate::Unlimited)
}

pub(crate) fn add_thing(state: &mut State, name: &str) {
    state.create_thing(NOW, name, Uuid::from_u128(1), &from(json!({}))).reply.unwrap();
}

/// Adds a thing group with so many things.
pub(crate) fn add_group(state: &mut State, group: &str, things: usize) {
    state.create_thing_group(NOW, group, Uuid::from_u128(2), from(json!({}))).reply.unwrap();
    for number in 0..things {
        let name = format!("{group}-{number:07}");
        add_thing(state, &name);
        let member = from(json!({ "thingName": name, "thingGroupName": group }));
        state.add_thing_to_thing_group(NOW, &member).reply.unwrap();
    }
}

/// Does all that is due.
pub(crate) fn finish(state: &mut State) {
    while state.next_timeout().is_some_and(|due| due <= NOW) {
        let _ = state.handle_timeout(NOW);
    }
}
