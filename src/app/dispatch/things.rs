//! The thing that is played: another one, what the control plane knows of it, and what a policy must allow.

use serde_json::json;

use super::Dispatcher;
use super::outcome::{Answered, CommandError, Failure, Refusal};
use crate::app::hints;
use crate::app::output::message::{Message, MessageKind};
use crate::app::things::{Thing, find_thing, not_found};
use crate::client::connection;
use crate::client::control_plane;
use crate::wire::model::ThingName;

impl Dispatcher {
    /// Plays this thing from here on, if one is named; the answer says which one is played.
    pub(super) async fn play(&self, thing: Option<&ThingName>) -> Result<Answered, CommandError> {
        if let Some(thing) = thing {
            // Without a connection nothing is created, for a name that may be mistyped.
            self.things.play(thing).await.map_err(|error| self.not_played(thing, &error))?;
            // Somebody may have deleted it since it was last played.
            self.things.current().set_arn(None);
            self.look_up_thing().await;
        }
        let names: Vec<_> = self.things.all().iter().map(|thing| thing.name.to_string()).collect();
        let body = json!({ "thing": self.things.current().name.as_str(), "things": names });
        Ok(Message::new(MessageKind::Response, "Thing", Some(body.to_string())).into())
    }

    /// Plays the first thing again.
    pub(crate) fn play_first_thing(&self) {
        self.things.play_first();
    }

    /// The ARN of the current thing; asks the control plane for it, and for the thing, if it is not known yet.
    pub(super) async fn thing_arn(&self) -> Result<String, control_plane::Error> {
        let thing = self.things.current();
        if let Some(arn) = thing.arn() {
            return Ok(arn);
        }
        let arn = find_thing(&self.control_plane, &thing.name, self.printer()).await?;
        thing.set_arn(Some(arn.clone()));
        Ok(arn)
    }

    /// The service is back at its first start: the things that were created since then do not exist.
    pub(super) async fn forget_things(&self) {
        self.things.all().iter().skip(1).for_each(|thing| thing.set_arn(None));
        self.look_up_thing().await;
    }

    /// Creates the current thing if it does not exist. If that fails, the commands of the device work all the same, and
    /// the first command that needs its ARN tries again.
    async fn look_up_thing(&self) {
        if let Err(error) = self.thing_arn().await {
            self.printer().diagnostic(&not_found(&error));
        }
    }

    /// Why a thing cannot be played; where the policy may be the reason, what it must allow.
    fn not_played(&self, thing: &ThingName, error: &connection::Error) -> CommandError {
        let jobs = format!("$aws/things/{thing}/jobs/*");
        let (code, needs) = match error {
            connection::Error::ConnectRefused { client_id, code, .. } => {
                (code, vec![("iot:Connect", "client", client_id.as_str())])
            }
            connection::Error::SubscribeRefused { code, .. } => {
                let actions =
                    [("iot:Subscribe", "topicfilter"), ("iot:Receive", "topic"), ("iot:Publish", "topic")];
                (code, actions.map(|(action, resource)| (action, resource, jobs.as_str())).to_vec())
            }
            _ => return Failure::new("NotConnected", format!("cannot play {thing}: {error}")).into(),
        };
        let known = self.things.all().iter().find_map(|thing| Thing::arn(thing));
        let why = if code.may_be_the_policy() {
            format!("{code}: {}", hints::policy(&needs, known.as_deref()))
        } else {
            error.to_string()
        };
        let body = json!({ "thing": thing.as_str(), "code": code.value(), "message": code.name() });
        let message = Message::new(MessageKind::Rejected, "ThingRejected", Some(body.to_string()));
        let text = format!("cannot play {thing}: {why}");
        CommandError::Refused {
            message: Box::new(message),
            refusal: Refusal { text, hint: None },
            warning: None,
        }
    }
}
