//! A control plane that is busy, in trouble, out of reach, or none.

use super::*;

#[tokio::test]
async fn a_read_is_asked_again_while_the_service_is_busy() {
    let server = Server::start(&[THROTTLED, DESCRIBED]).await;
    assert!(server.client(SOON).await.describe_job(&job()).await.is_ok());
    let server = Server::start(&[BUSY, DESCRIBED]).await;
    assert!(server.client(SOON).await.describe_job(&job()).await.is_ok());
    assert_eq!(server.asked().len(), 2);
}

/// As a load balancer answers, which knows nothing of AWS's errors.
#[tokio::test]
async fn a_server_in_trouble_that_does_not_say_so_in_json_is_no_other_server() {
    for status in [429, 500, 503] {
        let trouble = Act::Answer(status, "", "<html>later</html>");
        let server = Server::start(&[trouble.clone(), DESCRIBED]).await;
        assert!(server.client(SOON).await.describe_job(&job()).await.is_ok(), "{status}");
        let server = Server::start(&vec![trouble; 10]).await;
        let error = server.client(SOON).await.describe_job(&job()).await.unwrap_err().to_string();
        let said = format!("DescribeJob: HTTP status {status} from http://{}: ", server.address);
        assert!(error.starts_with(&said), "{error}");
    }
}

#[tokio::test]
async fn a_change_is_asked_again_after_429_and_is_of_unknown_outcome_after_503() {
    let server = Server::start(&[Act::Answer(429, "", ""), Act::Answer(200, "", "")]).await;
    assert!(server.client(SOON).await.delete_job(&job(), false).await.is_ok());
    let server = Server::start(&[Act::Answer(503, "", "later")]).await;
    let error = server.client(SOON).await.delete_job(&job(), false).await.unwrap_err().to_string();
    let said = format!(
        "DeleteJob: outcome unknown, its answer was lost (HTTP status 503 from http://{}); to find out: describe-job J",
        server.address
    );
    assert_eq!(error, said);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_change_is_asked_again_only_where_the_service_did_not_look_at_it() {
    let server = Server::start(&[THROTTLED, Act::Answer(200, "", "")]).await;
    assert!(server.client(SOON).await.delete_job(&job(), false).await.is_ok());
    let server = Server::start(&[BUSY]).await;
    let error = server.client(SOON).await.delete_job(&job(), false).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
    assert_eq!(server.asked(), ["DELETE /jobs/J"]);
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_says_so_and_how_to_find_out() {
    let server = Server::start(&[Act::HangUp]).await;
    let error = server.client(SOON).await.cancel_job(&job(), false).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { .. }), "{error:?}");
    assert!(error.to_string().ends_with("; to find out: describe-job J"), "{error}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn no_answer_in_time_is_said_with_the_time() {
    let server = Server::start(&[Act::SayNothing, Act::SayNothing]).await;
    let client = server.client(Duration::from_secs(1)).await;
    assert_eq!(
        client.describe_job(&job()).await.unwrap_err().to_string(),
        "DescribeJob: no answer from the control plane within 1 s: try again, or raise --timeout"
    );
    let error = client.cancel_job(&job(), false).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { .. }), "{error:?}");
}

#[tokio::test]
async fn the_time_is_that_of_all_attempts_and_all_pages_together() {
    let time = Duration::from_millis(400);
    let half = Act::Wait(time / 2);
    let more = Act::Answer(200, "", r#"{"jobs":[],"nextToken":"n"}"#);
    let last = Act::Answer(200, "", r#"{"jobs":[]}"#);
    let server = Server::start(&[half.clone(), more.clone(), half.clone(), more, half, last]).await;
    let error = server.client(time).await.list_jobs(None).await.unwrap_err();
    assert_eq!(error, Error::TimedOut { operation: "ListJobs", after: time });

    // Enough for the wait between the attempts, which is half a second at most.
    let time = Duration::from_secs(3);
    let (early, late) = (Act::Wait(time / 4), Act::Wait(time * 9 / 10));
    let server = Server::start(&[early, THROTTLED, late, Act::Answer(200, "", "")]).await;
    let error = server.client(time).await.delete_job(&job(), false).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { .. }), "{error:?}");
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read() {
    let long = String::leak(format!(r#"{{"thingName":"{}"}}"#, "x".repeat(exchange::MAX_ANSWER)));
    let server = Server::start(&[Act::Answer(200, "", long), Act::Answer(500, "", long)]).await;
    let client = server.client(SOON).await;
    for asked in 1..=2 {
        let error = client.create_thing_if_missing(&thing()).await.unwrap_err().to_string();
        let says = format!(
            "DescribeThing: the answer of http://{} makes no sense: it is longer than 4 MiB: ",
            server.address
        );
        assert!(error.starts_with(&says), "{error}");
        assert_eq!(server.asked().len(), asked);
    }
    let filler = "x".repeat(exchange::MAX_ANSWER - 100);
    let page = |at: usize| {
        let body = format!(r#"{{"jobs":[],"nextToken":"n{at}","x":"{filler}"}}"#);
        Act::Answer(200, "", String::leak(body))
    };
    let server = Server::start(&(0..9).map(page).collect::<Vec<_>>()).await;
    let error = server.client(SOON).await.list_jobs(None).await.unwrap_err().to_string();
    assert!(error.contains("its pages are larger than 32 MiB"), "{error}");
    assert_eq!(server.asked().len(), 9);
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_is_named() {
    // Bound, so that nobody else gets it, and nobody listens.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let client = client(format!("http://{address}"), SOON).await;
    let error = client.delete_job(&job(), false).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot reach the control plane at http://{address}: Connection refused")),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_named() {
    let client = client("http://no-such-host.invalid:9".to_owned(), SOON).await;
    let error = client.delete_job(&job(), false).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(
        error.to_string().starts_with("cannot reach the control plane at http://no-such-host.invalid:9: "),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_no_control_plane_is_said_to_be_none() {
    for act in [
        Act::Answer(200, "", "<html>"),
        Act::Answer(404, "", "not found"),
        Act::Answer(200, "", r#"{"thingArn":3}"#),
    ] {
        let server = Server::start(&[act]).await;
        let error = server.client(SOON).await.create_thing_if_missing(&thing()).await.unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}
