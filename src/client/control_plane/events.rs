//! The events of AWS IoT: which of them are sent.

use aws_sdk_iot::types::{Configuration, EventType};

use super::error::Error;
use super::event_configurations::EventConfigurations;
use super::{ControlPlane, Reply, complete, members};

impl ControlPlane {
    /// Reads which events are sent.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn describe_event_configurations(&self) -> Result<Reply, Error> {
        const OPERATION: &str = "DescribeEventConfigurations";
        let (_, exchange) = self
            .read(OPERATION, |capture| {
                self.client.describe_event_configurations().customize().interceptor(capture).send()
            })
            .await?;
        let checked = members::check(exchange.body.as_deref(), &["eventConfigurations"], None);
        complete(OPERATION, exchange, checked).map(|exchange| Reply::new(OPERATION, exchange))
    }

    /// Says which events are sent; types that are not named stay as they are.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn update_event_configurations(
        &self,
        configurations: &EventConfigurations,
    ) -> Result<Reply, Error> {
        const OPERATION: &str = "UpdateEventConfigurations";
        let configuration = |enabled| Configuration::builder().enabled(enabled).build();
        let configurations = configurations
            .iter()
            .map(|(name, enabled)| (EventType::from(name), configuration(enabled)))
            .collect();
        let update = self.client.update_event_configurations().set_event_configurations(Some(configurations));
        // Done twice it is as if it had been done once.
        let (_, exchange) =
            self.read(OPERATION, |capture| update.customize().interceptor(capture).send()).await?;
        Ok(Reply::new(OPERATION, exchange))
    }
}
