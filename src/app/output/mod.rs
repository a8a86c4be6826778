//! What is shown: messages, how they look, and the one writer.
//!
//! | module | what it is |
//! |---|---|
//! | [`message`] | answers, refusals, events and errors |
//! | [`printer`] | the only writer to the terminal |
//! | [`json_text`], [`table`], [`trace_line`] | JSON, lists, and records of the service as text |
//! | [`times`], [`style`], [`fold`], [`escape`] | times, colors, folded lines, text that is harmless to a terminal |
//! | [`known_names`], [`played`] | the names that messages have mentioned, and the things that are played |

pub(crate) mod escape;
pub(crate) mod fold;
pub(crate) mod json_text;
pub(crate) mod known_names;
pub(crate) mod message;
pub(crate) mod played;
pub(crate) mod printer;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod times;
pub(crate) mod trace_line;
