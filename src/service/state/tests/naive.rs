//! A second Jobs service, written for clarity alone: lists that are searched from end to end.
//!
//! It shares no code with the state machine: requests come in as JSON and answers go out as JSON, both
//! spelled by hand from AWS's documentation. Properties compare the two.

use serde_json::{Map, Value, json};

/// An answer, or a refusal's code with the state that it tells.
pub(super) type Reply = Result<Value, (String, Option<Value>)>;

/// Topic below `$aws/things/`, payload.
pub(super) type Told = Vec<(String, Value)>;

#[derive(Debug, Default)]
pub(super) struct Naive {
    /// Epoch milliseconds.
    pub(super) now: i64,
    pub(super) things: Vec<String>,
    pub(super) groups: Vec<Group>,
    pub(super) jobs: Vec<Job>,
    pub(super) executions: Vec<Execution>,
    pub(super) told: Told,
}

#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) parent: Option<String>,
    pub(super) members: Vec<String>,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) continuous: bool,
    /// `thing/T` and `thinggroup/G`.
    pub(super) targets: Vec<String>,
    pub(super) status: String,
    pub(super) forced: bool,
    pub(super) timeout: Option<i64>,
    /// Kind of failure and number of retries.
    pub(super) retries: Vec<(String, i64)>,
    pub(super) per_minute: Option<i64>,
    /// Kind of failure, percentage and least number of executed things.
    pub(super) abort: Option<(String, i64, i64)>,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) end_behavior: Option<String>,
    pub(super) updated: i64,
    pub(super) completed: Option<i64>,
    pub(super) waiting: Vec<String>,
    pub(super) minute_began: Option<i64>,
    pub(super) minute_left: i64,
    /// The schedule ended.
    pub(super) ended: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Execution {
    pub(super) thing: String,
    pub(super) job: String,
    pub(super) number: i64,
    pub(super) status: String,
    pub(super) details: Value,
    pub(super) queued: i64,
    pub(super) started: Option<i64>,
    pub(super) updated: i64,
    pub(super) version: i64,
    pub(super) hard: Option<i64>,
    pub(super) step: Option<i64>,
    /// The failures that led to it as retries.
    pub(super) failures: Vec<String>,
    pub(super) forced: bool,
    pub(super) deleted: bool,
}

const TERMINAL: [&str; 6] = ["SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"];

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}

fn refuse<T>(code: &str) -> Result<T, (String, Option<Value>)> {
    Err((code.to_owned(), None))
}

impl Execution {
    pub(super) fn pending(&self) -> bool {
        !self.deleted && (self.status == "QUEUED" || self.status == "IN_PROGRESS")
    }

    pub(super) fn deadline(&self) -> Option<i64> {
        [self.hard, self.step].into_iter().flatten().min()
    }

    fn state(&self) -> Value {
        let mut state = json!({ "status": self.status, "versionNumber": self.version });
        if self.details != json!({}) {
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
        if self.details != json!({}) {
            data["statusDetails"] = self.details.clone();
        }
        if let Some(deadline) = self.deadline() {
            data["approximateSecondsBeforeTimedOut"] = json!((deadline - now).max(0) / 1000);
        }
        data
    }
}

impl Naive {
    /// IN_PROGRESS before QUEUED, then by `queuedAt`, then as created.
    pub(super) fn pending(&self, thing: &str) -> Vec<usize> {
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
    pub(super) fn mutate(&mut self, thing: &str, job: &str, change: impl FnOnce(&mut Self)) {
        let identities = |naive: &Self| -> Vec<(String, i64)> {
            let one = |index: usize| (naive.executions[index].job.clone(), naive.executions[index].number);
            naive.pending(thing).into_iter().map(one).collect()
        };
        let before = identities(self);
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
            self.told.push((format!("{thing}/jobs/notify"), event));
        }
        if before.first() != after.first() {
            let mut event = json!({ "timestamp": timestamp });
            if let Some(head) = self.pending(thing).first() {
                event["execution"] = self.executions[*head].data(self.now);
            }
            self.told.push((format!("{thing}/jobs/notify-next"), event));
        }
        self.settle(job);
    }

    pub(super) fn job(&mut self, id: &str) -> Option<&mut Job> {
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
            details: json!({}),
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
    pub(super) fn end(&mut self, index: usize, status: &str) {
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
        if job.status == "IN_PROGRESS" && whole(used) < *limit && still_target {
            let mut failures = ended.failures;
            failures.push(status.into());
            self.queue(&ended.thing, &ended.job, failures);
        }
    }

    /// Every group of a thing, the ones above included.
    pub(super) fn groups_of(&self, thing: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for group in &self.groups {
            if group.members.iter().any(|member| member == thing) {
                let mut next = Some(group.name.clone());
                while let Some(name) = next {
                    next =
                        self.groups.iter().find(|group| group.name == name).and_then(|it| it.parent.clone());
                    found.push(name);
                }
            }
        }
        found
    }

    pub(super) fn is_target(&self, job: &Job, thing: &str) -> bool {
        let groups = self.groups_of(thing);
        job.targets.contains(&format!("thing/{thing}"))
            || groups.iter().any(|group| job.targets.contains(&format!("thinggroup/{group}")))
    }

    /// The things that a target leads to, by group and name.
    pub(super) fn things_of(&self, target: &str) -> Vec<String> {
        let (kind, name) = target.split_once('/').unwrap();
        if kind == "thing" {
            return vec![name.into()];
        }
        let mut groups: Vec<&Group> = self.groups.iter().collect();
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        let mut things = Vec::new();
        for group in groups {
            let mut above = Some(group.name.clone());
            while let Some(current) = above {
                if current == name {
                    let mut members = group.members.clone();
                    members.sort();
                    things.extend(members);
                }
                above = self.groups.iter().find(|it| it.name == current).and_then(|it| it.parent.clone());
            }
        }
        things
    }

    pub(super) fn exists(&self, target: &str) -> bool {
        let (kind, name) = target.split_once('/').unwrap();
        match kind {
            "thing" => self.things.iter().any(|thing| thing == name),
            _ => self.groups.iter().any(|group| group.name == name),
        }
    }

    /// Complete, or aborted?
    fn settle(&mut self, id: &str) {
        let now = self.now;
        let of_job: Vec<Execution> =
            self.executions.iter().filter(|it| it.job == id && !it.deleted).cloned().collect();
        let Some(job) = self.job(id) else { return };
        if job.status != "IN_PROGRESS" {
            return;
        }
        let none_pending = of_job.iter().all(|execution| !execution.pending());
        if none_pending && job.waiting.is_empty() && (!job.continuous || job.ended) {
            job.status = "COMPLETED".into();
            job.updated = now;
            job.completed = Some(now);
            return;
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
            self.cancel_all(id, false);
        }
    }

    pub(super) fn cancel_all(&mut self, id: &str, force: bool) {
        let now = self.now;
        if let Some(job) = self.job(id) {
            job.status = "CANCELED".into();
            job.updated = now;
            job.waiting.clear();
        }
        for index in self.in_order(id) {
            let status = self.executions[index].status.clone();
            if status == "QUEUED" || force && status == "IN_PROGRESS" {
                self.cancel_one(index, force);
            }
        }
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

    /// The job reaches the next things, as fast as its rate allows.
    pub(super) fn roll_out(&mut self, id: &str) {
        loop {
            let now = self.now;
            let Some(job) = self.job(id).filter(|job| job.status == "IN_PROGRESS") else { return };
            if job.waiting.is_empty() {
                return self.settle(id);
            }
            if let Some(rate) = job.per_minute {
                if job.minute_began.is_some_and(|began| now < began + 60_000) {
                    if job.minute_left == 0 {
                        return;
                    }
                    job.minute_left -= 1;
                } else {
                    job.minute_began = Some(now);
                    job.minute_left = rate - 1;
                }
            }
            let thing = job.waiting.remove(0);
            let busy = self.newest(&thing, id).is_some_and(|index| self.executions[index].pending());
            if !busy && self.things.contains(&thing) {
                self.mutate(&thing, id, |naive| naive.queue(&thing, id, Vec::new()));
            }
        }
    }

    /// CONTINUOUS jobs follow a thing that was in the groups `before`.
    pub(super) fn follow(&mut self, thing: &str, before: &[String]) {
        let after = self.groups_of(thing);
        let mut ids: Vec<String> = self.jobs.iter().map(|job| job.id.clone()).collect();
        ids.sort();
        for id in ids {
            let Some(job) = self.job(&id).cloned() else { continue };
            if !job.continuous || job.status != "IN_PROGRESS" && job.status != "SCHEDULED" {
                continue;
            }
            let targets = |groups: &[String]| {
                groups.iter().any(|group| job.targets.contains(&format!("thinggroup/{group}")))
            };
            let direct = job.targets.contains(&format!("thing/{thing}"));
            let joined: Vec<String> = after.iter().filter(|it| !before.contains(it)).cloned().collect();
            if targets(&joined) {
                if !job.ended && !job.waiting.contains(&thing.to_owned()) {
                    self.job(&id).unwrap().waiting.push(thing.into());
                }
                self.roll_out(&id);
            } else if !direct && targets(before) && !targets(&after) {
                self.job(&id).unwrap().waiting.retain(|waiting| waiting != thing);
                if let Some(index) = self.newest(thing, &id)
                    && self.executions[index].status == "QUEUED"
                {
                    self.mutate(thing, &id, |naive| naive.end(index, "REMOVED"));
                }
            }
        }
    }

    /// Lets time pass until `target`; what falls due happens at its own time.
    pub(super) fn advance(&mut self, target: i64) {
        loop {
            // Due time, what comes first at the same time, and of which thing or job.
            let mut due: Vec<(i64, u8, String, usize)> = Vec::new();
            for (index, execution) in self.executions.iter().enumerate() {
                if execution.pending() {
                    due.extend(execution.deadline().map(|at| (at, 0, execution.thing.clone(), index)));
                }
            }
            for job in &self.jobs {
                if job.status == "SCHEDULED" {
                    due.extend(job.start.map(|at| (at, 1, job.id.clone(), 0)));
                }
                if job.status == "IN_PROGRESS" && !job.ended {
                    due.extend(job.end.map(|at| (at, 2, job.id.clone(), 0)));
                }
                if job.status == "IN_PROGRESS" && !job.waiting.is_empty() {
                    due.extend(job.minute_began.map(|began| (began + 60_000, 3, job.id.clone(), 0)));
                }
            }
            due.sort();
            let Some((at, kind, name, index)) = due.into_iter().next().filter(|first| first.0 <= target)
            else {
                break;
            };
            self.now = at;
            match kind {
                0 => {
                    let job = self.executions[index].job.clone();
                    self.mutate(&name, &job, |naive| {
                        naive.executions[index].version += 1;
                        naive.end(index, "TIMED_OUT");
                    });
                }
                1 => {
                    let job = self.job(&name).unwrap();
                    job.status = "IN_PROGRESS".into();
                    job.updated = at;
                    self.roll_out(&name);
                }
                2 => self.end_of_schedule(&name),
                _ => self.roll_out(&name),
            }
        }
        self.now = target;
    }

    fn end_of_schedule(&mut self, id: &str) {
        let job = self.job(id).unwrap();
        job.ended = true;
        match job.end_behavior.as_deref() {
            Some("CANCEL") => self.cancel_all(id, false),
            Some("FORCE_CANCEL") => {
                job.forced = true;
                self.cancel_all(id, true);
            }
            _ => {
                job.waiting.clear();
                self.settle(id);
            }
        }
    }

    /// A message of a device to a topic below `jobs/`.
    pub(super) fn device(&mut self, thing: &str, rest: &str, body: &Value) -> Reply {
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
                if TERMINAL.contains(&execution.status.as_str()) || !by_device {
                    return Err(("InvalidStateTransition".into(), Some(execution.state())));
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

    fn apply(&mut self, index: usize, status: &str, body: &Value) {
        let Execution { thing, job, .. } = self.executions[index].clone();
        self.mutate(&thing, &job, |naive| naive.take(index, status, body));
    }

    /// What a device's request does to the execution itself.
    fn take(&mut self, index: usize, status: &str, body: &Value) {
        let now = self.now;
        let id = self.executions[index].job.clone();
        let timeout = self.job(&id).and_then(|job| job.timeout);
        let execution = &mut self.executions[index];
        if execution.status == "QUEUED" {
            execution.started = Some(now);
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
        // When cancelling, the number stands for the expected version.
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
        let Some(job) = self.job(id) else { return refuse("ResourceNotFound") };
        if !force && job.status != "COMPLETED" && job.status != "CANCELED" {
            return refuse("InvalidStateTransition");
        }
        job.status = "DELETION_IN_PROGRESS".into();
        for index in self.in_order(id) {
            let thing = self.executions[index].thing.clone();
            self.mutate(&thing, id, |naive| naive.executions[index].deleted = true);
        }
        self.jobs.retain(|job| job.id != id);
        Ok(Value::Null)
    }

    /// All executions of a thing as the control plane tells them, newest first.
    pub(super) fn history(&self, thing: &str) -> Vec<Value> {
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
                });
                if let Some(started) = it.started {
                    summary["startedAt"] = seconds(started);
                }
                if !it.failures.is_empty() {
                    summary["retryAttempt"] = json!(it.failures.len());
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
            it.details,
            it.version,
            it.number,
            it.deadline().map(|at| { (at - self.now).max(0) / 1000 })
        ]))
    }

    /// Status, forced, last updated, completed, and how many executions have each status.
    pub(super) fn describe_job(&self, id: &str) -> Reply {
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
