//! How much of the trace and of the log waits to be written.
//!
//! Nobody waits for them, so a reader who reads nothing must not make them fill the memory: beyond a bound
//! lines are left out, and how many is said where they would have stood.

use std::sync::{Mutex, PoisonError};

/// Bytes that may wait.
const ROOM: usize = 4 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Asides(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    bytes: usize,
    /// Lines left out behind those that wait; none where nothing waits.
    left_out: u64,
}

impl Asides {
    /// Whether a line of so many bytes may wait to be written. Once one may not, none may until all that
    /// wait are written: so those that are left out stand together.
    pub(super) fn admit(&self, bytes: usize) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = waiting.bytes == 0 || waiting.left_out == 0 && waiting.bytes + bytes <= ROOM;
        if admitted {
            waiting.bytes += bytes;
        } else {
            waiting.left_out += 1;
        }
        admitted
    }

    /// Takes note that so many bytes wait no longer. Returns how many lines are left out at this place.
    pub(super) fn written(&self, bytes: usize) -> u64 {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.bytes -= bytes;
        if waiting.bytes == 0 { std::mem::take(&mut waiting.left_out) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_and_what_is_left_out_is_counted_in_its_place() {
        let asides = Asides::default();
        assert!(asides.admit(2 * ROOM), "one line may always wait");
        assert!(!asides.admit(1));
        assert_eq!(asides.written(2 * ROOM), 1);
        assert!(asides.admit(ROOM / 2) && asides.admit(ROOM / 2));
        assert!(!asides.admit(1));
        assert_eq!(asides.written(ROOM / 2), 0);
        assert!(!asides.admit(1), "the gap goes on until all before it is written");
        assert_eq!(asides.written(ROOM / 2), 2);
        assert!(asides.admit(1));
        assert_eq!(asides.written(1), 0);
    }
}
