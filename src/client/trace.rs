//! The trace: every message and every control-plane call, told as it goes and comes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where messages and calls are told while the trace is on. Clones are switched together.
#[derive(Clone)]
pub struct Trace {
    on: Arc<AtomicBool>,
    tell: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Trace {
    /// A trace that tells `tell` one line at a time.
    pub fn new(on: bool, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { on: Arc::new(on.into()), tell: Arc::new(tell) }
    }

    /// A trace that stays off, for whoever wants none.
    #[must_use]
    pub fn off() -> Self {
        Self::new(false, |_| ())
    }

    /// Switches it on or off.
    pub fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    /// Tells a line, which is only made while the trace is on. It must hold no key, token or credential.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        if self.on.load(Ordering::Relaxed) {
            (self.tell)(&line());
        }
    }
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
        let told = Arc::new(Mutex::new(Vec::new()));
        let keep = told.clone();
        let trace = Trace::new(false, move |line| keep.lock().unwrap().push(line.to_owned()));
        trace.tell(|| unreachable!("it is off"));
        trace.clone().switch(true);
        trace.tell(|| "publish".to_owned());
        assert_eq!(*told.lock().unwrap(), ["publish"]);
    }
}
