//! The operations of the control plane, by subject.

mod certificates;
mod endpoint;
mod events;
mod jobs;
mod policies;
mod templates;
mod thing_types;
mod things;

use super::handler::Handlers;

/// All that is offered.
pub(super) const HANDLERS: &[Handlers] = &[
    certificates::HANDLERS,
    endpoint::HANDLERS,
    events::HANDLERS,
    jobs::HANDLERS,
    policies::HANDLERS,
    templates::HANDLERS,
    thing_types::HANDLERS,
    things::HANDLERS,
];
