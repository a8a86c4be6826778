//! The rehearsal of a rollout: a job for a fleet that does not exist, in virtual time.
//!
//! The same state machine that the fronts serve carries the job out; its clock jumps from one thing that falls due to
//! the next. No socket is opened and nothing waits: the same [`Plan`] gives the same [`Rehearsal`].
//!
//! ```
//! use std::time::Duration;
//!
//! use jobs_sandbox::service::rehearsal::{Fleet, Outcomes, Plan, Share, job, rehearse};
//! use jobs_sandbox::service::state::job_status::JobStatus;
//! use serde_json::json;
//!
//! let rollout = json!({
//!     "document": "{}",
//!     "jobExecutionsRolloutConfig": { "maximumPerMinute": 50 },
//! });
//! let fleet = Fleet {
//!     things: 120,
//!     outcomes: Outcomes::new(None, None, None, None)?,
//!     takes: Duration::from_secs(30)..=Duration::from_secs(30),
//!     offline: Share::default(),
//!     back_after: Duration::ZERO..=Duration::ZERO,
//!     seed: 1,
//! };
//! let job = job(rollout.as_object().unwrap().clone())?;
//! let rehearsal = rehearse(&Plan { fleet, job, until: Duration::from_hours(1) })?;
//! assert_eq!(rehearsal.status, JobStatus::Completed);
//! let reached: Vec<u64> = rehearsal.minutes.iter().map(|minute| minute.rolled_out_within).collect();
//! assert_eq!(reached, [50, 50, 20]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `fleet` | how many things there are, and what chance decides for them |
//! | `devices` | what their devices do, and when |
//! | `run` | service and devices, one after the other, to the end |
//! | `minutes` | what has become of it, minute by minute |
//! | `request` | the job, as CreateJob reads it |

mod devices;
mod fleet;
mod minutes;
mod request;
mod run;
#[cfg(test)]
mod tests;

pub use self::fleet::{Fleet, Outcomes, Share};
pub use self::minutes::Minute;
pub use self::request::job;
pub use self::run::{Plan, Rehearsal, rehearse};
