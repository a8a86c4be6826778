//! What devices and operators may ask.

use serde_json::{Value, json};

use super::{Execution, Naive, Reply, TERMINAL, refuse};

impl Naive {
    /// A message of a device to a topic below `jobs/`.
    pub(in super::super) fn device(&mut self, thing: &str, rest: &str, body: &Value) -> Reply {
        let segments: Vec<&str> = rest.split('/').collect();
        let step = body.get("stepTimeoutInMinutes").and_then(Value::as_i64);
        if step.is_some_and(|step| step != -1 && !(1..=10_080).contains(&step)) {
            return refuse("InvalidRequest");
        }
        if segments.last() == Some(&"update") && body.get("status").is_none() {
            return refuse("InvalidRequest");
        }
        if !self.things.iter().any(|known| known == thing) {
            return refuse("ResourceNotFound");
        }
        let mut answer = json!({ "timestamp": self.now / 1000 });
        match segments[..] {
            ["get"] => {
                let (in_progress, queued) = self.lists(thing);
                answer["inProgressJobs"] = in_progress.into();
                answer["queuedJobs"] = queued.into();
            }
            ["start-next"] => {
                if let Some(head) = self.pending(thing).first().copied() {
                    if self.executions[head].status == "QUEUED" {
                        self.apply(head, "IN_PROGRESS", body);
                    }
                    answer["execution"] = self.executions[head].data(self.now);
                }
            }
            [job, "get"] => {
                let number = body.get("executionNumber").and_then(Value::as_i64);
                let found = if job == "$next" {
                    let head = self.pending(thing).first().copied();
                    match (head, number) {
                        (Some(head), Some(number)) if self.executions[head].number != number => {
                            return refuse("ResourceNotFound");
                        }
                        _ => head,
                    }
                } else {
                    match self.numbered(thing, job, number) {
                        None => return refuse("ResourceNotFound"),
                        found => found,
                    }
                };
                if let Some(index) = found {
                    if TERMINAL.contains(&self.executions[index].status.as_str()) {
                        return refuse("TerminalStateReached");
                    }
                    let mut data = self.executions[index].data(self.now);
                    if body.get("includeJobDocument") == Some(&json!(false)) {
                        data.as_object_mut().unwrap().remove("jobDocument");
                    }
                    answer["execution"] = data;
                }
            }
            [job, "update"] => {
                let number = body.get("executionNumber").and_then(Value::as_i64);
                let Some(index) = self.numbered(thing, job, number) else {
                    return refuse("ResourceNotFound");
                };
                let execution = &self.executions[index];
                let expected = body.get("expectedVersion").map(|expected| {
                    expected.as_i64().unwrap_or_else(|| expected.as_str().unwrap().parse().unwrap())
                });
                if expected.is_some_and(|expected| expected != execution.version) {
                    return Err(("VersionMismatch".into(), Some(execution.state())));
                }
                let status = body["status"].as_str().unwrap();
                let by_device = ["IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"].contains(&status);
                let ended = TERMINAL.contains(&execution.status.as_str());
                if ended || !by_device {
                    return Err(("InvalidStateTransition".into(), ended.then(|| execution.state())));
                }
                let (job, status) = (job.to_owned(), status.to_owned());
                let mut state = Value::Null;
                self.mutate(thing, &job, |naive| {
                    naive.take(index, &status, body);
                    state = naive.executions[index].state();
                    if TERMINAL.contains(&status.as_str()) {
                        naive.end(index, &status);
                    }
                });
                if body.get("includeJobExecutionState") == Some(&json!(true)) {
                    answer["executionState"] = state;
                }
                if body.get("includeJobDocument") == Some(&json!(true)) {
                    answer["jobDocument"] = json!({ "do": job });
                }
            }
            _ => return refuse("InvalidTopic"),
        }
        Ok(answer)
    }

    pub(super) fn apply(&mut self, index: usize, status: &str, body: &Value) {
        let Execution { thing, job, .. } = self.executions[index].clone();
        self.mutate(&thing, &job, |naive| naive.take(index, status, body));
    }

    /// What a device's request does to the execution itself.
    pub(super) fn take(&mut self, index: usize, status: &str, body: &Value) {
        let now = self.now;
        let id = self.executions[index].job.clone();
        let timeout = self.job(&id).and_then(|job| job.timeout);
        let execution = &mut self.executions[index];
        if execution.status == "QUEUED" {
            execution.started = (status != "REJECTED").then_some(now);
            execution.hard = timeout.map(|minutes| now + minutes * 60_000);
        }
        if let Some(details) = body.get("statusDetails") {
            execution.details = details.clone();
        }
        match body.get("stepTimeoutInMinutes").and_then(Value::as_i64) {
            Some(-1) => execution.step = None,
            Some(minutes) => execution.step = Some(now + minutes * 60_000),
            None => {}
        }
        execution.status = status.into();
        execution.version += 1;
        execution.updated = now;
    }

    /// CancelJobExecution and DeleteJobExecution.
    pub(super) fn end_one(
        &mut self,
        delete: bool,
        thing: &str,
        job: &str,
        number: Option<i64>,
        force: bool,
    ) -> Reply {
        let Some(index) = self.numbered(thing, job, number.filter(|_| delete)) else {
            return refuse("ResourceNotFound");
        };
        let execution = &self.executions[index];
        // When canceling, the number stands for the expected version.
        if !delete && number.is_some_and(|expected| expected != execution.version) {
            return refuse("VersionConflict");
        }
        let in_progress = execution.status == "IN_PROGRESS";
        if in_progress && !force || !delete && !execution.pending() {
            return refuse("InvalidStateTransition");
        }
        if delete {
            self.mutate(thing, job, |naive| naive.executions[index].deleted = true);
        } else {
            self.cancel_one(index, force);
        }
        Ok(Value::Null)
    }

    pub(super) fn delete_job(&mut self, id: &str, force: bool) -> Reply {
        let now = self.now;
        let Some(job) = self.job(id) else { return refuse("ResourceNotFound") };
        if !force && job.status != "COMPLETED" && job.status != "CANCELED" {
            return refuse("InvalidStateTransition");
        }
        job.status = "DELETION_IN_PROGRESS".into();
        job.updated = now;
        self.tell_of_job(id, "deletion_in_progress");
        for index in self.in_order(id) {
            let thing = self.executions[index].thing.clone();
            self.mutate(&thing, id, |naive| naive.executions[index].deleted = true);
        }
        self.tell_of_job(id, "deleted");
        self.jobs.retain(|job| job.id != id);
        Ok(Value::Null)
    }

    /// All executions of a thing as the control plane tells them, newest first.
    pub(in super::super) fn history(&self, thing: &str) -> Vec<Value> {
        let of_thing = self.executions.iter().rev().filter(|it| it.thing == thing && !it.deleted);
        let seconds =
            |millis: i64| json!(format!("{}.{:03}", millis / 1000, millis % 1000).parse::<f64>().unwrap());
        of_thing
            .map(|it| {
                let mut summary = json!({
                    "status": it.status,
                    "queuedAt": seconds(it.queued),
                    "lastUpdatedAt": seconds(it.updated),
                    "executionNumber": it.number,
                    "retryAttempt": it.failures.len(),
                });
                if let Some(started) = it.started {
                    summary["startedAt"] = seconds(started);
                }
                json!({ "jobId": it.job, "jobExecutionSummary": summary })
            })
            .collect()
    }

    /// One execution as the control plane tells it.
    pub(super) fn describe(&self, thing: &str, job: &str, number: Option<i64>) -> Reply {
        let Some(index) = self.numbered(thing, job, number) else { return refuse("ResourceNotFound") };
        let it = &self.executions[index];
        Ok(json!([
            it.status,
            it.forced,
            it.details.as_object().cloned().unwrap_or_default(),
            it.version,
            it.number,
            it.deadline().map(|at| { (at - self.now).max(0) / 1000 })
        ]))
    }

    /// Status, forced, last updated, completed, and how many executions have each status.
    pub(in super::super) fn describe_job(&self, id: &str) -> Reply {
        let Some(job) = self.jobs.iter().find(|job| job.id == id) else { return refuse("ResourceNotFound") };
        let count = |status: &str| {
            self.executions.iter().filter(|it| it.job == id && !it.deleted && it.status == status).count()
        };
        let statuses =
            ["CANCELED", "SUCCEEDED", "FAILED", "REJECTED", "QUEUED", "IN_PROGRESS", "REMOVED", "TIMED_OUT"];
        let counts: Vec<usize> = statuses.into_iter().map(count).collect();
        Ok(json!([
            job.status,
            job.forced,
            job.targets,
            job.updated.to_string(),
            job.completed.map(|at| at.to_string()),
            counts,
            !job.waiting.is_empty()
        ]))
    }
}
