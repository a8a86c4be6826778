//! What back ends hear.

use serde_json::{Value, json};

use super::{Execution, Naive, TERMINAL};

const ARN: &str = "arn:aws:iot:us-east-1:123456789012:";

impl Naive {
    /// Compares executions with what they were `before`: those that ended since, and those that were deleted.
    pub(super) fn tell_of_executions(&mut self, before: &[Execution]) {
        for (before, it) in before.iter().zip(self.executions.clone()) {
            let ended = before.pending() && TERMINAL.contains(&it.status.as_str());
            let deleted = it.deleted && !before.deleted;
            if !ended && !deleted || !self.published.1 {
                continue;
            }
            let operation = if deleted { "deleted".to_owned() } else { it.status.to_lowercase() };
            let mut event = json!({
                "eventType": "JOB_EXECUTION",
                "timestamp": self.now / 1000,
                "operation": operation,
                "jobId": it.job,
                "thingArn": format!("{ARN}thing/{}", it.thing),
                "status": it.status,
                "executionNumber": it.number,
            });
            if operation == "canceled" {
                event["forceCanceled"] = json!(it.forced);
            }
            if !it.details.is_null() {
                event["statusDetails"] = it.details.clone();
            }
            self.events.push((format!("events/jobExecution/{}/{operation}", it.job), event));
        }
    }

    pub(super) fn tell_of_job(&mut self, id: &str, operation: &str) {
        let count = |status: &str| {
            self.executions.iter().filter(|it| it.job == id && !it.deleted && it.status == status).count()
        };
        let Some(job) = self.jobs.iter().find(|job| job.id == id && self.published.0) else { return };
        let mut event = json!({
            "eventType": "JOB",
            "timestamp": self.now / 1000,
            "operation": operation,
            "jobId": id,
            "status": operation.to_uppercase(),
            "targetSelection": if job.continuous { "CONTINUOUS" } else { "SNAPSHOT" },
            "targets": job.targets.iter().map(|target| format!("{ARN}{target}")).collect::<Vec<_>>(),
            "description": job.description,
            "createdAt": job.created,
            "lastUpdatedAt": job.updated,
        });
        if operation == "completed" {
            event["completedAt"] = json!(job.completed.unwrap());
        } else {
            event["comment"] = job.comment.clone();
        }
        if operation == "canceled" || operation == "cancellation_in_progress" {
            event["forceCanceled"] = json!(job.forced);
            event["reasonCode"] = job.reason.clone();
        }
        if operation == "canceled" || operation == "completed" {
            event["jobProcessDetails"] = json!({
                "numberOfCanceledThings": count("CANCELED"),
                "numberOfRejectedThings": count("REJECTED"),
                "numberOfFailedThings": count("FAILED"),
                "numberOfRemovedThings": count("REMOVED"),
                "numberOfSucceededThings": count("SUCCEEDED"),
                "numberOfTimedOutThings": count("TIMED_OUT"),
            });
        }
        event.as_object_mut().unwrap().retain(|_, value: &mut Value| !value.is_null());
        self.events.push((format!("events/job/{id}/{operation}"), event));
    }
}
