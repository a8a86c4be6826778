//! What `status` shows: where the session is connected, and as whom.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, timeout};

use super::Dispatcher;
use super::server::Server;
use crate::app::output::message::{Message, MessageKind};

/// How long `status` waits for the server.
const ROUND_TRIP_TIMEOUT: Duration = Duration::from_secs(5);

impl Dispatcher {
    fn mode(&self) -> &'static str {
        match (self.server.is_ours, self.things.current().client.is_local_service()) {
            (true, _) => "local",
            (false, true) => "local service of another process",
            (false, false) => "AWS",
        }
    }

    /// What and where the server is, if it is not the session's own.
    pub(crate) fn place(&self) -> Option<String> {
        let Server { endpoint, is_ours, .. } = &self.server;
        (!is_ours).then(|| format!("{} at {endpoint}", self.mode()))
    }

    /// Where the session is connected; members that are not known, or a round trip without an answer, are null.
    pub(super) async fn status(&self) -> Message {
        let Server { endpoint, region, .. } = &self.server;
        let thing = self.things.current();
        let mode = self.mode();
        // arn:aws:iot:REGION:ACCOUNT:thing/NAME
        let arn = thing.arn();
        let arn = || arn.as_ref().map(|arn| arn.split(':'));
        let region = region.as_deref().or_else(|| arn()?.nth(3));
        let began = Instant::now();
        let answered = matches!(timeout(ROUND_TRIP_TIMEOUT, thing.client.barrier()).await, Ok(Ok(_)));
        let millis = (began.elapsed().as_secs_f64() * 10_000.0).round() / 10.0;
        let body = json!({
            "mode": mode,
            "endpoint": endpoint,
            "thing": thing.name.as_str(),
            "region": region,
            "account": arn().and_then(|mut arn| arn.nth(4)),
            "clientId": thing.client_id,
            "roundTripMillis": answered.then_some(millis),
        });
        Message::new(MessageKind::Response, "Status", Some(body.to_string()))
    }
}
