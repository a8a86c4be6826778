//! The trace: a line for every message and every control-plane call, in both directions.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where the lines of the trace go while it is on. Clones are switched together.
#[derive(Clone)]
pub struct Trace {
    on: Arc<AtomicBool>,
    write: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Trace {
    /// A trace that calls `write` with one line at a time.
    pub fn new(on: bool, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { on: Arc::new(on.into()), write: Arc::new(write) }
    }

    /// A trace that stays off.
    #[must_use]
    pub fn off() -> Self {
        Self::new(false, |_| ())
    }

    /// Switches it on or off.
    pub fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    /// Writes a line, which is only made while the trace is on. It must contain no key, token or credential.
    pub fn write(&self, line: impl FnOnce() -> String) {
        if self.on.load(Ordering::Relaxed) {
            (self.write)(&line());
        }
    }
}

/// A message as a line of the trace; `arrow` points from or to the service.
pub(super) fn message_line(arrow: &str, topic: &str, payload: &[u8]) -> String {
    format!("{arrow} {topic} {}", String::from_utf8_lossy(payload))
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("on", &self.on).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn lines_are_made_only_while_it_is_on() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let keep = written.clone();
        let trace = Trace::new(false, move |line| keep.lock().unwrap().push(line.to_owned()));
        trace.write(|| unreachable!("it is off"));
        trace.clone().switch(true);
        trace.write(|| "publish".to_owned());
        assert_eq!(*written.lock().unwrap(), ["publish"]);
    }
}
