//! Random operations: the state machine does exactly what the naive model does.
//!
//! A failure prints its seed and the shortest sequence that shows it; the sequence becomes a test of its own.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::operations::{Op, THINGS, op};
use super::pair::Pair;

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("seeds"))),
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_sequence_of_operations_goes_as_in_the_naive_model(ops in prop::collection::vec(op(), 1..60)) {
        compare(&ops)?;
    }
}

fn compare(ops: &[Op]) -> Result<(), TestCaseError> {
    let mut pair = Pair::new();
    for (index, op) in ops.iter().enumerate() {
        let (state, naive) = pair.run(op);
        prop_assert_eq!(state.0, naive.0, "reply to operation {} {:?}", index, op);
        prop_assert_eq!(state.1, naive.1, "events of operation {} {:?}", index, op);
        let thing = THINGS[index % THINGS.len()];
        let (state, naive) = pair.look(thing);
        prop_assert_eq!(state, naive, "what is known of {} after operation {} {:?}", thing, index, op);
    }
    for thing in THINGS {
        let (state, naive) = pair.look(thing);
        prop_assert_eq!(state, naive, "what is known of {} in the end", thing);
    }
    Ok(())
}
