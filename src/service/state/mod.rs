//! The Jobs service of one account as a pure state machine: no socket, no clock, no random number, no log.
//!
//! Time and new ids come in as arguments; the reply and the events that it causes go out as an
//! [`Outcome`]. There is one method for each AWS operation, named after it. What the service does by
//! itself falls due at [`State::next_timeout`] and is done by [`State::handle_timeout`], long work in
//! slices, so that a request never waits behind a job for a hundred thousand things.
//!
//! Requests of the control plane were held against AWS's model before they come here: lengths, ranges and patterns are
//! looked at by the HTTP front alone, what members mean together and in this account here.
//!
//! Records are at the bottom: they know nothing of [`State`]. The operations above them know both.
//!
//! | records | what they are |
//! |---|---|
//! | `job`, `job_status`, `job_configs`, `job_target` | a job, where it stands, how it is configured, what it is for |
//! | `rollout`, `retry`, `abort`, `schedule`, `window`, `timers` | how a job reaches its things, and when it stops |
//! | `execution`, `executions`, `job_executions`, `sequence` | one job execution; those of one thing, and of one job, in order |
//! | `thing`, `thing_type`, `group`, `attributes`, `template`, `tags` | the registry, job templates, labels |
//! | `account`, `settings` | all of it: `State`, and which account it is |
//! | `event`, `event_types`, `job_event` | what is published, and whether it is |
//! | `small_set`, `validate`, `paging`, `outcome`, `touched`, `rejected` | what all operations share |
//!
//! | operations | what they do |
//! |---|---|
//! | `change` | the one way in which job executions change, and the events that follow |
//! | `lifecycle`, `timeouts`, `next_timer` | what happens to a job by itself; what is due, and when; what is next, for people |
//! | `device` | the four operations of the data plane |
//! | `create_job`, `describe_job`, `update_job`, `cancel_job` | jobs, from beginning to end |
//! | `documents` | job documents, as they are given and as devices get them |
//! | `namespace` | which job executions and which topics go with the namespace of a job |
//! | `queueing`, `targets` | how things get into the queue of a job; how CONTINUOUS jobs follow their targets |
//! | `operator`, `end_execution` | job executions as the control plane sees and ends them |
//! | `things`, `thing_types`, `groups`, `update_thing_group`, `thing_lists` | the registry |
//! | `templates`, `managed_templates`, `tagging` | job templates, AWS's own too; labels |
//! | `event_configurations` | which events back ends get |
//! | `credentials` | certificates, policies, and what is attached to what |
//! | `reset` | the account as it is at the first start again |
//! | `kept` | the account as rows that outlive the process, and the account again from them |

mod abort;
mod account;
pub mod attributes;
pub mod cancel_job;
mod change;
pub mod create_job;
pub mod credentials;
pub mod describe_job;
mod device;
mod documents;
pub mod end_execution;
mod event;
pub mod event_configurations;
mod event_types;
mod execution;
mod executions;
mod group;
pub mod groups;
pub mod job;
pub mod job_configs;
mod job_event;
mod job_executions;
pub mod job_status;
mod job_target;
mod kept;
mod lifecycle;
pub mod managed_templates;
mod namespace;
mod next_timer;
pub mod operator;
mod outcome;
mod paging;
mod queueing;
mod rejected;
mod reset;
pub mod retry;
pub mod rollout;
pub mod schedule;
mod sequence;
mod settings;
mod small_set;
pub mod tagging;
pub mod tags;
pub mod targets;
mod template;
pub mod templates;
#[cfg(test)]
mod tests;
mod thing;
pub mod thing_lists;
mod thing_type;
pub mod thing_types;
pub mod things;
mod timeouts;
mod timers;
mod touched;
pub mod update_job;
pub mod update_thing_group;
mod validate;
pub mod window;

pub use self::account::State;
pub(crate) use self::documents::MAX_DOCUMENT_BYTES;
pub use self::event::Event;
pub use self::event_types::EventType;
pub use self::job_event::{EndedThings, JobEvent, JobExecutionEvent, JobOperation};
#[cfg(test)]
pub(crate) use self::kept::DamagedRow;
pub(crate) use self::kept::Restoring;
pub(crate) use self::next_timer::NextTimer;
pub use self::outcome::{Effects, Outcome};
pub use self::rejected::Rejected;
pub(crate) use self::reset::Counts;
pub use self::sequence::Sequence;
pub use self::settings::Settings;
pub use self::touched::Touched;
