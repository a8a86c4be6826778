//! How one operation is carried out: its handler, and the output that this renders.

use serde::Serialize;

use super::call::Call;
use super::exception::Exception;
use crate::service::shared::Shared;
use crate::service::state::{Outcome, Rejected, State};
use crate::service::time::Timestamp;

/// Carries out one operation.
pub(super) type Handler = fn(&Shared, &Call) -> Result<Output, Exception>;

/// Operations with their handlers, by the names in AWS's model.
pub(super) type Handlers = &'static [(&'static str, Handler)];

/// What an answer holds unless it says otherwise.
pub(super) const JSON: &str = "application/json";

/// The output of an operation as JSON; empty for an operation without output.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) body: Vec<u8>,
    pub(super) content_type: &'static str,
}

impl Output {
    pub(super) fn json(body: &impl Serialize) -> Result<Self, Exception> {
        let json = serde_json::to_vec(body).map_err(|error| Exception::internal(&error))?;
        // An operation without output has no body at all.
        let body = if json == b"null" { Vec::new() } else { json };
        Ok(Self { body, content_type: JSON })
    }
}

/// Carries out an operation that changes nothing and renders its output.
pub(super) fn read<T: Serialize>(
    shared: &Shared,
    operation: impl FnOnce(&State, Timestamp) -> Result<T, Rejected>,
) -> Result<Output, Exception> {
    Output::json(&shared.read(operation)?)
}

/// Carries out an operation that changes something and renders its output. The events it causes are on their way to
/// the devices before the output is.
pub(super) fn write<T: Serialize>(
    shared: &Shared,
    operation: impl FnOnce(&mut State, Timestamp) -> Outcome<T>,
) -> Result<Output, Exception> {
    Output::json(&shared.write(operation)?)
}
