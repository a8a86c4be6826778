//! Random operations and restarts in between: an account that is taken up again from its rows is the same, and goes
//! on as if nothing had happened.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde_json::Value;
use uuid::Uuid;

use super::kept::{Kept, image, settings};
use super::operate::operate;
use super::operations::{GROUPS, Op, THINGS, op};
use super::registry_operations::{self, RegistryOp, registry_op};
use crate::service::state::{Effects, State};
use crate::service::time::Timestamp;

/// One thing that may happen to the service.
#[derive(Debug, Clone)]
enum Step {
    Op(Op),
    Registry(RegistryOp),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![6 => op().prop_map(Step::Op), 4 => registry_op().prop_map(Step::Registry), 2 => Just(Step::Restart)]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("seeds"))),
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_account_goes_on_after_any_restart_as_if_there_had_been_none(steps in prop::collection::vec(step(), 1..60)) {
        let mut pair = RestartedPair::new();
        for index in 0..THINGS.len() {
            pair.take(&Step::Op(Op::CreateThing(index)))?;
        }
        for index in 0..GROUPS.len() {
            pair.take(&Step::Op(Op::CreateGroup(index)))?;
        }
        for step in &steps {
            pair.take(step)?;
        }
        pair.take(&Step::Restart)?;
    }
}

/// An account that is restarted, and one that is not.
struct RestartedPair {
    restarted: State,
    other: State,
    kept: Kept,
    now: Timestamp,
    created: u128,
}

impl RestartedPair {
    fn new() -> Self {
        let (restarted, other) = (State::new(settings()), State::new(settings()));
        let now = Timestamp::from_millis(1_750_000_000_123);
        Self { kept: Kept::of(&restarted), restarted, other, now, created: 0 }
    }

    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.created += 1;
        let (now, id) = (self.now, Uuid::from_u128(self.created));
        if let Step::Restart = step {
            self.restarted = self.kept.restore();
            prop_assert_eq!(image(&self.restarted), image(&self.other));
            return Ok(());
        }
        let act = |state: &mut State| match step {
            Step::Op(op) => operate(state, now, id, op),
            Step::Registry(op) => registry_operations::operate(state, now, id, op),
            Step::Restart => (Ok(Value::Null), Effects::default()),
        };
        let (reply, effects) = act(&mut self.restarted);
        let (other_reply, other_effects) = act(&mut self.other);
        prop_assert_eq!(&reply, &other_reply, "reply to {:?}", step);
        prop_assert_eq!(told(&effects), told(&other_effects), "what follows from {:?}", step);
        self.kept.take(&self.restarted, &effects.touched);
        self.kept.assert_is_of(&self.restarted);
        if let Step::Op(Op::Advance { seconds, .. }) = step {
            self.now = Timestamp::from_millis(now.millis() + seconds * 1000);
        }
        Ok(())
    }
}

fn told(effects: &Effects) -> String {
    format!("{:?} {:?}", effects.events, effects.ended_certificates)
}
