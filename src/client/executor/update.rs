//! Updates of a job execution, whose answers may be lost.

use super::notice::Gone;
use super::{Error, Executor, RESUMED, waits};
use crate::client::jobs::Error as RequestError;
use crate::wire::model::{
    DescribeJobExecutionRequest, JobExecutionData, JobExecutionState, JobExecutionStatus, JobId, JobRef,
    RejectedResponse, StatusDetails, UpdateJobExecutionRequest,
};
use crate::wire::number::{ExecutionNumber, VersionNumber};

/// The job execution that is under way, as far as the service has confirmed it.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) job: JobId,
    pub(super) number: ExecutionNumber,
    pub(super) version: VersionNumber,
    /// What the service keeps of its status details.
    pub(super) details: StatusDetails,
}

impl From<&JobExecutionData> for Own {
    fn from(execution: &JobExecutionData) -> Self {
        Self {
            job: execution.job_id.clone(),
            number: execution.execution_number,
            version: execution.version_number,
            details: execution.status_details.clone().unwrap_or_default(),
        }
    }
}

impl Own {
    /// Details of the handler, with the mark of a job execution that was resumed.
    pub(super) fn marked(&self, mut details: StatusDetails) -> StatusDetails {
        if let Some(count) = self.details.get(RESUMED) {
            details.insert(RESUMED.to_owned(), count.clone());
        }
        details
    }
}

/// What became of an update.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Updated {
    /// The service has it.
    Done,
    /// There is nothing to update any more.
    Gone(Gone),
    /// The service would not have it as it is, for this reason.
    Refused(String),
}

/// Whether a code of a refusal stands for a service that may take the same request a moment later.
pub(super) fn is_busy(code: &str) -> bool {
    matches!(code, "RequestThrottled" | "InternalError")
}

impl Executor {
    /// Moves a job execution to `status`, until the service has said what became of that.
    ///
    /// The update names the version that it expects. So it is carried out once, however often it has to be sent, and
    /// whether it was shows in the state that the service refuses it with.
    pub(super) async fn update(
        &mut self,
        own: &mut Own,
        status: JobExecutionStatus,
        details: Option<&StatusDetails>,
    ) -> Result<Updated, Error> {
        let request = UpdateJobExecutionRequest {
            status_details: details.cloned(),
            expected_version: Some(own.version),
            execution_number: Some(own.number),
            include_job_execution_state: true,
            step_timeout_in_minutes: self.step_timeout().filter(|_| status.is_pending()),
            ..UpdateJobExecutionRequest::new(status)
        };
        let mut waits = waits();
        let mut may_be_done = false;
        loop {
            let Err(error) = self.client.update_job_execution(&own.job, request.clone()).await else { break };
            match &error {
                RequestError::Rejected { response, .. } if !is_busy(&response.code) => {
                    let state = self.state_of(own, response).await;
                    if may_be_done && state.is_some_and(|state| is_result(&state, &request)) {
                        break;
                    }
                    let refused = || Updated::Refused(format!("{}: {}", response.code, response.message));
                    return Ok(Gone::refused(response).map_or_else(refused, Updated::Gone));
                }
                RequestError::OutcomeUnknown { .. }
                | RequestError::TimedOut { .. }
                | RequestError::Malformed { .. } => may_be_done = true,
                RequestError::Rejected { .. }
                | RequestError::NotAccepted { .. }
                | RequestError::NotConnected { .. } => {}
            }
            self.wait_after(error, &mut waits).await?;
        }
        own.version = own.version.next();
        if let Some(details) = details {
            own.details.clone_from(details);
        }
        Ok(Updated::Done)
    }

    /// Where a job execution stands whose update was refused: AWS says so in the refusal, others are asked.
    async fn state_of(&mut self, own: &Own, refusal: &RejectedResponse) -> Option<JobExecutionState> {
        if refusal.execution_state.is_some() {
            return refusal.execution_state.clone();
        }
        self.describe(own).await.ok().map(|execution| JobExecutionState {
            status: execution.status,
            status_details: execution.status_details,
            version_number: execution.version_number,
        })
    }

    /// Asks how a job execution has ended that is not pending any more: the refusal of an update says so.
    pub(super) async fn how_it_ended(&mut self, own: &Own) -> Gone {
        let request = UpdateJobExecutionRequest {
            expected_version: Some(own.version),
            execution_number: Some(own.number),
            ..UpdateJobExecutionRequest::new(JobExecutionStatus::InProgress)
        };
        match self.client.update_job_execution(&own.job, request).await {
            Err(RequestError::Rejected { response, .. }) => {
                Gone::refused(&response).unwrap_or(Gone::NotPending)
            }
            _ => Gone::NotPending,
        }
    }

    /// Asks where a job execution stands; the error is why there is none.
    pub(super) async fn describe(&mut self, own: &Own) -> Result<JobExecutionData, Option<Gone>> {
        let request = DescribeJobExecutionRequest {
            execution_number: Some(own.number),
            include_job_document: Some(false),
            ..Default::default()
        };
        match self.client.describe_job_execution(&JobRef::Id(own.job.clone()), request).await {
            Ok(answer) => answer.response.execution.ok_or(Some(Gone::Deleted)),
            Err(RequestError::Rejected { response, .. }) => Err(Gone::refused(&response)),
            Err(_) => Err(None),
        }
    }
}

/// Whether a job execution stands where this update leads.
fn is_result(state: &JobExecutionState, request: &UpdateJobExecutionRequest) -> bool {
    let details = state.status_details.as_ref();
    state.status.known() == Some(request.status)
        && request.expected_version.is_some_and(|version| state.version_number == version.next())
        && request
            .status_details
            .as_ref()
            .is_none_or(|sent| details.map_or(sent.is_empty(), |kept| kept == sent))
}
