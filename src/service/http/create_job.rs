//! CreateJob without a request: its members from elsewhere, held against the model in the same way.

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::label::Label;
use super::model::{Model, Received};
use super::plane::Plane;
use crate::service::one_line::{MESSAGE, one_line};
use crate::service::state::create_job::CreateJobRequest;

/// Reads the body of CreateJob. A member that is none of the model's, which AWS ignores, is refused too.
pub(crate) fn read_create_job(job_id: &str, body: Map<String, Value>) -> Result<CreateJobRequest, String> {
    let model = Model::read();
    let input =
        model.input(Plane::Control, "CreateJob").expect("a test looks up every operation that is offered");
    // A misspelled member is told before the one that is missing for it.
    if let Some(member) = model.unknown_members(input, &body).first() {
        return Err(one_line(&format!("CreateJob has no member {member}"), MESSAGE));
    }
    let mut received = Received { body, ..Received::default() };
    received.path.insert(Label::JobId.as_str().to_owned(), Value::from(job_id));
    model.check(input, &mut received).map_err(|refusal| refusal.message().to_owned())?;
    CreateJobRequest::deserialize(&received.body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(rollout: &Value) -> Result<CreateJobRequest, String> {
        let body = json!({ "targets": ["a"], "document": "{}", "jobExecutionsRolloutConfig": rollout });
        let Value::Object(body) = body else { unreachable!() };
        read_create_job("J", body)
    }

    #[test]
    fn members_are_held_against_the_model_as_over_http() {
        let request = read(&json!({ "maximumPerMinute": 7 })).unwrap();
        assert_eq!(request.configs.job_executions_rollout_config.unwrap().maximum_per_minute, Some(7));
        let refused = read(&json!({ "maximumPerMinute": 0 })).unwrap_err();
        assert_eq!(
            refused,
            "1 validation error detected: Value '0' at 'jobExecutionsRolloutConfig.maximumPerMinute' failed to \
             satisfy constraint: Member must have value greater than or equal to 1"
        );
        let refused = read(&json!({ "maximumPerMinutes": 7 })).unwrap_err();
        assert_eq!(refused, "CreateJob has no member jobExecutionsRolloutConfig.maximumPerMinutes");
        let body = json!({ "targets": ["a"], "abortConfig": { "criteriaList": [{ "threshold": 5 }] } });
        let refused = read_create_job("J", body.as_object().unwrap().clone()).unwrap_err();
        assert_eq!(refused, "CreateJob has no member abortConfig.criteriaList.threshold");
        assert!(read(&json!([])).unwrap_err().contains("list found where not expected"));
    }
}
