//! The operations of the properties, done to the naive model.

use serde_json::{Value, json};

use super::super::operations::{ARN, GROUPS, JOBS, Op, THINGS, is_windowed, whole_minutes};
use super::{Group, Job, Naive, Reply};
use crate::service::time::Timestamp;

impl Naive {
    /// Does one random operation.
    pub(in super::super) fn operate(&mut self, op: &Op) -> Reply {
        let naive = self;
        let unknown = || Err(("ResourceNotFound".to_owned(), None));
        match op {
            Op::Device { thing, rest, body } => return naive.device(THINGS[*thing], rest, body),
            Op::CreateJob { job, body, start, end, window } => {
                let job = create(naive, JOBS[*job], body, *start, *end)?;
                job.window = window.filter(|_| is_windowed(body, *start));
                let id = job.id.clone();
                naive.roll_out(&id);
            }
            Op::UpdateEvents { jobs, executions } => {
                naive.published.0 = jobs.unwrap_or(naive.published.0);
                naive.published.1 = executions.unwrap_or(naive.published.1);
            }
            Op::CancelJob { job, force, comment } => {
                let Some(job) = naive.job(JOBS[*job]) else { return unknown() };
                if job.status != "IN_PROGRESS" && job.status != "SCHEDULED" {
                    return Err(("InvalidRequest".into(), None));
                }
                job.forced = *force;
                job.comment = json!(comment);
                let id = job.id.clone();
                naive.cancel_all(&id, *force);
            }
            Op::DeleteJob { job, force } => return naive.delete_job(JOBS[*job], *force),
            Op::UpdateJob { job, timeout } => {
                let now = naive.now;
                let Some(job) = naive.job(JOBS[*job]) else { return unknown() };
                if job.status != "IN_PROGRESS" && job.status != "SCHEDULED" {
                    return Err(("InvalidRequest".into(), None));
                }
                job.timeout = Some(*timeout);
                job.updated = now;
            }
            Op::Associate { job, targets } => return associate(naive, JOBS[*job], targets),
            Op::CancelExecution { thing, job, expected, force } => {
                return naive.end_one(false, THINGS[*thing], JOBS[*job], *expected, *force);
            }
            Op::DeleteExecution { thing, job, number, force } => {
                return naive.end_one(true, THINGS[*thing], JOBS[*job], Some(*number), *force);
            }
            Op::Describe { thing, job, number } => {
                return naive.describe(THINGS[*thing], JOBS[*job], *number);
            }
            Op::CreateThing(thing) => {
                if !naive.things.iter().any(|known| known == THINGS[*thing]) {
                    naive.things.push(THINGS[*thing].into());
                }
            }
            Op::DeleteThing(thing) => {
                naive.things.retain(|known| known != THINGS[*thing]);
                for group in &mut naive.groups {
                    group.members.retain(|member| member != THINGS[*thing]);
                }
            }
            Op::Join { thing, group } => return change_member(naive, THINGS[*thing], GROUPS[*group], true),
            Op::Leave { thing, group } => return change_member(naive, THINGS[*thing], GROUPS[*group], false),
            Op::DeleteGroup(group) => {
                let name = GROUPS[*group];
                if naive.groups.iter().any(|group| group.parent.as_deref() == Some(name)) {
                    return Err(("InvalidRequest".into(), None));
                }
                let Some(group) = naive.groups.iter().find(|group| group.name == name) else {
                    return Ok(Value::Null);
                };
                let mut members = group.members.clone();
                members.sort();
                for thing in members {
                    let before = naive.groups_of(&thing);
                    let group = naive.groups.iter_mut().find(|group| group.name == name).unwrap();
                    group.members.retain(|member| *member != thing);
                    naive.follow(&thing, &before);
                }
                naive.groups.retain(|group| group.name != name);
            }
            Op::CreateGroup(group) => {
                let parent = (*group == 1).then(|| GROUPS[0].to_owned());
                if parent.is_some() && !naive.exists("thinggroup/g") {
                    return Err(("InvalidRequest".into(), None));
                }
                let name = GROUPS[*group].to_owned();
                if !naive.groups.iter().any(|group| group.name == name) {
                    naive.groups.push(Group { name, parent, members: Vec::new() });
                }
            }
            Op::Advance { seconds, .. } => naive.advance(naive.now + seconds * 1000),
        }
        Ok(Value::Null)
    }
}

fn change_member(naive: &mut Naive, thing: &str, name: &str, joins: bool) -> Reply {
    let before = naive.groups_of(thing);
    let known = naive.things.iter().any(|known| known == thing);
    if !known || !naive.groups.iter().any(|group| group.name == name) {
        return Err(("ResourceNotFound".into(), None));
    }
    if joins && naive.is_elsewhere_in_hierarchy(thing, name) {
        return Err(("InvalidRequest".into(), None));
    }
    let group = naive.groups.iter_mut().find(|group| group.name == name).unwrap();
    group.members.retain(|member| member != thing);
    if joins {
        group.members.push(thing.into());
    }
    naive.follow(thing, &before);
    Ok(Value::Null)
}

fn create<'a>(
    naive: &'a mut Naive,
    id: &str,
    body: &Value,
    start: Option<i64>,
    end: Option<(i64, Option<&str>)>,
) -> Result<&'a mut Job, (String, Option<Value>)> {
    let now = naive.now;
    let minutes = |minutes: i64| whole_minutes(Timestamp::from_millis(now), minutes);
    let target = |arn: &Value| arn.as_str().unwrap().strip_prefix(ARN).unwrap().to_owned();
    let targets: Vec<String> = body["targets"].as_array().unwrap().iter().map(target).collect();
    if !targets.iter().all(|target| naive.exists(target)) {
        return Err(("ResourceNotFound".into(), None));
    }
    if naive.job(id).is_some() {
        return Err(("ResourceAlreadyExists".into(), None));
    }
    let mut waiting: Vec<String> = Vec::new();
    for thing in targets.iter().flat_map(|target| naive.things_of(target)) {
        if !waiting.contains(&thing) {
            waiting.push(thing);
        }
    }
    let retries = body["jobExecutionsRetryConfig"]["criteriaList"].as_array().cloned().unwrap_or_default();
    let retry = |entry: &Value| {
        (entry["failureType"].as_str().unwrap().to_owned(), entry["numberOfRetries"].as_i64().unwrap())
    };
    let abort = body["abortConfig"]["criteriaList"].get(0).map(|entry| {
        let kind = entry["failureType"].as_str().unwrap().to_owned();
        let number = |member: &str| entry[member].as_i64().unwrap();
        (kind, number("thresholdPercentage"), number("minNumberOfExecutedThings"))
    });
    naive.jobs.push(Job {
        id: id.into(),
        continuous: body["targetSelection"] == "CONTINUOUS",
        targets,
        status: if start.is_some() { "SCHEDULED" } else { "IN_PROGRESS" }.into(),
        timeout: body["timeoutConfig"]["inProgressTimeoutInMinutes"].as_i64(),
        retries: retries.iter().map(retry).collect(),
        per_minute: body["jobExecutionsRolloutConfig"]["maximumPerMinute"].as_i64().or(Some(1000)),
        abort,
        start: start.map(minutes),
        end: end.map(|(end, _)| minutes(end)),
        end_behavior: end.and_then(|(_, behavior)| behavior.map(str::to_owned)),
        description: body["description"].clone(),
        created: now,
        updated: now,
        waiting,
        ..Job::default()
    });
    Ok(naive.jobs.last_mut().unwrap())
}

fn associate(naive: &mut Naive, id: &str, targets: &[String]) -> Reply {
    if !targets.iter().all(|target| naive.exists(target)) {
        return Err(("ResourceNotFound".into(), None));
    }
    let now = naive.now;
    let Some(job) = naive.job(id).cloned() else { return Err(("ResourceNotFound".into(), None)) };
    if !job.continuous || job.status != "IN_PROGRESS" {
        return Err(("InvalidRequest".into(), None));
    }
    let added: Vec<String> = targets.iter().filter(|target| !job.targets.contains(target)).cloned().collect();
    let mut waiting = job.waiting.clone();
    for thing in added.iter().flat_map(|target| naive.things_of(target)) {
        if !job.ended && !waiting.contains(&thing) {
            waiting.push(thing);
        }
    }
    let job = naive.job(id).unwrap();
    job.targets.extend(added);
    job.waiting = waiting;
    job.updated = now;
    naive.roll_out(id);
    Ok(Value::Null)
}
