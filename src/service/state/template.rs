//! One job template.

use std::sync::Arc;

use super::Rejected;
use super::job_configs::JobConfigs;
use super::window::MaintenanceWindow;
use crate::service::time::Timestamp;

/// A job template of the account.
#[derive(Debug)]
pub(crate) struct Template {
    /// Grows with each template; lists go by it.
    pub(crate) sequence: u64,
    pub(crate) document: Arc<str>,
    /// The link that it was read from, where it was.
    pub(crate) document_source: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) configs: JobConfigs,
    pub(crate) maintenance_windows: Option<Vec<MaintenanceWindow>>,
    pub(crate) created_at: Timestamp,
}

pub(super) fn no_such_template(name: &str) -> Rejected {
    Rejected::ResourceNotFound(format!("Job Template {name} cannot be found."))
}
