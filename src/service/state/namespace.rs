//! Namespaces of jobs: devices hear of their jobs on topics of their own.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_CreateJob.html>

use super::execution::Execution;
use super::executions::Executions;
use super::job::no_such_job;
use super::sequence::Sequence;
use super::{Rejected, State};
use crate::wire::model::{JobId, ThingName};

/// Longer ones would not fit into the topics of a thing with a long name.
const MAX_CHARACTERS: usize = 64;

/// Which of a thing's job executions are meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    All,
    /// Those of jobs in this namespace, or in none.
    Namespace(Option<&'a str>),
}

impl State {
    /// The namespace of a job.
    pub(super) fn namespace_of(&self, job: &JobId) -> Option<&str> {
        self.jobs.get(job)?.namespace_id.as_deref()
    }

    /// The pending executions of `thing`: IN_PROGRESS first, then by `queuedAt`, then as created.
    pub(super) fn pending<'a>(
        &'a self,
        thing: &ThingName,
        scope: Scope<'a>,
    ) -> impl Iterator<Item = (Sequence, &'a Execution)> {
        let is_meant = move |execution: &Execution| match scope {
            Scope::All => true,
            Scope::Namespace(namespace) => self.namespace_of(&execution.job_id) == namespace,
        };
        let pending = self.executions.get(thing).into_iter().flat_map(Executions::pending);
        pending.filter(move |(_, execution)| is_meant(execution))
    }

    /// What a device means that names no namespace.
    pub(super) fn requested(&self) -> Scope<'static> {
        if self.choices.requests_reach_every_namespace { Scope::All } else { Scope::Namespace(None) }
    }

    /// Refuses to look in a namespace for a job that is not in it.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where the job is in another namespace or in none.
    pub fn check_namespace(&self, job_id: &str, namespace: Option<&str>) -> Result<(), Rejected> {
        let job = job_id.parse().ok().and_then(|id: JobId| self.jobs.get(&id));
        let is_other = job.is_some_and(|job| namespace.is_some() && job.namespace_id.as_deref() != namespace);
        if is_other && self.choices.job_of_other_namespace_is_not_found {
            return Err(no_such_job(job_id));
        }
        Ok(())
    }
}

/// Refuses an id that is too long.
pub(super) fn check(id: Option<&str>) -> Result<(), Rejected> {
    if id.is_some_and(|id| id.len() > MAX_CHARACTERS) {
        let message = format!("A namespaceId cannot have more than {MAX_CHARACTERS} characters.");
        return Err(Rejected::InvalidRequest(message));
    }
    Ok(())
}
