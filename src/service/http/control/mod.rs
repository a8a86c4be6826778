//! The operations of the control plane, by subject.

mod endpoint;
mod jobs;
mod templates;
mod things;

use super::Offered;

/// All that is offered.
pub(super) const OFFERED: &[Offered] =
    &[endpoint::OFFERED, jobs::OFFERED, templates::OFFERED, things::OFFERED];
