//! The executions of a job as ListJobExecutionsForJob lists them, each with as much of its summary as is looked at.

use serde::Deserialize;

/// The answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed<Summary> {
    /// One for each execution.
    pub execution_summaries: Vec<Execution<Summary>>,
}

/// An execution.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Execution<Summary> {
    thing_arn: String,
    /// How far it is.
    pub job_execution_summary: Summary,
}

impl<Summary> Execution<Summary> {
    /// The name of its thing.
    #[must_use]
    pub(crate) fn thing(&self) -> &str {
        self.thing_arn.rsplit('/').next().unwrap_or(&self.thing_arn)
    }
}
