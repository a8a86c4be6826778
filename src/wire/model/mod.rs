//! The data plane's names, requests, answers and events, spelled as AWS spells them on the wire.
//!
//! Members stand in the order in which AWS was seen to write them. A member without a value is
//! absent on MQTT, never null. All times are whole epoch seconds.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html>

mod messages;
mod names;
mod status;

pub use messages::{
    DescribeJobExecutionRequest, DescribeJobExecutionResponse, EpochSeconds, GetPendingJobExecutionsRequest,
    GetPendingJobExecutionsResponse, JobDocument, JobExecutionData, JobExecutionState, JobExecutionSummary,
    JobExecutionsChangedEvent, NextJobExecutionChangedEvent, PendingJobExecutions, RejectedResponse,
    StartNextJobExecutionResponse, StartNextPendingJobExecutionRequest, StatusDetails,
    UpdateJobExecutionRequest, UpdateJobExecutionResponse,
};
pub use names::{InvalidName, JobId, JobRef, JobTemplateId, ThingGroupName, ThingName};
pub use status::{JobExecutionStatus, ReportedStatus, UnknownStatus};
