//! What AWS always sends: an answer without it comes from something else, and is no success.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

type Members<'a> = BTreeMap<String, &'a RawValue>;

/// What is wrong with an answer in which these members must be, null or not; its `jobId`, if it must have one, is
/// that of `job`. The words go on from "it".
pub(super) fn check(body: Option<&str>, members: &[&str], job: Option<&str>) -> Result<(), String> {
    let found = read(body.ok_or("is empty")?)?;
    check_members(&found, members, job)
}

/// The same for members within the object called `outer`.
pub(super) fn check_within(
    body: Option<&str>,
    outer: &str,
    members: &[&str],
    job: Option<&str>,
) -> Result<(), String> {
    check(body, &[outer], None)?;
    let found = read(body.unwrap_or_default())?;
    check_members(&read(found[outer].get())?, members, job)
}

fn read(json: &str) -> Result<Members<'_>, String> {
    serde_json::from_str(json).map_err(|_| "is no JSON object".to_owned())
}

fn check_members(found: &Members<'_>, members: &[&str], job: Option<&str>) -> Result<(), String> {
    if let Some(missing) = members.iter().find(|member| !found.contains_key(**member)) {
        return Err(format!("has no {missing}"));
    }
    match (job, found.get("jobId")) {
        (Some(job), Some(id)) if serde_json::from_str::<String>(id.get()).ok().as_deref() != Some(job) => {
            // Not all of it, however long it is.
            Err(format!("is about the job {}", id.get().chars().take(80).collect::<String>()))
        }
        _ => Ok(()),
    }
}
