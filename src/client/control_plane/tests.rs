//! The client against a server that answers what the test tells it to, over plain HTTP.

mod server;
mod trouble;

use tokio::net::TcpSocket;

use super::pages::MAX_PAGES;
use super::*;
use crate::client::trace::Trace;
use crate::wire::model::{JobId, ThingName};

use server::{Act, Server};

impl Server {
    async fn client(&self, timeout: Duration) -> ControlPlane {
        client(format!("http://{}", self.address), timeout).await
    }
}

async fn client(endpoint_url: String, timeout: Duration) -> ControlPlane {
    ControlPlane::new(Options {
        region: Some("us-east-1".to_owned()),
        endpoint_url: Some(endpoint_url),
        credentials: CredentialsSource::Dummy,
        ca_bundle: None,
        timeout,
        trace: Trace::off(),
    })
    .await
}

const SOON: Duration = Duration::from_mins(1);
const FOUND: Act = Act::Answer(200, "", r#"{"thingName":"T","thingArn":"arn:T"}"#);
const MISSING: Act =
    Act::Answer(404, "ResourceNotFoundException:http://x/", r#"{"message":"no such thing"}"#);
const THROTTLED: Act = Act::Answer(400, "ThrottlingException", r#"{"message":"Rate exceeded"}"#);
const DESCRIBED: Act = Act::Answer(
    200,
    "",
    r#"{"job":{"jobArn":"arn:J","jobId":"J","status":"IN_PROGRESS","targets":["arn:T"]}}"#,
);
const BUSY: Act = Act::Answer(503, "ServiceUnavailableException", r#"{"message":"busy"}"#);

fn thing() -> ThingName {
    "T".parse().unwrap()
}

fn job() -> JobId {
    "J".parse().unwrap()
}

#[tokio::test]
async fn a_thing_is_created_only_where_there_is_none() {
    let server = Server::start(&[FOUND, MISSING, FOUND]).await;
    let client = server.client(SOON).await;
    let arn = || "arn:T".to_owned();
    assert_eq!(client.create_thing_if_missing(&thing()).await, Ok(ThingLookup::Existing { arn: arn() }));
    assert_eq!(client.create_thing_if_missing(&thing()).await, Ok(ThingLookup::Created { arn: arn() }));
    assert_eq!(server.asked(), ["GET /things/T", "GET /things/T", "POST /things/T {}"]);
}

#[tokio::test]
async fn an_access_error_is_reported_and_nothing_is_created() {
    let denied = Act::Answer(
        403,
        "AccessDeniedException",
        r#"{"message":"not authorized to perform: iot:DescribeThing"}"#,
    );
    let server = Server::start(&[denied]).await;
    let error = server.client(SOON).await.create_thing_if_missing(&thing()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "DescribeThing refused: AccessDeniedException: not authorized to perform: iot:DescribeThing (request id r-1)"
    );
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_job_is_asked_for_as_the_samples_do_and_the_answer_handed_on_as_it_came() {
    let body = r#"{"description":null,"jobArn":"arn:J","jobId":"J", "n":1.50}"#;
    let server =
        Server::start(&[Act::Answer(200, "", body), Act::Answer(200, "", body), Act::Answer(200, "", "")])
            .await;
    let client = server.client(SOON).await;
    let mut request = CreateJob {
        target_arn: "arn:T".to_owned(),
        document: r#"{"a": 1.0}"#.to_owned(),
        description: None,
        timeout_minutes: None,
        retries: None,
    };
    let reply = client.create_job(&job(), request.clone()).await.unwrap();
    assert_eq!(
        reply,
        Reply { operation: "CreateJob", body: Some(body.to_owned()), request_id: Some("r-1".to_owned()) }
    );
    request.description = Some("d".to_owned());
    request.timeout_minutes = Some(5);
    request.retries = Some(2);
    client.create_job(&job(), request).await.unwrap();
    let reply = client.delete_job(&job(), true).await.unwrap();
    assert_eq!(reply.body, None);
    let asked = server.asked();
    let sent = |at: usize| {
        serde_json::from_str::<serde_json::Value>(
            asked[at].split_once(" {").map(|(_, rest)| format!("{{{rest}")).unwrap().as_str(),
        )
        .unwrap()
    };
    assert_eq!(
        sent(0),
        serde_json::json!({"targets": ["arn:T"], "document": "{\"a\": 1.0}", "targetSelection": "SNAPSHOT"})
    );
    assert_eq!(
        sent(1),
        serde_json::json!({
            "targets": ["arn:T"], "document": "{\"a\": 1.0}", "targetSelection": "SNAPSHOT", "description": "d",
            "timeoutConfig": {"inProgressTimeoutInMinutes": 5},
            "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 2}]},
        })
    );
    assert_eq!(asked[2], "DELETE /jobs/J?force=true");
}

#[tokio::test]
async fn an_execution_is_asked_for_by_its_number_if_that_is_known() {
    let body = r#"{"execution":{"jobId":"J","status":"SUCCEEDED","thingArn":"arn:T","executionNumber":2, "versionNumber":3}}"#;
    let server = Server::start(&[Act::Answer(200, "", body), Act::Answer(200, "", body)]).await;
    let client = server.client(SOON).await;
    for number in [None, Some(2)] {
        let reply = client.describe_job_execution(&job(), &thing(), number).await.unwrap();
        assert_eq!(reply.body.as_deref(), Some(body));
    }
    assert_eq!(server.asked(), ["GET /things/T/jobs/J", "GET /things/T/jobs/J?executionNumber=2"]);
}

#[tokio::test]
async fn event_configurations_are_asked_for_and_sent_as_aws_writes_them() {
    let described =
        r#"{"eventConfigurations":{"JOB":{"Enabled":true},"NEW":{"Enabled":false}},"creationDate":null}"#;
    let server = Server::start(&[Act::Answer(200, "", described), Act::Answer(200, "", "{}"), BUSY]).await;
    let client = server.client(SOON).await;
    let reply = client.describe_event_configurations().await.unwrap();
    assert_eq!((reply.body.as_deref(), reply.unknown()), (Some(described), vec![]));
    let configurations = EventConfigurations::of(&reply).unwrap();
    assert!(configurations.enables("JOB") && !configurations.enables("NEW"));
    client.update_event_configurations(&configurations).await.unwrap();
    let [first, second] = &server.asked()[..] else { panic!() };
    assert_eq!(first, "GET /event-configurations");
    let (line, body) = second.split_at(second.find('{').unwrap());
    assert_eq!(line, "PATCH /event-configurations ");
    let sent: serde_json::Value = serde_json::from_str(body).unwrap();
    // The SDK leaves out what is false, as AWS's model has it.
    assert_eq!(sent["eventConfigurations"], serde_json::json!({"JOB": {"Enabled": true}, "NEW": {}}));
}

#[tokio::test]
async fn a_list_of_several_pages_is_read_to_its_end() {
    let first = Act::Answer(200, "", r#"{"jobs":[{"jobId":"A"}],"nextToken":"n 1"}"#);
    let last = Act::Answer(200, "", r#"{"jobs":[{"jobId":"B"}],"nextToken":null}"#);
    let server = Server::start(&[first, last]).await;
    let reply = server.client(SOON).await.list_jobs(Some("IN_PROGRESS")).await.unwrap();
    assert_eq!(reply.body.as_deref(), Some(r#"{"jobs":[{"jobId":"A"},{"jobId":"B"}]}"#));
    assert_eq!(
        server.asked(),
        ["GET /jobs?status=IN_PROGRESS", "GET /jobs?status=IN_PROGRESS&nextToken=n%201"]
    );
}

#[tokio::test]
async fn a_list_with_too_many_pages_is_not_cut_off_in_silence() {
    let page = |at: usize| {
        Act::Answer(200, "", String::leak(format!(r#"{{"jobs":[{{"jobId":"A"}}],"nextToken":"n{at}"}}"#)))
    };
    let server = Server::start(&(0..=MAX_PAGES).map(page).collect::<Vec<_>>()).await;
    let error = server.client(SOON).await.list_jobs(None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "ListJobs: the list has more than 100 pages, too many to show: read it page by page with the AWS CLI"
    );
    assert_eq!(server.asked().len(), MAX_PAGES);
}

#[tokio::test]
async fn a_list_that_goes_in_circles_is_an_error() {
    let page = |token| Act::Answer(200, "", token);
    let (a, b) =
        (r#"{"jobs":[{"jobId":"A"}],"nextToken":"a"}"#, r#"{"jobs":[{"jobId":"B"}],"nextToken":"b"}"#);
    for pages in [&[a, a][..], &[a, b, a]] {
        let server = Server::start(&pages.iter().copied().map(page).collect::<Vec<_>>()).await;
        let error = server.client(SOON).await.list_jobs(None).await.unwrap_err().to_string();
        let said = "makes no sense: its nextToken leads back to a page that was read: ";
        assert!(error.contains(said), "{error}");
        assert_eq!(server.asked().len(), pages.len());
    }
}

/// As another server answers, or a proxy: it must not pass for success.
#[tokio::test]
async fn an_answer_without_what_aws_always_sends_is_no_answer() {
    let client = async |body: &'static str| {
        let server = Server::start(&[Act::Answer(200, "", body)]).await;
        server.client(SOON).await
    };
    let reads = async |body: &'static str| {
        [
            client(body).await.describe_job(&job()).await,
            client(body).await.get_job_document(&job()).await,
            client(body).await.describe_job_execution(&job(), &thing(), None).await,
            client(body).await.list_jobs(None).await,
            client(body).await.list_job_executions_for_job(&job()).await,
            client(body).await.list_job_executions_for_thing(&thing()).await,
        ]
    };
    for body in [
        "{}",
        r#"{"job":{},"execution":{"jobId":"J"}}"#,
        r#"{"job":{"jobArn":"a","jobId":"K","status":"s","targets":[]}}"#,
    ] {
        for reply in reads(body).await {
            let error = reply.unwrap_err();
            assert!(matches!(error, Error::Malformed { .. }), "{error:?} for {body}");
        }
    }
    let missing: Vec<String> =
        reads("{}").await.into_iter().map(|reply| reply.unwrap_err().to_string()).collect();
    for (error, member) in missing.iter().zip([
        "job",
        "document",
        "execution",
        "jobs",
        "executionSummaries",
        "executionSummaries",
    ]) {
        assert!(error.contains(&format!(" makes no sense: it has no {member}: ")), "{error}");
    }
    // A null is there.
    let all = r#"{"job":{"jobArn":null,"jobId":"J","status":null,"targets":null},"document":null,"execution":{"executionNumber":null,"jobId":"J","status":null,"thingArn":null,"versionNumber":null},"jobs":null,"executionSummaries":null}"#;
    for reply in reads(all).await {
        assert_eq!(reply.unwrap().body.as_deref(), Some(all));
    }
}

#[tokio::test]
async fn a_change_whose_answer_is_none_is_of_unknown_outcome() {
    let request = CreateJob {
        target_arn: "arn:T".to_owned(),
        document: "{}".to_owned(),
        description: None,
        timeout_minutes: None,
        retries: None,
    };
    for (body, what) in [
        ("", "what came is empty"),
        ("{}", "what came has no jobArn"),
        (r#"{"jobArn":"a"}"#, "what came has no jobId"),
        (r#"{"jobArn":"a","jobId":"K"}"#, "what came is about the job \"K\""),
    ] {
        let server = Server::start(&[Act::Answer(200, "", body), Act::Answer(200, "", body)]).await;
        let client = server.client(SOON).await;
        let created = client.create_job(&job(), request.clone()).await.unwrap_err().to_string();
        let canceled = client.cancel_job(&job(), false).await.unwrap_err().to_string();
        for (error, operation) in [(created, "CreateJob"), (canceled, "CancelJob")] {
            assert_eq!(
                error,
                format!(
                    "{operation}: outcome unknown, its answer was lost ({what}); to find out: describe-job J"
                )
            );
        }
    }
}

#[tokio::test]
async fn expired_credentials_are_a_refusal_that_says_what_to_do() {
    let expired = Act::Answer(
        403,
        "ExpiredTokenException",
        r#"{"message":"The security token included in the request is expired"}"#,
    );
    let server = Server::start(&[expired]).await;
    let error = server.client(SOON).await.describe_job(&job()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with(": the credentials have expired: sign in again (aws sso login), or fetch new ones"),
        "{error}"
    );
}
