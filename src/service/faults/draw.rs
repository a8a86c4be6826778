//! Chance, the same in every run: a draw depends on nothing but what is drawn for.

use ring::digest::{Context, SHA256};

use crate::wire::fault::Chance;

/// Whether the `count`th of a client's own messages that fit a fault is struck by it.
///
/// Messages of other clients do not shift it, nor does what other faults draw.
pub(super) fn is_drawn(chance: Chance, fault: u64, client_id: &str, count: u64) -> bool {
    let mut digest = Context::new(&SHA256);
    for number in [chance.seed, fault, count] {
        digest.update(&number.to_be_bytes());
    }
    digest.update(client_id.as_bytes());
    let drawn = digest.finish();
    let drawn = drawn.as_ref().iter().take(8).fold(0, |number, byte| number << 8 | u128::from(*byte));
    (drawn * 100) >> 64 < u128::from(chance.percent)
}
