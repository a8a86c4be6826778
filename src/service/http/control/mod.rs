//! The operations of the control plane, by subject.

mod certificates;
mod endpoint;
mod jobs;
mod policies;
mod templates;
mod things;

use super::Offered;

/// All that is offered.
pub(super) const OFFERED: &[Offered] = &[
    certificates::OFFERED,
    endpoint::OFFERED,
    jobs::OFFERED,
    policies::OFFERED,
    templates::OFFERED,
    things::OFFERED,
];
