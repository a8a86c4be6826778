//! Which things a job has, how it reaches them, and what time brings.

use super::{Group, Job, Naive};

impl Naive {
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

    /// Whether a thing is in another group below the same root.
    pub(super) fn is_elsewhere_in_hierarchy(&self, thing: &str, name: &str) -> bool {
        let root = |name: &str| {
            let mut root = name.to_owned();
            while let Some(above) =
                self.groups.iter().find(|it| it.name == root).and_then(|it| it.parent.clone())
            {
                root = above;
            }
            root
        };
        let mut groups = self.groups.iter().filter(|group| group.members.iter().any(|it| it == thing));
        let has = |groups: &[Group]| {
            groups.iter().any(|it| it.name == name && it.members.iter().any(|m| m == thing))
        };
        !has(&self.groups) && groups.any(|group| root(&group.name) == root(name))
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
            self.give(&thing, id);
        }
    }

    /// The thing gets an execution, unless one is pending or it was deleted.
    fn give(&mut self, thing: &str, id: &str) {
        let busy = self.newest(thing, id).is_some_and(|index| self.executions[index].pending());
        if !busy && self.things.iter().any(|known| known == thing) {
            self.mutate(thing, id, |naive| naive.queue(thing, id, Vec::new()));
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
                let waits = job.waiting.contains(&thing.to_owned());
                if job.status == "SCHEDULED" && !waits {
                    self.job(&id).unwrap().waiting.push(thing.into());
                } else if job.status == "IN_PROGRESS" && !job.ended {
                    self.job(&id).unwrap().waiting.retain(|waiting| waiting != thing);
                    self.give(thing, &id);
                }
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
                if job.is_active() && !job.ended {
                    due.extend(job.end.map(|at| (at, 2, job.id.clone(), 0)));
                    due.extend(job.turn.map(|at| (at, 3, job.id.clone(), 0)));
                }
                if job.status == "IN_PROGRESS" && !job.waiting.is_empty() {
                    due.extend(job.minute_began.map(|began| (began + 60_000, 4, job.id.clone(), 0)));
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
                1 | 3 => self.follow_schedule(&name),
                2 => self.end_of_schedule(&name),
                _ => self.roll_out(&name),
            }
        }
        self.now = target;
    }

    /// The job begins, or its window begins or ends.
    fn follow_schedule(&mut self, id: &str) {
        let now = self.now;
        let job = self.job(id).unwrap();
        job.start = None;
        let (is_open, turn) = job.is_open(now);
        let status = if is_open { "IN_PROGRESS" } else { "SCHEDULED" };
        if job.status != status {
            job.status = status.into();
            job.updated = now;
        }
        job.turn = turn;
        self.roll_out(id);
    }

    pub(super) fn end_of_schedule(&mut self, id: &str) {
        let now = self.now;
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
                if job.status == "SCHEDULED" {
                    job.status = "IN_PROGRESS".into();
                    job.updated = now;
                }
                self.settle(id);
            }
        }
    }
}
