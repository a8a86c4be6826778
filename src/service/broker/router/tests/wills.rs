//! Wills: when they are published, and how many bytes of them are kept.

use super::*;

#[test]
fn a_will_waits_for_its_delay_or_the_end_of_the_session() {
    let moment = Duration::from_millis(1);
    for (delay, expiry, published_after) in [(0, 60, 0), (10, 60, 10), (90, 60, 60), (10, 0, 0)] {
        let mut bench = Bench::new();
        let watcher = bench.connect(&connect("watcher", true, 0));
        bench.subscribe(&watcher, "will");
        let client = bench.connect(&with_will(connect("c", true, expiry), delay));
        bench.lose(&client);
        if published_after > 0 {
            bench.wait((SECOND * published_after).saturating_sub(moment));
            assert_eq!(bench.topics(&watcher), [""; 0], "{delay} {expiry}");
            bench.wait(moment);
        }
        assert_eq!(bench.topics(&watcher), ["will"], "{delay} {expiry}");
    }
}

#[test]
fn a_will_is_a_request_like_any_other_without_anyone_to_answer() {
    let mut bench = Bench::new();
    let message = Message { topic: "$aws/things/T/jobs/get".into(), ..Message::default() };
    let will = Some(Will { message, ..Will::default() });
    let client = bench.connect(&Connect { will, ..connect("c", true, 0) });
    bench.lose(&client);
    assert!(bench.router.sessions.is_empty());
}

#[test]
fn wills_are_bounded_and_keep_nobody_out() {
    let mut bench = Bench::new();
    let watcher = bench.connect(&connect("watcher", true, 0));
    bench.subscribe(&watcher, "will");
    let large = large();
    // Something is due for it first, but it has no will to make room with.
    let plain = bench.connect(&connect("plain", true, 600));
    bench.lose(&plain);
    for number in 0..MOST_LARGE_WILLS + 100 {
        let client = bench.connect(&with_large_will(&number.to_string(), &large));
        bench.now += Duration::from_millis(1);
        bench.lose(&client);
    }
    let told = bench.topics(&watcher).len();
    assert!((100..110).contains(&told), "{told}");
    // Those who are connected keep theirs.
    let refused = (0..MOST_LARGE_WILLS).find_map(|number| {
        let connect = with_large_will(&format!("connected-{number}"), &large);
        bench.refused(&connect)
    });
    assert_eq!(refused, Some(Refusal::Quota.code()));
    bench.connect(&connect("without", true, 0));
    assert_eq!(bench.connect(&connect("plain", false, 600)).session, plain.session);
    bench.router.audit();
}

#[test]
fn at_the_limit_of_wills_a_client_may_replace_its_own_and_a_refusal_costs_nobody_anything() {
    let mut bench = Bench::new();
    let watcher = bench.connect(&connect("watcher", true, 0));
    bench.subscribe(&watcher, "will");
    let large = large();
    let away = bench.connect(&with_will(connect("away", true, 3600), 3600));
    bench.lose(&away);
    let refused =
        (0..MOST_LARGE_WILLS).find_map(|number| bench.refused(&with_large_will(&number.to_string(), &large)));
    assert_eq!(refused, Some(Refusal::Quota.code()));
    assert_eq!(bench.connect(&connect("away", false, 3600)).session, away.session);

    let again = Connect { clean_start: false, ..with_large_will("0", &large) };
    let connected = bench.connect(&again);
    bench.lose(&connected);
    assert_eq!(bench.connect(&again).session, connected.session);
    assert_eq!(bench.topics(&watcher), [""; 0], "nobody's session ended");
    bench.router.audit();
}
