//! The numbers of what is sent to clients who asked for them.

use super::*;

impl Bench {
    fn ask_for_numbers(&mut self, client: &Client, filter: &str) {
        let filters = vec![FilterRequest {
            filter: filter.into(),
            qos: Qos::AtLeastOnce,
            no_local: false,
            retain_as_published: false,
            retained: Retained::Always,
        }];
        let packet_id = PacketId::FIRST;
        let subscribe =
            Incoming::Subscribe { packet_id, has_identifier: false, asks_sequence: true, filters };
        self.requests().packet(client.session, &client.connection, subscribe).unwrap();
    }

    /// The numbers of the messages that wait for a client, and then that of its UNSUBACK.
    fn numbers(&mut self, client: &Client) -> Vec<Option<u64>> {
        let unsubscribe = Incoming::Unsubscribe { packet_id: PacketId::FIRST, filters: vec!["x".into()] };
        self.requests().packet(client.session, &client.connection, unsubscribe).unwrap();
        let mut numbers = Vec::new();
        while let Some(packet) = self.router.pop(self.now, &self.state, client.session, &client.connection) {
            match packet {
                Outgoing::Publish(delivery) => numbers.push(delivery.sequence),
                Outgoing::UnsubscribeAck { sequence, .. } => numbers.push(sequence),
                _ => {}
            }
        }
        numbers
    }
}

#[test]
fn what_is_sent_to_several_is_numbered_in_one_row_and_to_others_not_at_all() {
    let mut bench = Bench::new();
    let [first, second, other] = ["a", "b", "c"].map(|id| connect(&mut bench, id));
    bench.ask_for_numbers(&first, "t/+");
    bench.ask_for_numbers(&second, "t/2");
    bench.subscribe(&other, "t/+");
    for topic in ["t/1", "t/2", "t/3"] {
        bench.publish(&other, topic);
    }
    assert_eq!(bench.numbers(&second), [Some(3), Some(4)]);
    assert_eq!(bench.numbers(&first), [Some(1), Some(2), Some(4), Some(4)]);
    assert_eq!(bench.numbers(&other), [None; 4]);
}

#[test]
fn who_comes_again_has_to_ask_again() {
    let mut bench = Bench::new();
    let client = connect(&mut bench, "a");
    bench.ask_for_numbers(&client, "t");
    let client = connect(&mut bench, "a");
    bench.subscribe(&client, "t");
    bench.publish(&client, "t");
    assert_eq!(bench.numbers(&client), [None; 2]);
}

fn connect(bench: &mut Bench, client_id: &str) -> Client {
    let connect = Connect { client_id: client_id.into(), session_expiry: 60, ..Connect::default() };
    bench.connect(&connect)
}
