//! A second Jobs service, written for clarity alone: lists that are searched from end to end.
//!
//! It shares no code with the state machine: requests come in as JSON and answers go out as JSON, both
//! spelled by hand from AWS's documentation. Properties compare the two.

mod calls;
mod events;
mod operations;
mod targets;

use serde_json::{Map, Value, json};

/// An answer, or a refusal's code with the state that it tells.
pub(super) type Reply = Result<Value, (String, Option<Value>)>;

/// Topic below `$aws/`, payload.
pub(super) type Events = Vec<(String, Value)>;

#[derive(Debug, Default)]
pub(super) struct Naive {
    /// Epoch milliseconds.
    pub(super) now: i64,
    things: Vec<String>,
    groups: Vec<Group>,
    jobs: Vec<Job>,
    executions: Vec<Execution>,
    pub(super) events: Events,
    /// Whether back ends hear of jobs, and of job executions.
    pub(super) published: (bool, bool),
}

#[derive(Debug, Default)]
pub(super) struct Group {
    name: String,
    parent: Option<String>,
    members: Vec<String>,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Job {
    id: String,
    continuous: bool,
    /// `thing/T` and `thinggroup/G`.
    targets: Vec<String>,
    status: String,
    forced: bool,
    timeout: Option<i64>,
    /// Kind of failure and number of retries.
    retries: Vec<(String, i64)>,
    description: Value,
    comment: Value,
    reason: Value,
    created: i64,
    per_minute: Option<i64>,
    /// Kind of failure, percentage and least number of executed things.
    abort: Option<(String, i64, i64)>,
    start: Option<i64>,
    end: Option<i64>,
    end_behavior: Option<String>,
    /// In these minutes of each hour alone it is rolled out: the first, and how many.
    window: Option<(i64, i64)>,
    /// When its window begins or ends.
    turn: Option<i64>,
    updated: i64,
    completed: Option<i64>,
    waiting: Vec<String>,
    minute_began: Option<i64>,
    minute_left: i64,
    /// The schedule ended.
    ended: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Execution {
    thing: String,
    job: String,
    number: i64,
    status: String,
    details: Value,
    queued: i64,
    started: Option<i64>,
    updated: i64,
    version: i64,
    hard: Option<i64>,
    step: Option<i64>,
    /// The failures that led to it as retries.
    failures: Vec<String>,
    forced: bool,
    deleted: bool,
}

const TERMINAL: [&str; 6] = ["SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"];

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}

fn refuse<T>(code: &str) -> Result<T, (String, Option<Value>)> {
    Err((code.to_owned(), None))
}

impl Execution {
    fn pending(&self) -> bool {
        !self.deleted && (self.status == "QUEUED" || self.status == "IN_PROGRESS")
    }

    fn deadline(&self) -> Option<i64> {
        [self.hard, self.step].into_iter().flatten().min()
    }

    fn state(&self) -> Value {
        let mut state = json!({ "status": self.status, "versionNumber": self.version });
        if !self.details.is_null() {
            state["statusDetails"] = self.details.clone();
        }
        state
    }

    fn summary(&self) -> Value {
        let mut summary = json!({
            "jobId": self.job,
            "queuedAt": self.queued / 1000,
            "lastUpdatedAt": self.updated / 1000,
            "executionNumber": self.number,
            "versionNumber": self.version,
        });
        if let Some(started) = self.started {
            summary["startedAt"] = json!(started / 1000);
        }
        summary
    }

    fn data(&self, now: i64) -> Value {
        let mut data = self.summary();
        data["status"] = json!(self.status);
        data["jobDocument"] = json!({ "do": self.job });
        if !self.details.is_null() {
            data["statusDetails"] = self.details.clone();
        }
        if let Some(deadline) = self.deadline() {
            data["approximateSecondsBeforeTimedOut"] = json!((deadline - now).max(0) / 1000);
        }
        data
    }
}

impl Job {
    fn is_active(&self) -> bool {
        self.status == "IN_PROGRESS" || self.status == "SCHEDULED"
    }

    /// Whether it may be rolled out, and when that changes.
    fn is_open(&self, now: i64) -> (bool, Option<i64>) {
        let Some((first, minutes)) = self.window else { return (true, None) };
        let began = now - (now - first * 60_000).rem_euclid(3_600_000);
        let (end, next) = (began + minutes * 60_000, began + 3_600_000);
        if now < end {
            return (true, Some(end));
        }
        (false, Some(next).filter(|next| self.end.is_none_or(|end| *next < end)))
    }
}

impl Naive {
    /// A service without anything, at a time in epoch milliseconds.
    pub(super) fn at(now: i64) -> Self {
        Self { now, ..Self::default() }
    }

    /// IN_PROGRESS before QUEUED, then by `queuedAt`, then as created.
    fn pending(&self, thing: &str) -> Vec<usize> {
        let mut pending: Vec<usize> = (0..self.executions.len())
            .filter(|index| self.executions[*index].thing == thing && self.executions[*index].pending())
            .collect();
        pending.sort_by_key(|index| {
            let execution = &self.executions[*index];
            (execution.status != "IN_PROGRESS", execution.queued, *index)
        });
        pending
    }

    fn lists(&self, thing: &str) -> (Vec<Value>, Vec<Value>) {
        let listed: Vec<&Execution> =
            self.pending(thing).into_iter().take(10).map(|index| &self.executions[index]).collect();
        let with = |status: &str| {
            listed.iter().filter(|execution| execution.status == status).map(|one| one.summary()).collect()
        };
        (with("IN_PROGRESS"), with("QUEUED"))
    }

    /// Changes executions of `job` on `thing` and tells what follows, by the rule of one line.
    fn mutate(&mut self, thing: &str, job: &str, change: impl FnOnce(&mut Self)) {
        let identities = |naive: &Self| -> Vec<(String, i64)> {
            let one = |index: usize| (naive.executions[index].job.clone(), naive.executions[index].number);
            naive.pending(thing).into_iter().map(one).collect()
        };
        let before = identities(self);
        let executions = self.executions.clone();
        change(self);
        let after = identities(self);
        let (mut set_before, mut set_after) = (before.clone(), after.clone());
        set_before.sort();
        set_after.sort();
        let timestamp = self.now / 1000;
        if set_before != set_after {
            let (in_progress, queued) = self.lists(thing);
            let mut jobs = Map::new();
            if !in_progress.is_empty() {
                jobs.insert("IN_PROGRESS".into(), in_progress.into());
            }
            if !queued.is_empty() {
                jobs.insert("QUEUED".into(), queued.into());
            }
            let event = json!({ "timestamp": timestamp, "jobs": jobs });
            self.events.push((format!("things/{thing}/jobs/notify"), event));
        }
        if before.first() != after.first() {
            let mut event = json!({ "timestamp": timestamp });
            if let Some(head) = self.pending(thing).first() {
                event["execution"] = self.executions[*head].data(self.now);
            }
            self.events.push((format!("things/{thing}/jobs/notify-next"), event));
        }
        self.tell_of_executions(&executions);
        self.settle(job);
    }

    fn job(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    fn newest(&self, thing: &str, job: &str) -> Option<usize> {
        self.numbered(thing, job, None)
    }

    fn numbered(&self, thing: &str, job: &str, number: Option<i64>) -> Option<usize> {
        (0..self.executions.len()).rev().find(|index| {
            let execution = &self.executions[*index];
            !execution.deleted
                && execution.thing == thing
                && execution.job == job
                && number.is_none_or(|number| number == execution.number)
        })
    }

    fn queue(&mut self, thing: &str, job: &str, failures: Vec<String>) {
        let number = self.newest(thing, job).map_or(1, |index| self.executions[index].number + 1);
        self.executions.push(Execution {
            thing: thing.into(),
            job: job.into(),
            number,
            status: "QUEUED".into(),
            details: Value::Null,
            queued: self.now,
            started: None,
            updated: self.now,
            version: 1,
            hard: None,
            step: None,
            failures,
            forced: false,
            deleted: false,
        });
    }

    /// Ends an execution and queues its retry, if it has one left.
    fn end(&mut self, index: usize, status: &str) {
        let now = self.now;
        let execution = &mut self.executions[index];
        execution.status = status.into();
        execution.updated = now;
        execution.hard = None;
        execution.step = None;
        let ended = execution.clone();
        if status != "FAILED" && status != "TIMED_OUT" {
            return;
        }
        let Some(job) = self.job(&ended.job).cloned() else { return };
        let Some((kind, limit)) = job.retries.iter().find(|(kind, _)| kind == "ALL" || kind == status) else {
            return;
        };
        let used = ended.failures.iter().filter(|failure| kind == "ALL" || *failure == kind).count();
        let still_target = !job.continuous || self.is_target(&job, &ended.thing);
        if job.is_active() && whole(used) < *limit && still_target {
            let mut failures = ended.failures;
            failures.push(status.into());
            self.queue(&ended.thing, &ended.job, failures);
        }
    }

    /// Complete, or aborted?
    fn settle(&mut self, id: &str) {
        let now = self.now;
        let of_job: Vec<Execution> =
            self.executions.iter().filter(|it| it.job == id && !it.deleted).cloned().collect();
        let Some(job) = self.job(id) else { return };
        if !job.is_active() {
            return;
        }
        let none_pending = of_job.iter().all(|execution| !execution.pending());
        if job.status == "IN_PROGRESS"
            && none_pending
            && job.waiting.is_empty()
            && (!job.continuous || job.ended)
        {
            job.status = "COMPLETED".into();
            job.updated = now;
            job.completed = Some(now);
            return self.tell_of_job(id, "completed");
        }
        let Some((kind, percentage, least)) = job.abort.clone() else { return };
        let executed = of_job.iter().filter(|execution| !execution.pending()).count();
        let executed = whole(executed);
        let counts = |execution: &&Execution| match kind.as_str() {
            "ALL" => ["FAILED", "REJECTED", "TIMED_OUT"].contains(&execution.status.as_str()),
            kind => execution.status == kind,
        };
        let failed = of_job.iter().filter(counts).count();
        let failed = whole(failed);
        if executed >= least && failed > 0 && failed * 100 >= percentage * executed {
            job.reason = json!("ABORT_CANCEL");
            job.comment = json!(format!(
                "Abort criteria for failure type {kind} with threshold {percentage}.00% met. Total completed executions: \
                 {executed}, total {kind} executions: {failed}"
            ));
            self.cancel_all(id, false);
        }
    }

    fn cancel_all(&mut self, id: &str, force: bool) {
        let now = self.now;
        if let Some(job) = self.job(id) {
            job.status = "CANCELED".into();
            job.updated = now;
            job.waiting.clear();
        }
        self.tell_of_job(id, "cancellation_in_progress");
        for index in self.in_order(id) {
            let status = self.executions[index].status.clone();
            if status == "QUEUED" || force && status == "IN_PROGRESS" {
                self.cancel_one(index, force);
            }
        }
        self.tell_of_job(id, "canceled");
    }

    fn cancel_one(&mut self, index: usize, force: bool) {
        let Execution { thing, job, .. } = self.executions[index].clone();
        self.mutate(&thing, &job, |naive| {
            naive.end(index, "CANCELED");
            naive.executions[index].version += 1;
            naive.executions[index].forced = force;
        });
    }

    /// A job's executions by thing, then as created.
    fn in_order(&self, job: &str) -> Vec<usize> {
        let mut indices: Vec<usize> = (0..self.executions.len())
            .filter(|index| self.executions[*index].job == job && !self.executions[*index].deleted)
            .collect();
        indices.sort_by_key(|index| (self.executions[*index].thing.clone(), *index));
        indices
    }
}
