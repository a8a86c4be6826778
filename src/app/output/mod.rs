//! What is shown: messages, how they look, and the one writer.
//!
//! A [`message::Message`] goes to the [`printer`], which alone writes to the terminal. [`json_text`], [`table`],
//! [`times`], [`style`], [`fold`] and [`escape`] say how text looks; [`known_jobs`] learns from what passes.

pub mod escape;
pub mod fold;
pub mod json_text;
pub mod known_jobs;
pub mod message;
pub mod printer;
pub mod style;
pub mod table;
pub mod times;
