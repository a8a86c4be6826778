//! What AWS does not say: one entry for each point on which the local service had to choose.
//!
//! To follow another reading, change the entry; nothing else in the service decides these points. The
//! numbers are stable, so that notes and tests can refer to them.

use crate::wire::model::{JobExecutionStatus, StatusDetails};

/// 1. MQTT 5's reason code for a PUBLISH or SUBSCRIBE that no policy allows.
pub(super) const NOT_AUTHORIZED: u8 = 0x87;

/// 1. Whether a QoS 1 PUBLISH that is refused leaves an MQTT 5 connection open; at QoS 0 it is closed.
pub(super) const REFUSED_PUBLISH_IS_ACKNOWLEDGED: bool = true;

/// 2. Where the `InvalidTopic` error of a publish to `topic` goes.
#[must_use]
pub(super) fn invalid_topic_reply(topic: &str) -> String {
    format!("{topic}/rejected")
}

/// 3. Status details that an update carries replace the stored ones; `{}` clears them.
pub(super) fn store_status_details(stored: &mut StatusDetails, given: StatusDetails) {
    *stored = given;
}

/// 4. Whether answers on MQTT carry `thingName` in a described job execution.
pub(super) const THING_NAME_ON_MQTT: bool = false;

/// 5, 6 and 8. Whether a device's update may move a job execution from one status to another.
///
/// Straight from QUEUED to SUCCEEDED is allowed (5), so is REJECTED from IN_PROGRESS (6); a terminal job
/// execution never moves, and its update is refused as InvalidStateTransition (8).
#[must_use]
pub(super) fn device_may_move(from: JobExecutionStatus, to: JobExecutionStatus) -> bool {
    use JobExecutionStatus::{Failed, InProgress, Rejected, Succeeded};
    from.is_pending() && matches!(to, InProgress | Succeeded | Failed | Rejected)
}

/// 7. The exception that stands for VersionMismatch over HTTPS, with its HTTP status.
pub(super) const VERSION_MISMATCH_OVER_HTTPS: (&str, u16) = ("InvalidStateTransitionException", 409);

/// 9. Whether the version grows when the service itself moves a job execution to `status`.
#[must_use]
pub(super) fn service_raises_version(status: JobExecutionStatus) -> bool {
    status != JobExecutionStatus::Removed
}

/// 10. What CancelJob's InvalidRequestException says of a job that is neither IN_PROGRESS nor SCHEDULED.
#[must_use]
pub(super) fn cancel_of_finished_job(job_id: &str, status: &str) -> String {
    format!("Job {job_id} in status {status} cannot be canceled.")
}

/// 11. Whether a CANCELED job has `completedAt`.
pub(super) const COMPLETED_AT_OF_CANCELED_JOB: bool = false;

/// 12. Whether a SNAPSHOT job whose targets hold no thing becomes COMPLETED at once.
pub(super) const JOB_WITHOUT_THINGS_COMPLETES: bool = true;

/// 13. Whether the data plane answers ResourceNotFound for a thing that is not registered.
pub(super) const UNREGISTERED_THING_IS_NOT_FOUND: bool = true;

/// 14. Whether a retry may follow a job execution that ended as `status`.
///
/// The retry is created in the change that ends its predecessor, so that both events go out once.
#[must_use]
pub(super) fn retry_may_follow(status: JobExecutionStatus) -> bool {
    matches!(status, JobExecutionStatus::Failed | JobExecutionStatus::TimedOut)
}

/// 15. Whether an answer goes at QoS 1, and not 0, to a client that did not subscribe to it.
pub(super) const UNSOLICITED_ANSWER_IS_QOS_1: bool = false;

/// 16. How many pending job executions answers and events list, IN_PROGRESS ones first.
pub(super) const LISTED_PENDING_JOB_EXECUTIONS: usize = 10;

/// 17. The largest MQTT packet that the broker takes, in bytes; CONNACK says so.
pub(super) const MAXIMUM_PACKET_SIZE: u32 = 149_504;

/// 18. Whether DeleteJobExecution takes a QUEUED job execution without force.
pub(super) const QUEUED_EXECUTION_NEEDS_NO_FORCE: bool = true;

/// 19. Whether a value of status details may be stored: by length alone, whatever its characters.
#[must_use]
pub(super) fn status_details_value_allowed(value: &str) -> bool {
    (1..=1024).contains(&value.chars().count())
}

/// 20. Whether CreateJob, CancelJob and AssociateTargetsWithJob write a missing `description` as null.
///
/// In all other answers of the control plane an unset member is absent, unless AWS was seen to write it.
pub(super) const MISSING_DESCRIPTION_IS_NULL: bool = true;

// Further points, found while building; they have no number.

/// How many entries a page of a list has where the request does not say: as many as it may ask for.
pub(super) const DEFAULT_MAX_RESULTS: i64 = 250;

/// The `reasonCode` of a job that its own abort rule canceled.
pub(super) const REASON_CODE_OF_ABORT: &str = "ABORTED";

/// Whether a job execution is tried again on a thing that left all targets of its CONTINUOUS job meanwhile.
pub(super) const RETRY_FOLLOWS_THING_THAT_LEFT: bool = false;

/// What AssociateTargetsWithJob's LimitExceededException says when the job would have too many targets.
#[must_use]
pub(super) fn too_many_targets(job_id: &str, most: usize) -> String {
    format!("Job {job_id} cannot have more than {most} targets.")
}

/// How much of a request rate may be used at once, after a pause: what it allows in this time.
pub(super) const BURST: std::time::Duration = std::time::Duration::from_secs(1);
