//! The job of a rehearsal, as CreateJob reads it.

use serde_json::{Map, Value, json};

use crate::service::http::read_create_job;
use crate::service::state::create_job::CreateJobRequest;

/// The group that all things of the fleet are in.
pub(super) const GROUP: &str = "Fleet";

pub(super) const JOB: &str = "Rollout";

pub(super) const REGION: &str = "us-east-1";

pub(super) const ACCOUNT: &str = "123456789012";

/// A job for the whole fleet from the members of CreateJob's body but for its targets, held against AWS's model as if
/// it came over HTTP.
///
/// # Errors
/// What the service says of a member that does not fit, and the path of one that AWS does not know.
pub fn job(mut members: Map<String, Value>) -> Result<CreateJobRequest, String> {
    let target = format!("arn:aws:iot:{REGION}:{ACCOUNT}:thinggroup/{GROUP}");
    members.insert("targets".to_owned(), json!([target]));
    read_create_job(JOB, members)
}
