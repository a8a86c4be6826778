//! How many notices wait to be written: hints, and lines of the trace and of the log.
//!
//! Nothing slows down whoever prints them, so a stalled reader must not make them fill the memory: beyond a
//! limit they are dropped, and a line in their place says how many.

use std::sync::{Mutex, PoisonError};

/// How many bytes may wait.
const LIMIT: usize = 4 * 1024 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Backlog(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    bytes: usize,
    /// Lines dropped after those that wait; 0 if none wait.
    left_out: u64,
}

impl Backlog {
    /// Whether a line of this length may wait to be written. Once one may not, none may until all that
    /// wait are written, so that each gap is a single one.
    pub(crate) fn admit(&self, bytes: usize) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = waiting.bytes == 0 || waiting.left_out == 0 && waiting.bytes + bytes <= LIMIT;
        if admitted {
            waiting.bytes += bytes;
        } else {
            waiting.left_out += 1;
        }
        admitted
    }

    /// Records that this many bytes have been written. Returns how many lines were dropped after them.
    pub(crate) fn written(&self, bytes: usize) -> u64 {
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
        let backlog = Backlog::default();
        assert!(backlog.admit(2 * LIMIT), "one line may always wait");
        assert!(!backlog.admit(1));
        assert_eq!(backlog.written(2 * LIMIT), 1);
        assert!(backlog.admit(LIMIT / 2) && backlog.admit(LIMIT / 2));
        assert!(!backlog.admit(1));
        assert_eq!(backlog.written(LIMIT / 2), 0);
        assert!(!backlog.admit(1), "the gap goes on until all before it is written");
        assert_eq!(backlog.written(LIMIT / 2), 2);
        assert!(backlog.admit(1));
        assert_eq!(backlog.written(1), 0);
    }
}
