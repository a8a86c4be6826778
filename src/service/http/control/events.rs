//! Which events back ends get.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-events.html>

use super::super::handler::{Handlers, read, write};

pub(super) const HANDLERS: Handlers = &[
    ("DescribeEventConfigurations", |shared, _| {
        read(shared, |state, _| Ok(state.describe_event_configurations()))
    }),
    ("UpdateEventConfigurations", |shared, call| {
        let request = call.body()?;
        write(shared, |state, now| state.update_event_configurations(now, request))
    }),
];
