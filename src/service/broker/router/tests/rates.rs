//! `--limits aws` on the data plane: who asks too often is told so, and loses nothing else.

use super::*;
use crate::service::rates::Limits;
use crate::service::state::things::CreateThingRequest;

const REQUEST: &str = "$aws/things/T/jobs/get";

impl Bench {
    /// Asks so many times, and returns the payloads of the answers to `topic`.
    fn ask(&mut self, client: &Client, times: usize) -> Vec<(String, String)> {
        let mut answers = Vec::new();
        for _ in 0..times {
            let message = Message {
                topic: REQUEST.into(),
                payload: br#"{"clientToken":"t"}"#[..].into(),
                ..Message::default()
            };
            let publish = Incoming::Publish(Publish { message, ..Publish::default() });
            self.requests().packet(client.session, &client.connection, publish).unwrap();
            while let Some(packet) =
                self.router.pop(self.now, &self.state, client.session, &client.connection)
            {
                let Outgoing::Publish(delivery) = packet else { continue };
                let payload = String::from_utf8(delivery.message.payload.to_vec()).unwrap();
                answers.push((delivery.message.topic.to_string(), payload));
            }
        }
        answers
    }
}

#[test]
fn who_asks_too_often_is_throttled_until_time_has_passed() {
    let mut bench = Bench::new();
    let created = bench.state.create_thing(
        Timestamp::default(),
        "T",
        uuid::Uuid::nil(),
        &CreateThingRequest::default(),
    );
    created.reply.unwrap();
    bench.rates = Rates::new(Limits::Aws);
    let (one, two) = (bench.connect(&connect("1", true, 0)), bench.connect(&connect("2", true, 0)));
    let accepted = |answers: &[(String, String)]| {
        answers.iter().filter(|(topic, _)| topic.ends_with("/accepted")).count()
    };
    assert_eq!(accepted(&bench.ask(&one, 150)), 150);
    // The account has one rate, whoever asks.
    let answers = bench.ask(&two, 60);
    assert_eq!(accepted(&answers), 50);
    let throttled = (
        format!("{REQUEST}/rejected"),
        r#"{"clientToken":"t","timestamp":0,"code":"RequestThrottled","message":"Rate exceeded"}"#.to_owned(),
    );
    assert_eq!(answers[50..], vec![throttled; 10]);
    bench.now += Duration::from_millis(50);
    assert_eq!(accepted(&bench.ask(&two, 60)), 10);
    // What is no request of a device is not counted.
    bench.publish(&two, "some/topic");
    bench.publish(&two, "$aws/things/T/jobs/get/more");
}
