//! What belongs to a record is kept with it, and forgotten with it.

use serde_json::json;
use uuid::Uuid;

use super::bench::{ARN, from};
use super::kept::{Kept, settings};
use super::operate::done;
use super::registry_operations::{CERTIFICATES, POLICY};
use crate::service::state::credentials::attachments::PolicyTargetRequest;
use crate::service::state::{Outcome, State};
use crate::service::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

struct Account {
    state: State,
    kept: Kept,
}

impl Account {
    /// Does what must be accepted, and keeps what it touches.
    #[track_caller]
    fn take<T>(&mut self, operation: impl FnOnce(&mut State) -> Outcome<T>) {
        let (reply, effects) = done(operation(&mut self.state));
        reply.unwrap();
        self.kept.take(&self.state, &effects.touched);
        self.kept.assert_is_of(&self.state);
    }
}

#[test]
fn tags_and_attached_policies_come_and_go_with_what_they_belong_to() {
    let state = State::new(settings());
    let mut account = Account { kept: Kept::of(&state), state };
    let empty = account.kept.rows().count();
    let tags = json!([{ "Key": "k", "Value": "v" }]);
    let tagged = |mut body: serde_json::Value| {
        body["tags"] = tags.clone();
        body
    };
    let (pem, id) = &CERTIFICATES[0];
    let to = |target: &str| PolicyTargetRequest { target: Some(format!("{ARN}{target}")) };
    account.take(|state| state.create_thing_group(NOW, "G", Uuid::from_u128(1), from(tagged(json!({})))));
    account.take(|state| state.create_thing_type(NOW, "Y", Uuid::from_u128(2), from(tagged(json!({})))));
    account.take(|state| state.create_job_template(NOW, "E", from(tagged(json!({ "document": "{}" })))));
    let job = json!({ "document": "{}", "targets": [format!("{ARN}thinggroup/G")] });
    account.take(|state| state.create_job(NOW, "J", from(tagged(job))));
    account.take(|state| state.create_policy(NOW, "P", from(tagged(json!({ "policyDocument": POLICY })))));
    account.take(|state| state.register_certificate(NOW, false, &from(json!({ "certificatePem": pem }))));
    account.take(|state| state.attach_policy("P", &to(&format!("cert/{id}"))));
    account.take(|state| state.attach_policy("P", &to("thinggroup/G")));

    account.take(|state| state.delete_certificate(id, true));
    account.take(|state| state.delete_thing_group(NOW, "G", None));
    account.take(|state| state.delete_policy("P"));
    account.take(|state| state.delete_job(NOW, "J", true));
    account.take(|state| state.delete_job_template("E"));
    account.take(|state| state.deprecate_thing_type(NOW, "Y", &from(json!({}))));
    account.take(|state| state.delete_thing_type(NOW.plus_minutes(5), "Y"));
    assert_eq!(account.kept.rows().count(), empty, "nothing is left");
}
