//! What is shown: messages, how they look, and the one writer.
//!
//! A [`message::Message`] goes to the [`printer`], which alone writes to the terminal. [`json_text`], [`table`],
//! [`times`], [`style`], [`fold`] and [`escape`] say how text looks; [`trace_line`] how a record of the
//! service does; [`known_names`] learns from what passes, and [`played`] knows whose it is.

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
