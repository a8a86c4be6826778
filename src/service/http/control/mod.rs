//! The operations of the control plane, by subject.
//!
//! | file | what it is |
//! |---|---|
//! | `jobs`, `templates` | jobs, job templates and tags |
//! | `things`, `thing_types` | the registry |
//! | `certificates`, `policies` | who may do what |
//! | `events` | which events back ends get |
//! | `endpoint` | where devices find the service |

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
