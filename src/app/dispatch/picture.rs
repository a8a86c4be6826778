//! A picture of a job on the terminal that is drawn again whenever the job changes.
//!
//! The printer draws it, not a library for progress bars: it writes the events that come meanwhile above the picture,
//! as it does with the line being typed, and nobody else may write to the terminal.

use std::time::Duration;

use crate::app::output::printer::Printer;
use crate::app::watch::Progress;

/// A picture, which stays on the terminal as it was last when this is dropped.
#[derive(Debug)]
pub(crate) struct Picture(Printer);

impl Picture {
    /// A picture, where somebody can see it change.
    pub(crate) fn of(printer: &Printer) -> Option<Self> {
        (printer.can_redraw() && !printer.is_json()).then(|| Self(printer.clone()))
    }

    /// Draws it, in the place of what was drawn before.
    pub(crate) fn show(&mut self, progress: &Progress, since: (Duration, u64), how: &str) {
        let width = self.0.width().unwrap_or(80);
        self.0.draw(progress.picture(self.0.theme(), width, since, how));
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        self.0.leave_drawing();
    }
}
