//! Programs that are run beside ours, whatever for.
//!
//! | file | what it is |
//! |---|---|
//! | [`group`] | the signals to all that a program has started |
//! | [`lines`] | what it prints, line by line and bounded |
//! | [`end`] | how it ended, in words |
//! | [`orphan`] | that it does not outlive us |

pub(crate) mod end;
pub(crate) mod group;
pub(crate) mod lines;
pub(crate) mod orphan;
