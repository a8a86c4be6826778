//! What `expect` finds among the messages, and what it says where it finds nothing.

use super::*;

#[tokio::test]
async fn each_message_satisfies_one_expect() {
    let (transcript, _) = transcript();
    in_time(transcript.deliver(at(1), event(1))).await;
    let expected = expectation("expect JobExecutionsChangedEvent");
    assert!(matches!(transcript.expect(&expected, Duration::ZERO).await, ExpectOutcome::Found(_)));
    let ExpectOutcome::Missing { instead, .. } = transcript.expect(&expected, Duration::ZERO).await else {
        panic!()
    };
    assert_eq!(instead, ["JobExecutionsChangedEvent, which an earlier expect has used up"]);
}

#[tokio::test]
async fn expect_waits_for_what_has_not_come() {
    let (transcript, _) = transcript();
    let waiting = transcript.clone();
    let outcome = tokio::spawn(async move {
        waiting.expect(&expectation("expect JobExecutionsChangedEvent n=2"), DEADLINE).await
    });
    tokio::task::yield_now().await;
    in_time(transcript.deliver(at(1), event(1))).await;
    in_time(transcript.deliver(at(2), event(2))).await;
    assert_eq!(in_time(outcome).await.unwrap(), ExpectOutcome::Found(Box::new(event(2))));
    transcript.begin(None, Beginning::Change);
    let expected = expectation("expect JobExecutionsChangedEvent");
    let outcome = transcript.expect(&expected, Duration::ZERO).await;
    let early = "it came too early, before a later command";
    assert!(matches!(outcome, ExpectOutcome::Missing { instead, .. } if instead == [early]));
}

#[tokio::test]
async fn what_only_reads_is_looked_through() {
    let (transcript, _) = transcript();
    let outcome = async |text: &str| transcript.expect(&expectation(text), Duration::ZERO).await;
    in_time(transcript.deliver(at(1), event(1))).await;
    transcript.answer(response());
    transcript.begin(Some(2), Beginning::Read);
    assert!(matches!(outcome("expect CreateJobResponse").await, ExpectOutcome::Missing { .. }));
    assert!(matches!(outcome("expect JobExecutionsChangedEvent n=1").await, ExpectOutcome::Found(_)));
    in_time(transcript.deliver(at(2), event(2))).await;
    transcript.begin(Some(3), Beginning::Change);
    assert!(matches!(outcome("expect JobExecutionsChangedEvent n=2").await, ExpectOutcome::Missing { .. }));
}

#[tokio::test]
async fn what_is_too_late_to_expect_is_bounded() {
    let (transcript, _) = transcript();
    let big = |n| Message { body: Some(" ".repeat(MAX_PAST / 2)), ..event(n) };
    for n in 1..=3 {
        in_time(transcript.deliver(at(n), big(n))).await;
    }
    transcript.begin(None, Beginning::Change);
    assert_eq!(transcript.state().memory.sizes(), (1, 0));
}

#[tokio::test]
async fn what_came_too_early_is_said() {
    let (transcript, _) = transcript();
    let instead = async |text: &str| match transcript.expect(&expectation(text), Duration::ZERO).await {
        ExpectOutcome::Missing { instead, .. } => instead,
        ExpectOutcome::Found(message) => panic!("{message:?}"),
    };
    in_time(transcript.deliver(at(1), event(1))).await;
    in_time(transcript.deliver(at(2), event(2))).await;
    let used = transcript.expect(&expectation("expect JobExecutionsChangedEvent n=2"), Duration::ZERO).await;
    assert!(matches!(used, ExpectOutcome::Found(_)));
    transcript.begin(Some(7), Beginning::Change);
    let early = ["it came too early, before line 7"];
    assert_eq!(instead("expect JobExecutionsChangedEvent n=1").await, early);
    assert!(instead("expect JobExecutionsChangedEvent n=2").await.is_empty(), "an expect has used it");
    assert!(instead("expect JobExecutionsChangedEvent n=3").await.is_empty());
    transcript.answer(response());
    transcript.begin(None, Beginning::Read);
    assert_eq!(instead("expect CreateJobResponse").await, ["it came too early, before a later command"]);
}

#[tokio::test]
async fn a_message_counts_from_the_beginning_of_the_test_until_an_expect_takes_it() {
    let (transcript, _) = transcript();
    let found = async |text: &str| {
        let outcome = transcript.expect(&expectation(text), Duration::ZERO).await;
        matches!(outcome, ExpectOutcome::Found(_))
    };
    for n in 1..=3 {
        in_time(transcript.deliver(at(n), message(n))).await;
    }
    transcript.begin(Some(2), Beginning::Change);
    transcript.begin(Some(3), Beginning::Read);
    assert!(found("expect Message n=3").await && found("expect Message n=1").await);
    assert!(!found("expect Message n=3").await);
    transcript.begin(Some(6), Beginning::Change);
    assert!(!found("expect Message n=1").await && found("expect Message n=2").await);
    in_time(transcript.deliver(at(4), message(4))).await;
    transcript.begin(Some(9), Beginning::Test);
    assert!(!transcript.has("Message"));
    let ExpectOutcome::Missing { instead, .. } =
        transcript.expect(&expectation("expect Message n=4"), Duration::ZERO).await
    else {
        panic!()
    };
    assert_eq!(instead, ["it came too early, before line 9"]);
}

#[tokio::test]
async fn what_comes_instead_is_of_the_same_sort() {
    let (transcript, _) = transcript();
    in_time(transcript.deliver(at(1), message(1))).await;
    in_time(transcript.deliver(at(2), event(2))).await;
    for (text, said) in [
        ("expect Message n=9", "Message: n is 1"),
        ("expect JobExecutionsChangedEvent n=9", "JobExecutionsChangedEvent: n is 2"),
    ] {
        let outcome = transcript.expect(&expectation(text), Duration::ZERO).await;
        assert!(matches!(outcome, ExpectOutcome::Missing { instead, .. } if instead == [said]));
    }
}

#[tokio::test]
async fn messages_that_no_expect_takes_are_bounded_and_their_loss_is_known() {
    let (transcript, _) = transcript();
    for n in 1..=5 {
        let body = Some(" ".repeat(MAX_MEMORY / 4));
        in_time(transcript.deliver(at(n), Message { body, ..message(n) })).await;
        transcript.begin(None, Beginning::Change);
    }
    let outcome = transcript.expect(&expectation("expect Message n=1"), Duration::ZERO).await;
    let ExpectOutcome::Missing { forgotten, instead, .. } = outcome else { panic!() };
    assert_eq!(forgotten, 2);
    assert!(instead.last().unwrap().ends_with("and 2 earlier ones that had to be forgotten"), "{instead:?}");
    transcript.begin(None, Beginning::Test);
    let outcome = transcript.expect(&expectation("expect Message n=1"), Duration::ZERO).await;
    assert!(matches!(outcome, ExpectOutcome::Missing { forgotten: 0, .. }));
}
