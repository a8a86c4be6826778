//! Things: looked up, and created where they are missing.

use super::error::Error;
use super::exchange::Exchange;
use super::{ControlPlane, ThingLookup, malformed};
use crate::wire::model::ThingName;

impl ControlPlane {
    /// Looks the thing up and creates it if, and only if, it does not exist.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn create_thing_if_missing(&self, thing: &ThingName) -> Result<ThingLookup, Error> {
        let described = self
            .read("DescribeThing", |capture| {
                let describe = self.client.describe_thing().thing_name(thing.as_str());
                describe.customize().interceptor(capture).send()
            })
            .await;
        match described {
            Ok((found, exchange)) => {
                let arn = required("DescribeThing", "thingArn", found.thing_arn, &exchange)?;
                Ok(ThingLookup::Existing { arn })
            }
            Err(Error::Rejected { code, .. }) if code == "ResourceNotFoundException" => {
                let arn = self.create_thing(thing).await.map_err(|error| {
                    error.of_a_change(format!("aws iot describe-thing --thing-name {thing}"))
                })?;
                Ok(ThingLookup::Created { arn })
            }
            Err(error) => Err(error),
        }
    }

    async fn create_thing(&self, thing: &ThingName) -> Result<String, Error> {
        // Creating it twice with nothing but its name is the same as once.
        let create = self.client.create_thing().thing_name(thing.as_str());
        let (created, exchange) =
            self.read("CreateThing", |capture| create.customize().interceptor(capture).send()).await?;
        required("CreateThing", "thingArn", created.thing_arn, &exchange)
    }
}

fn required<T>(
    operation: &'static str,
    member: &str,
    value: Option<T>,
    exchange: &Exchange,
) -> Result<T, Error> {
    value.ok_or_else(|| malformed(operation, exchange, format!("it has no {member}")))
}
