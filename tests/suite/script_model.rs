//! Random scripts pass exactly as far as each of their expectations holds in a naive model of the service.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use crate::support::Sandbox;

/// A line of a script.
#[derive(Debug, Clone)]
enum Step {
    Create(usize),
    StartNext,
    Finish(usize),
    Delete(usize),
    /// A message on a topic that the script has subscribed to.
    Publish(usize),
    /// What only reads.
    Read,
    /// What asks nobody.
    Aside,
    Expect {
        negated: bool,
        what: Expected,
    },
}

/// What is expected, of a job or of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// A JobExecutionsChangedEvent with this job among those in this list.
    Listed(usize, bool),
    /// A JobExecutionsChangedEvent with so many queued jobs.
    Queued(usize),
    /// A NextJobExecutionChangedEvent with this job, or with none.
    Next(Option<usize>),
    /// That CreateJob was accepted, or refused.
    Created(bool),
    /// A message on this topic.
    Message(usize),
}

/// The state of a job execution that has not been deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Queued,
    InProgress,
    Ended,
}

/// An event: what is in progress and queued, or what comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Event {
    Changed { in_progress: Vec<usize>, queued: Vec<usize> },
    Next(Option<usize>),
}

/// The service, and what `expect` can see of it.
#[derive(Debug, Default)]
struct Model {
    jobs: Vec<(usize, Status)>,
    events: Vec<Event>,
    /// Messages on topics that no expect has taken.
    messages: Vec<usize>,
    created: Answer,
}

/// The answer of the last command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Answer {
    /// Not that of create-job.
    #[default]
    Other,
    /// Whether the job was created.
    There(bool),
    Taken,
}

impl Model {
    fn pending(&self, wanted: Status) -> Vec<usize> {
        self.jobs.iter().filter(|(_, status)| *status == wanted).map(|(job, _)| *job).collect()
    }

    fn next(&self) -> Option<usize> {
        [Status::InProgress, Status::Queued]
            .into_iter()
            .find_map(|status| self.pending(status).first().copied())
    }

    fn position(&self, job: usize) -> Option<usize> {
        self.jobs.iter().position(|(known, _)| *known == job)
    }

    /// Carries out a change; returns whether the service accepts it.
    fn change(&mut self, step: &Step) -> bool {
        self.events.clear();
        self.created = Answer::Other;
        let before = (self.pending(Status::InProgress), self.pending(Status::Queued), self.next());
        let accepted = match step {
            Step::Create(job) => {
                let is_new = self.position(*job).is_none();
                if is_new {
                    self.jobs.push((*job, Status::Queued));
                }
                self.created = Answer::There(is_new);
                is_new
            }
            Step::StartNext => {
                if self.pending(Status::InProgress).is_empty()
                    && let Some(first) = self.next().and_then(|job| self.position(job))
                {
                    self.jobs[first].1 = Status::InProgress;
                }
                // Nothing joins the pending ones or leaves them.
                return true;
            }
            Step::Publish(topic) => {
                self.messages.push(*topic);
                return true;
            }
            Step::Finish(job) => match self.position(*job) {
                Some(at) if self.jobs[at].1 != Status::Ended => {
                    self.jobs[at].1 = Status::Ended;
                    true
                }
                _ => false,
            },
            Step::Delete(job) => match self.position(*job) {
                Some(at) => {
                    self.jobs.remove(at);
                    true
                }
                None => false,
            },
            _ => unreachable!("it changes nothing"),
        };
        let (in_progress, queued) = (self.pending(Status::InProgress), self.pending(Status::Queued));
        if (&in_progress, &queued) != (&before.0, &before.1) {
            self.events.push(Event::Changed { in_progress, queued });
        }
        if self.next() != before.2 {
            self.events.push(Event::Next(self.next()));
        }
        accepted
    }

    /// Whether a message that is as expected is there; it is no longer afterwards.
    fn take(&mut self, what: Expected) -> bool {
        let fits = |event: &Event| match (event, what) {
            (Event::Changed { queued, .. }, Expected::Listed(job, true)) => queued.contains(&job),
            (Event::Changed { in_progress, .. }, Expected::Listed(job, false)) => in_progress.contains(&job),
            // No list is sent for none.
            (Event::Changed { queued, .. }, Expected::Queued(count)) => {
                !queued.is_empty() && queued.len() == count
            }
            (Event::Next(next), Expected::Next(job)) => *next == job,
            _ => false,
        };
        if let Expected::Created(accepted) = what {
            let there = self.created == Answer::There(accepted);
            if there {
                self.created = Answer::Taken;
            }
            return there;
        }
        if let Expected::Message(topic) = what {
            let found = self.messages.iter().position(|message| *message == topic);
            return found.map(|at| self.messages.remove(at)).is_some();
        }
        let found = self.events.iter().position(fits);
        found.map(|at| self.events.remove(at)).is_some()
    }

    /// Whether the line passes.
    fn passes(&mut self, step: &Step) -> bool {
        match step {
            Step::Read => {
                self.created = Answer::Other;
                true
            }
            Step::Aside => true,
            Step::Expect { negated, what: what @ Expected::Created(_) }
                if *negated && self.created == Answer::Other =>
            {
                // The last command cannot bring it: a failure either way.
                self.take(*what)
            }
            Step::Expect { negated, what } => self.take(*what) != *negated,
            change => self.change(change),
        }
    }
}

fn text(step: &Step) -> String {
    match step {
        Step::Create(job) => format!("create-job J{job} {{\"job\":{job}}}"),
        Step::StartNext => "start-next-pending-job-execution".to_owned(),
        Step::Finish(job) => format!("update-job-execution J{job} SUCCEEDED"),
        Step::Delete(job) => format!("delete-job J{job} --force"),
        Step::Publish(topic) => format!("publish t/{topic} {{\"n\":{topic}}}"),
        Step::Read => "list-jobs".to_owned(),
        Step::Aside => "set A b".to_owned(),
        Step::Expect { negated, what } => {
            let bang = if *negated { "! " } else { "" };
            let what = match what {
                Expected::Listed(job, queued) => {
                    let list = if *queued { "QUEUED" } else { "IN_PROGRESS" };
                    format!("JobExecutionsChangedEvent jobs.{list}[*].jobId=J{job}")
                }
                Expected::Queued(count) => format!("JobExecutionsChangedEvent jobs.QUEUED.length={count}"),
                Expected::Next(Some(job)) => {
                    format!(
                        "NextJobExecutionChangedEvent execution.jobId~^J{job}$ execution.jobDocument.job={job}"
                    )
                }
                Expected::Next(None) => "NextJobExecutionChangedEvent execution=absent".to_owned(),
                Expected::Created(true) => "CreateJobResponse jobId=present".to_owned(),
                Expected::Created(false) => "CreateJobRejected code~Exists".to_owned(),
                Expected::Message(topic) => format!("Message topic=t/{topic} payload.n={topic}"),
            };
            // Nothing is on its way once a command has ended.
            let within = if *negated || what.starts_with("CreateJob") { "" } else { " --within 1ms" };
            format!("{bang}expect {what}{within}")
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let job = || 0..2_usize;
    let what = prop_oneof![
        1 => (job(), any::<bool>()).prop_map(|(job, queued)| Expected::Listed(job, queued)),
        1 => (1..3_usize).prop_map(Expected::Queued),
        1 => prop::option::of(job()).prop_map(Expected::Next),
        1 => any::<bool>().prop_map(Expected::Created),
        2 => job().prop_map(Expected::Message),
    ];
    prop_oneof![
        3 => job().prop_map(Step::Create),
        2 => Just(Step::StartNext),
        2 => job().prop_map(Step::Finish),
        1 => job().prop_map(Step::Delete),
        2 => job().prop_map(Step::Publish),
        1 => Just(Step::Read),
        1 => Just(Step::Aside),
        8 => (any::<bool>(), what).prop_map(|(negated, what)| Step::Expect { negated, what }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_script_fails_on_exactly_the_lines_whose_expectation_does_not_hold(
        // The same line again is often another case: a job that exists already, a message that has been taken.
        steps in prop::collection::vec((step(), 1..3_usize), 1..30),
    ) {
        let steps: Vec<Step> =
            steps.into_iter().flat_map(|(step, times)| std::iter::repeat_n(step, times)).collect();
        let (mut model, mut expected) = (Model::default(), BTreeSet::new());
        let mut script = "subscribe t/+\n".to_owned();
        for (index, step) in steps.iter().enumerate() {
            let _ = writeln!(script, "{}", text(step));
            if !model.passes(step) {
                expected.insert(index + 2);
            }
        }
        let status = i32::from(!expected.is_empty());
        let output = Sandbox::new().script(&script).status(status).stderr_any().run();
        let failed: BTreeSet<usize> = output
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("stdin:")?.split(':').next()?.parse().ok())
            .collect();
        prop_assert_eq!(failed, expected, "{}{}", script, output.stderr);
    }
}
