//! The broker's choices where AWS is silent: what it does, and what changes with the choice.

use super::*;

/// What a client gets for a PUBLISH: the first packet, or the end of its connection.
fn publish(bench: &mut Bench, client: &Client, topic: &str, qos: Qos, retain: bool) -> Result<Outgoing, End> {
    let message = Message { topic: topic.into(), qos, retain, ..Message::default() };
    let packet_id = (qos == Qos::AtLeastOnce).then_some(PacketId::FIRST);
    let publish = Publish { packet_id, message, ..Publish::default() };
    // The answer to CONNECT, or to what was published before.
    bench.topics(client);
    bench.requests().packet(client.session, &client.connection, Incoming::Publish(publish))?;
    Ok(bench.router.pop(bench.now, &bench.state, client.session, &client.connection).unwrap())
}

#[test]
fn a_refused_publish_is_acknowledged_or_ends_the_connection() {
    let refused = |choices, version, qos| {
        let mut bench = Bench::choosing(choices);
        let client = bench.connect(&Connect { version, ..connect("c", true, 0) });
        // No policy can allow it.
        publish(&mut bench, &client, "$aws/things/T/jobs/get", qos, true)
    };
    let ended = || Err(End::Refused(Refusal::RetainedOnReserved));
    let other = Choices { refused_publish_is_acknowledged: false, ..Choices::default() };
    let acknowledged = Ok(Outgoing::PublishAck { packet_id: PacketId::FIRST, reason: 0x87 });
    assert_eq!(refused(Choices::default(), Version::V5, Qos::AtLeastOnce), acknowledged);
    assert_eq!(refused(other, Version::V5, Qos::AtLeastOnce), ended());
    for choices in [Choices::default(), other] {
        assert_eq!(
            refused(choices, Version::V5, Qos::AtMostOnce),
            ended(),
            "there is nothing to acknowledge"
        );
        assert_eq!(refused(choices, Version::V3, Qos::AtLeastOnce), ended(), "PUBACK has no reason code");
    }
}

#[test]
fn a_repeated_subscription_is_announced_or_is_not() {
    let other = Choices { repeated_subscription_is_announced: true, ..Choices::default() };
    for (choices, announced) in [(Choices::default(), 1), (other, 2)] {
        let mut bench = Bench::choosing(choices);
        let watcher = bench.connect(&connect("watcher", true, 0));
        bench.subscribe(&watcher, "$aws/events/subscriptions/#");
        let client = bench.connect(&connect("c", true, 0));
        for _ in 0..2 {
            let packet = subscribe(&["a/b"]);
            bench.requests().packet(client.session, &client.connection, packet).unwrap();
        }
        assert_eq!(bench.topics(&watcher), vec!["$aws/events/subscriptions/subscribed/c"; announced]);
    }
}

#[test]
fn an_answer_goes_to_who_did_not_subscribe_at_qos_0_or_1() {
    let other = Choices { unsolicited_answer_is_qos_1: true, ..Choices::default() };
    for (choices, unsolicited) in [(Choices::default(), Qos::AtMostOnce), (other, Qos::AtLeastOnce)] {
        let mut bench = Bench::choosing(choices);
        let client = bench.connect(&connect("c", true, 0));
        let answer = |bench: &mut Bench| {
            let first = publish(bench, &client, "$aws/things/T/jobs/get", Qos::AtMostOnce, false);
            let Ok(Outgoing::Publish(answer)) = first else { panic!("{first:?}") };
            assert_eq!(answer.message.topic, "$aws/things/T/jobs/get/rejected");
            answer.qos
        };
        assert_eq!(answer(&mut bench), unsolicited);
        for granted in [Qos::AtMostOnce, Qos::AtLeastOnce] {
            let request = FilterRequest { qos: granted, ..filter_request("$aws/things/T/jobs/get/+") };
            bench.router.subscribe(&bench.state, client.session, &request).unwrap();
            assert_eq!(answer(&mut bench), granted, "as it subscribed");
        }
    }
}

#[test]
fn devices_get_a_document_written_anew_or_as_it_was_given() {
    let given = "{ \"n\": 1e3,\"none\": null, \"s\": \"\\u001f\u{1F600}\" }";
    let anew = r#"{"n":1000.0,"s":"\u001F\uD83D\uDE00"}"#;
    let other = Choices { documents_are_written_anew: false, ..Choices::default() };
    for (choices, expected) in [(Choices::default(), anew), (other, given)] {
        let mut bench = Bench::choosing(choices);
        let client = bench.connect(&connect("c", true, 0));
        bench.subscribe(&client, "$aws/things/T/jobs/notify-next");
        let thing = serde_json::from_str("{}").unwrap();
        let created = bench.state.create_thing(Timestamp::default(), "T", uuid::Uuid::nil(), &thing);
        let target = created.reply.unwrap().thing_arn;
        let job = serde_json::json!({ "targets": [target], "document": given });
        let created = bench.state.create_job(Timestamp::default(), "J", serde_json::from_value(job).unwrap());
        bench.topics(&client);
        bench.requests().apply(created.effects);
        let event = bench.router.pop(bench.now, &bench.state, client.session, &client.connection);
        let answer = publish(&mut bench, &client, "$aws/things/T/jobs/start-next", Qos::AtMostOnce, false);
        for message in [event, answer.ok()] {
            let Some(Outgoing::Publish(delivery)) = message else { panic!("{message:?}") };
            let payload = String::from_utf8(delivery.message.payload.to_vec()).unwrap();
            assert!(payload.contains(&format!("\"jobDocument\":{expected}}}")), "{payload}");
        }
        assert_eq!(bench.state.get_job_document("J", false).unwrap().document, given);
    }
}
