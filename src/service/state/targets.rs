//! How CONTINUOUS jobs follow their targets: things that join, leave, or become targets later.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_AssociateTargetsWithJob.html>

use std::collections::BTreeSet;

use serde::Deserialize;
use uuid::Uuid;

use super::change::{Change, SLICE};
use super::create_job::JobNamed;
use super::job::Job;
use super::job_status::{JobStatus, TargetSelection};
use super::outcome::Outcome;
use super::timers::Timer;
use super::touched::Record;
use super::validate;
use super::{Rejected, State};
use crate::service::time::Timestamp;
use crate::wire::model::{JobExecutionStatus, JobId, ThingGroupName, ThingName};

/// How many targets a job has at the most.
const MAX_TARGETS: usize = 100;

/// The body of AssociateTargetsWithJob.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AssociateTargetsWithJobRequest {
    /// ARNs of things and thing groups.
    pub targets: Option<Vec<String>>,
    /// Free text.
    pub comment: Option<String>,
}

impl State {
    /// Gives a CONTINUOUS job further targets.
    pub fn associate_targets_with_job(
        &mut self,
        now: Timestamp,
        job_id: &str,
        request: AssociateTargetsWithJobRequest,
    ) -> Outcome<JobNamed> {
        self.change(now, |change| {
            let id: JobId = validate::name(job_id)?;
            let given = request.targets.unwrap_or_default();
            let resolved = change.state.targets(&given)?;
            let job = change.state.job(&id)?;
            check_associable(job_id, job)?;
            let known = |arn: &String| job.targets.contains(arn);
            let added: Vec<String> = given.into_iter().filter(|arn| !known(arn)).collect();
            let mut new = resolved;
            new.retain(|target| !job.resolved.contains(target));
            if job.targets.len() + added.len() > MAX_TARGETS {
                let message = format!("Job {job_id} cannot have more than {MAX_TARGETS} targets.");
                return Err(Rejected::LimitExceeded(message));
            }
            let things = change.state.things_of(&new);
            change.enqueue(&id, things);
            change.effects.touched.add(Record::Job(id.clone()));
            if let Some(job) = change.job_mut(&id) {
                job.targets.extend(added);
                job.resolved.extend(new);
                job.comment = request.comment.or_else(|| job.comment.take());
                job.last_updated_at = now;
            }
            change.roll_out(&id);
            change.state.job_named(&id)
        })
    }

    /// Whether a retry of `job` may still go to `thing`: a CONTINUOUS job lets go of things that left.
    pub(super) fn may_retry(&self, job: &JobId, thing: &ThingName) -> bool {
        let Some(job) = self.jobs.get(job) else { return false };
        self.choices.retry_follows_thing_that_left
            || job.target_selection == TargetSelection::Snapshot
            || job.is_target(thing, &self.groups_above(thing))
    }
}

impl Change<'_> {
    /// Lets CONTINUOUS `jobs` follow `thing`, which was in the groups `before` and is in others now.
    ///
    /// A thing that joins a target group gets an execution, unless its newest one is pending. One that
    /// left all targets loses its QUEUED execution, and finishes the one that is IN_PROGRESS.
    pub(super) fn follow_membership(
        &mut self,
        thing: &ThingName,
        before: &BTreeSet<ThingGroupName>,
        jobs: &[JobId],
    ) {
        let after = self.state.groups_above(thing);
        let joined: BTreeSet<_> = after.difference(before).cloned().collect();
        for id in jobs {
            let Some(job) = self.state.jobs.get(id).filter(|job| job.status.is_active()) else {
                self.state.continuous.remove(id);
                continue;
            };
            if job.targets_one_of(&joined) {
                self.join(thing, id);
            } else if job.is_target(thing, before) && !job.is_target(thing, &after) {
                self.leave_out(thing, id);
                self.remove_queued(thing, id);
            }
        }
    }

    /// Takes things out of a deleted group, at most a slice of them; the rest falls due at once.
    pub(super) fn leave_group(&mut self, id: Uuid) {
        let Some(mut group) = self.state.deleted_groups.remove(&id) else { return };
        let follows =
            |job: &&JobId| self.state.jobs.get(*job).is_some_and(|job| job.targets_one_of(&group.path));
        let jobs: Vec<JobId> = self.state.continuous.iter().filter(follows).cloned().collect();
        for _ in 0..SLICE.div_ceil(jobs.len().max(1)) {
            let Some(thing) = group.members.pop_first() else { break };
            let mut before = self.state.groups_above(&thing);
            before.extend(group.path.iter().cloned());
            let is_member =
                self.state.groups.get(&group.name).is_some_and(|group| group.members.contains(&thing));
            let Some(record) = self.state.things.get_mut(&thing) else { continue };
            if !is_member {
                record.groups.remove(&group.name);
            }
            self.effects.touched.add(Record::Thing(thing.clone()));
            self.follow_membership(&thing, &before, &jobs);
        }
        self.effects.touched.add(Record::DeletedGroup(id));
        if group.members.is_empty() {
            return;
        }
        self.state.deleted_groups.insert(id, group);
        self.start_timer(self.now, Timer::LeaveGroup(id));
    }

    fn remove_queued(&mut self, thing: &ThingName, job: &JobId) {
        let newest = self.state.executions.get(thing).and_then(|executions| executions.find(job, None));
        let Some((sequence, newest)) = newest else { return };
        if newest.status == JobExecutionStatus::Queued {
            self.edit_executions(thing, job, |change| {
                change.end_execution(thing, sequence, JobExecutionStatus::Removed, |_| ());
            });
        }
    }
}

fn check_associable(job_id: &str, job: &Job) -> Result<(), Rejected> {
    let refuse = |message: String| Err(Rejected::InvalidRequest(message));
    if job.target_selection != TargetSelection::Continuous {
        return refuse(format!("Job {job_id} is not CONTINUOUS, targets cannot be associated with it."));
    }
    if job.status != JobStatus::InProgress {
        let status = job.status.as_str();
        return refuse(format!("Targets cannot be associated with job {job_id} in status {status}."));
    }
    Ok(())
}
