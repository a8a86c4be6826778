//! What waits is bounded, and no crowd keeps a client out.

use super::*;

#[test]
fn what_waits_for_all_clients_together_is_bounded() {
    let mut bench = Bench::new();
    let large = large();
    let mut number = 0;
    while bench.router.queued_bytes + limits::QUEUED_BYTES < limits::QUEUED_BYTES_IN_ALL {
        let client = bench.connect(&connect(&number.to_string(), true, 60));
        bench.subscribe(&client, "t");
        bench.lose(&client);
        for _ in 0..100 {
            bench.router.enqueue(client.session, large.clone(), Qos::AtLeastOnce, false);
        }
        number += 1;
    }
    for _ in 0..1000 {
        bench.router.publish(&large, None);
    }
    assert!(bench.router.queued_bytes <= limits::QUEUED_BYTES_IN_ALL);
    bench.wait(SECOND * 60);
    assert!(bench.router.sessions.is_empty());
    assert_eq!(bench.router.queued_bytes, 0);
}

#[test]
fn a_flood_of_sessions_keeps_no_client_out_and_ends_no_connection() {
    let mut bench = Bench::new();
    let watcher = bench.connect(&connect("watcher", true, 0));
    bench.subscribe(&watcher, "will");
    let leave = |bench: &mut Bench, connect: &Connect| {
        let client = bench.connect(connect);
        bench.now += Duration::from_millis(1);
        bench.lose(&client);
        client.session
    };
    // Its session and its will are due in half an hour, those of the others in an hour.
    leave(&mut bench, &with_will(connect("first", true, 1800), 1800));
    let crowd: Vec<_> = (2..limits::SESSIONS)
        .map(|number| leave(&mut bench, &connect(&number.to_string(), true, 3600)))
        .collect();
    assert_eq!(bench.router.sessions.len(), limits::SESSIONS);
    assert_eq!(bench.topics(&watcher), [""; 0]);
    leave(&mut bench, &connect("late", true, 3600));
    assert_eq!(bench.topics(&watcher), ["will"], "the session ended, so the will is told");
    let last = leave(&mut bench, &connect("last", true, 3600));
    assert_eq!(bench.router.sessions.len(), limits::SESSIONS);
    bench.router.audit();
    assert_eq!(watcher.connection.ended(), None);
    let back = |bench: &mut Bench, name: &str| bench.connect(&connect(name, false, 3600)).session;
    assert_eq!(back(&mut bench, "last"), last);
    assert_eq!(back(&mut bench, "3"), crowd[1]);
    assert_ne!(back(&mut bench, "2"), crowd[0], "who has been away for longest had to go");
}

#[test]
fn the_room_of_a_crowd_that_has_gone_is_given_back() {
    let mut bench = Bench::new();
    let crowd: Vec<_> =
        (0..1000).map(|number| bench.connect(&connect(&number.to_string(), true, 0))).collect();
    for client in &crowd {
        bench.lose(client);
    }
    let rooms = [bench.router.sessions.capacity(), bench.router.by_client_id.capacity()];
    assert!(rooms.iter().all(|room| *room < 50), "{rooms:?}");
}

#[test]
fn who_holds_most_gives_way_to_the_others() {
    let mut bench = Bench::new();
    let large = large();
    let innocent = bench.connect(&connect("innocent", true, 0));
    bench.subscribe(&innocent, "u");
    let deaf = bench.connect(&connect("deaf", true, 0));
    let give = |bench: &mut Bench, client: &Client, count| {
        for _ in 0..count {
            bench.router.enqueue(client.session, large.clone(), Qos::AtLeastOnce, false);
        }
    };
    give(&mut bench, &deaf, 120);
    let mut away = 0;
    while deaf.connection.ended().is_none() {
        let client = bench.connect(&connect(&away.to_string(), true, 60));
        bench.lose(&client);
        give(&mut bench, &client, 100);
        away += 1;
        assert!(away < 100, "nobody gives way");
    }
    assert_eq!(deaf.connection.ended(), Some(Refusal::SlowReader));
    assert!(bench.router.queued_bytes > limits::QUEUED_BYTES_IN_ALL / 4 * 3, "no more goes than has to");
    // From now on it is those who are away that lose their messages.
    for _ in 0..3 {
        let client = bench.connect(&connect("more", true, 60));
        bench.lose(&client);
        give(&mut bench, &client, 100);
        bench.publish(&innocent, "u");
        assert_eq!(bench.topics(&innocent), ["u"]);
    }
    assert_eq!(innocent.connection.ended(), None);
    let told = bench.router.take_notes();
    assert_eq!(told[0], "client deaf: disconnected, it does not read what is sent to it");
    assert!(told[1].ends_with(": its messages are thrown away, too many wait"), "{told:?}");
    bench.router.audit();
}

#[test]
fn who_asks_on_and_on_without_taking_answers_is_dropped() {
    let mut bench = Bench::new();
    let client = bench.connect(&Connect { receive_maximum: Some(NonZeroU16::MIN), ..connect("c", true, 0) });
    bench.subscribe(&client, "t");
    for _ in 0..2 {
        bench.publish(&client, "t");
    }
    let unsubscribe = || Incoming::Unsubscribe { packet_id: PacketId::FIRST, filters: vec!["x".into()] };
    let asked = (0..2 * limits::QUEUED_MESSAGES).take_while(|_| {
        bench.requests().packet(client.session, &client.connection, unsubscribe()).unwrap();
        // The first message is sent, the second and all that follows wait for its acknowledgement.
        while bench.router.pop(bench.now, &bench.state, client.session, &client.connection).is_some() {}
        client.connection.ended().is_none()
    });
    assert!(asked.count() < 2 * limits::QUEUED_MESSAGES);
    assert_eq!(client.connection.ended(), Some(Refusal::SlowReader));
}
