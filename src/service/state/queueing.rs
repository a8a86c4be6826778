//! How things get into the queue of a job: a group may have a hundred thousand, so they are put in a slice at a time.
//!
//! A job is for what its targets hold when they become its targets. So before anything joins or leaves a group whose
//! things are still being put in, the rest of them is. What is deleted meanwhile is left out.

use std::ops::Bound::{Excluded, Unbounded};

use super::State;
use super::change::Change;
use super::job_target::{Queueing, Target};
use crate::wire::model::{JobId, ThingName};

impl State {
    /// Whether a thing was put into a queue with a target before the present one.
    fn has_queued(&self, queueing: &Queueing, thing: &ThingName) -> bool {
        queueing.targets[..queueing.done].iter().any(|target| match target {
            Target::Thing(target) => target == thing,
            Target::Group(group) => self.groups.get(group).is_some_and(|group| group.members.contains(thing)),
        })
    }

    /// What of `targets` is to be put into a queue, in this order.
    pub(super) fn to_queue(&self, targets: &[Target]) -> Option<Queueing> {
        let with_groups_below = |target: &Target| match target {
            Target::Thing(_) => vec![target.clone()],
            Target::Group(group) => self.groups_below(group).cloned().map(Target::Group).collect(),
        };
        let targets: Vec<Target> = targets.iter().flat_map(with_groups_below).collect();
        (!targets.is_empty()).then(|| Queueing { targets, ..Queueing::default() })
    }
}

impl Change<'_> {
    /// Puts things of a job's targets into its queue, `most` at the most.
    pub(super) fn queue_targets(&mut self, id: &JobId, mut most: usize) {
        let Some(mut queueing) = self.job_mut(id).and_then(|job| job.rollout.queueing.take()) else {
            self.state.queueing.remove(id);
            return;
        };
        while most > 0
            && let Some(target) = queueing.targets.get(queueing.done)
        {
            let mut things: Vec<ThingName> = match target {
                Target::Thing(thing) => vec![thing.clone()],
                Target::Group(group) => {
                    let members = self.state.groups.get(group).into_iter().flat_map(|group| {
                        let after = queueing.after.as_ref().map_or(Unbounded, Excluded);
                        group.members.range::<ThingName, _>((after, Unbounded))
                    });
                    members.take(most).cloned().collect()
                }
            };
            // All of a target are there where there are fewer than could be.
            let is_done = things.len() < most || matches!(target, Target::Thing(_));
            most -= things.len();
            queueing.after = things.last().cloned().filter(|_| !is_done);
            things.retain(|thing| !self.state.has_queued(&queueing, thing));
            queueing.done += usize::from(is_done);
            self.enqueue(id, things);
        }
        let is_over = queueing.done == queueing.targets.len();
        if let Some(job) = self.job_mut(id).filter(|_| !is_over) {
            job.rollout.queueing = Some(queueing);
        } else {
            self.state.queueing.remove(id);
        }
    }

    /// Puts the rest of what is being put into queues there, since a group is about to change.
    pub(super) fn finish_queueing(&mut self) {
        for id in self.state.queueing.clone() {
            self.queue_targets(&id, usize::MAX);
        }
    }

    /// Targets are to be put into the queue of a job, which rolls out from there.
    pub(super) fn begin_queueing(&mut self, id: &JobId, queueing: Option<Queueing>) {
        self.queue_targets(id, usize::MAX);
        let Some(job) = self.job_mut(id).filter(|_| queueing.is_some()) else { return };
        job.rollout.queueing = queueing;
        self.state.queueing.insert(id.clone());
    }
}
