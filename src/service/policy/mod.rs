//! AWS IoT policies: who may connect as which client, publish, subscribe and receive what.
//!
//! A [`Document`] is read once, with its wildcards and variables already told apart; [`evaluate()`] then
//! answers whether a set of documents allows an action. Both are pure.
//!
//! | file | what it is |
//! |---|---|
//! | `document` | a policy document, read and checked once |
//! | `pattern`, `variable` | wildcards and variables |
//! | `condition`, `operator` | the `Condition` block |
//! | `certificate` | what policies can name of a certificate |
//! | `evaluate` | whether policies allow something |
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html>

mod certificate;
mod condition;
mod document;
mod evaluate;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod operator;
mod pattern;
mod variable;

pub(crate) use certificate::CertificateNames;
pub(crate) use document::Document;
pub use document::Malformed;
#[cfg(feature = "app")]
pub(crate) use document::{MAX_DOCUMENT_CHARS, length};
#[cfg(any(feature = "app", test, fuzzing))]
pub(crate) use evaluate::Decision;
pub(crate) use evaluate::{Action, evaluate};
pub(crate) use variable::{ConnectedThing, Context};
