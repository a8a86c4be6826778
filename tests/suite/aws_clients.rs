//! AWS's own clients against `serve`: boto3 and the AWS CLI, each answer held against AWS's model of the service,
//! and aws-sdk-iot.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_iot::config::Credentials;
use aws_sdk_iot::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iot::types::{JobExecutionStatus, JobStatus, TargetSelection, TimeoutConfig};
use aws_smithy_http_client::tls;

use crate::support::Serve;
use crate::support::peers::run_python;

#[test]
fn boto3_jobs() {
    run_python("http_jobs.py", "boto3", &[]);
}

#[test]
fn boto3_data_plane() {
    run_python("http_data_plane.py", "boto3", &[]);
}

#[test]
fn boto3_registry() {
    run_python("http_registry.py", "boto3", &[]);
}

#[test]
fn boto3_credentials() {
    run_python("http_credentials.py", "boto3", &[]);
}

#[test]
fn boto3_events() {
    run_python("http_events.py", "boto3", &[]);
}

#[test]
#[ignore = "needs a boto3 that is older than the other tests'"]
fn boto3_of_early_2023() {
    run_python("old_boto3.py", "boto3", &[]);
}

#[test]
fn the_model_swept() {
    run_python("model_sweep.py", "boto3", &[]);
}

#[test]
fn a_certificate_of_boto3_in_a_device_of_aws() {
    run_python("own_certificate.py", "awsiot", &[]);
}

#[test]
fn the_aws_cli() {
    run_python("http_cli.py", "awscli", &[]);
}

/// A client that is told no more than where the service is.
fn client(serve: &Serve) -> aws_sdk_iot::Client {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let config = aws_sdk_iot::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(serve.url())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().tls_provider(provider).build_https())
        .build();
    aws_sdk_iot::Client::from_conf(config)
}

#[tokio::test]
async fn the_rust_sdk() {
    let serve = Serve::start();
    tokio::time::timeout(Duration::from_secs(30), walk_through(client(&serve))).await.unwrap();
}

async fn walk_through(iot: aws_sdk_iot::Client) {
    let thing = iot.create_thing().thing_name("Other").send().await.unwrap();
    let arn = thing.thing_arn().unwrap();
    let unknown = iot.describe_thing().thing_name("Unknown").send().await.unwrap_err();
    assert!(unknown.as_service_error().unwrap().is_resource_not_found_exception());

    let create = || {
        let timeout = TimeoutConfig::builder().in_progress_timeout_in_minutes(5).build();
        iot.create_job()
            .job_id("Job1")
            .targets(arn)
            .document(r#"{"ToDo":"Reboot"}"#)
            .target_selection(TargetSelection::Snapshot)
            .timeout_config(timeout)
    };
    let created = create().send().await.unwrap();
    assert_eq!((created.job_id(), created.description()), (Some("Job1"), None));
    let Err(SdkError::ServiceError(again)) = create().send().await else { panic!("created twice") };
    let again = again.into_err();
    assert_eq!(again.code(), Some("ResourceAlreadyExistsException"));
    let aws_sdk_iot::operation::create_job::CreateJobError::ResourceAlreadyExistsException(exists) = again
    else {
        panic!("{again}")
    };
    assert_eq!((exists.resource_id(), exists.resource_arn()), (Some("Job1"), created.job_arn()));

    let job = iot.describe_job().job_id("Job1").send().await.unwrap();
    let job = job.job().unwrap();
    assert_eq!(job.status(), Some(&JobStatus::InProgress));
    assert_eq!(job.targets(), [arn]);
    assert_eq!(job.timeout_config().unwrap().in_progress_timeout_in_minutes(), Some(5));
    let age = std::time::SystemTime::now().duration_since((*job.created_at().unwrap()).try_into().unwrap());
    let age = age.unwrap_or_default();
    assert!(age < Duration::from_mins(1), "{age:?}");
    let document = iot.get_job_document().job_id("Job1").send().await.unwrap();
    assert_eq!(document.document(), Some(r#"{"ToDo":"Reboot"}"#));
    let jobs =
        iot.list_jobs().into_paginator().page_size(1).items().send().collect::<Result<Vec<_>, _>>().await;
    assert_eq!(jobs.unwrap().len(), 1);

    let execution = || iot.describe_job_execution().job_id("Job1").thing_name("Other");
    let queued = execution().send().await.unwrap();
    assert_eq!(queued.execution().unwrap().status(), Some(&JobExecutionStatus::Queued));
    let open = iot.delete_job().job_id("Job1").send().await.unwrap_err();
    assert!(open.as_service_error().unwrap().is_invalid_state_transition_exception(), "{open:?}");
    iot.cancel_job().job_id("Job1").comment("not needed").send().await.unwrap();
    let canceled = execution().send().await.unwrap();
    assert_eq!(canceled.execution().unwrap().status(), Some(&JobExecutionStatus::Canceled));
    iot.delete_job().job_id("Job1").send().await.unwrap();
    let gone = execution().send().await.unwrap_err();
    assert!(gone.as_service_error().unwrap().is_resource_not_found_exception());
}
