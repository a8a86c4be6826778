//! A job as a row.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::job_configs::JobConfigs;
use super::super::job_status::TargetSelection;
use super::super::schedule::SchedulingConfig;
use super::text::Millis;

/// A job as it was created and updated.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobRow<'a> {
    pub(super) number: u64,
    pub(super) document: Cow<'a, str>,
    pub(super) document_source: Option<Cow<'a, str>>,
    pub(super) description: Option<Cow<'a, str>>,
    pub(super) targets: Cow<'a, [String]>,
    pub(super) target_selection: TargetSelection,
    pub(super) configs: Cow<'a, JobConfigs>,
    pub(super) scheduling_config: Option<Cow<'a, SchedulingConfig>>,
    pub(super) job_template_arn: Option<Cow<'a, str>>,
    pub(super) namespace_id: Option<Cow<'a, str>>,
    pub(super) document_parameters: Option<Cow<'a, BTreeMap<String, String>>>,
    pub(super) created_at: Millis,
}
