//! What the samples do with jobs, for programs that use the client: each is one [`ControlPlane::call`].

use super::error::Error;
use super::request::{CreateJob, Operation, Request};
use super::{ControlPlane, Reply};
use crate::wire::model::{JobId, ThingName};

impl ControlPlane {
    /// Creates a SNAPSHOT job for one thing.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn create_job(&self, job: &JobId, request: CreateJob) -> Result<Reply, Error> {
        let timeout = request.timeout_minutes.map(Request::timeout_config);
        let retries = request.retries.map(|retries| Request::retry_config(retries.into()));
        let create = of_job(Operation::CreateJob, job)
            .json("targets", serde_json::json!([request.target_arn]).to_string())
            .text("document", &request.document)
            .text("targetSelection", "SNAPSHOT")
            .json_if("description", request.description.map(|text| serde_json::Value::from(text).to_string()))
            .json_if("timeoutConfig", timeout)
            .json_if("jobExecutionsRetryConfig", retries);
        self.call(&create).await
    }

    /// Deletes a job and its executions; `force` also where some are not terminal.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn delete_job(&self, job: &JobId, force: bool) -> Result<Reply, Error> {
        let delete = of_job(Operation::DeleteJob, job).json_if("force", force.then_some("true"));
        self.call(&delete).await
    }

    /// Cancels a job and its queued executions; `force` also those in progress.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn cancel_job(&self, job: &JobId, force: bool) -> Result<Reply, Error> {
        let cancel = of_job(Operation::CancelJob, job).json_if("force", force.then_some("true"));
        self.call(&cancel).await
    }

    /// Reads a job, without its document.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn describe_job(&self, job: &JobId) -> Result<Reply, Error> {
        self.call(&of_job(Operation::DescribeJob, job)).await
    }

    /// Reads the document of a job.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn get_job_document(&self, job: &JobId) -> Result<Reply, Error> {
        self.call(&of_job(Operation::GetJobDocument, job)).await
    }

    /// Reads an execution of a job on a thing, also a terminal one; the newest unless it is told which.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn describe_job_execution(
        &self,
        job: &JobId,
        thing: &ThingName,
        execution_number: Option<i64>,
    ) -> Result<Reply, Error> {
        let describe = of_job(Operation::DescribeJobExecution, job)
            .text("thingName", thing.as_str())
            .json_if("executionNumber", execution_number.map(|number| number.to_string()));
        self.call(&describe).await
    }

    /// Lists all jobs, or those with `status`; several pages come as one.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn list_jobs(&self, status: Option<&str>) -> Result<Reply, Error> {
        let list = Request::new(Operation::ListJobs);
        self.call(&status.map_or(list.clone(), |status| list.text("status", status))).await
    }

    /// Lists the executions of a job, terminal ones included; several pages come as one.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn list_job_executions_for_job(&self, job: &JobId) -> Result<Reply, Error> {
        self.call(&of_job(Operation::ListJobExecutionsForJob, job)).await
    }

    /// Lists the executions of a thing, terminal ones included; several pages come as one.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn list_job_executions_for_thing(&self, thing: &ThingName) -> Result<Reply, Error> {
        let list = Request::new(Operation::ListJobExecutionsForThing).text("thingName", thing.as_str());
        self.call(&list).await
    }
}

fn of_job(operation: Operation, job: &JobId) -> Request {
    Request::new(operation).text("jobId", job.as_str())
}
