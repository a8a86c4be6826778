//! What a job has yet to reach, in blocks: each is written when things are put into it or leave it, and forgotten
//! when it is empty, but not for each thing that the job reaches.

use super::super::State;
use super::damaged_row::Damage;
use super::restoring::Restoring;
use super::text::{read, write};
use crate::wire::model::{JobId, ThingName};

impl State {
    /// A block of the queue of the job with the number `job`; another may have its id by now.
    pub(super) fn job_queue_row(&self, job: u64, block: u64, id: &JobId) -> Option<String> {
        let rollout = &self.jobs.get(id).filter(|known| known.sequence == job)?.rollout;
        let waiting: Vec<(&u64, &ThingName)> = rollout.block(block).collect();
        (!waiting.is_empty()).then(|| write(&waiting))
    }
}

impl Restoring {
    pub(super) fn take_job_queue(&mut self, name: &str, value: &str) -> Result<(), Damage> {
        let number = name.split_once('/').and_then(|(job, _)| job.parse().ok()).ok_or(Damage::Name)?;
        let taken = self.jobs.get(&number).ok_or(Damage::UnknownJob(number))?;
        let job = self.state.jobs.get_mut(&taken.id).ok_or(Damage::UnknownJob(number))?;
        let waiting: Vec<(u64, ThingName)> = read(value)?;
        job.rollout.restore(waiting.into_iter().filter(|(place, _)| *place >= taken.first_place));
        Ok(())
    }
}
