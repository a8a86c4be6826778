//! Thing types.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/thing-types.html>

use uuid::Uuid;

use super::super::handler::{Handlers, read, write};
use super::super::label::Label;

pub(super) const HANDLERS: Handlers = &[
    ("CreateThingType", |shared, call| {
        let request = call.body()?;
        write(shared, |state, now| {
            state.create_thing_type(now, call.label(Label::ThingTypeName), Uuid::new_v4(), request)
        })
    }),
    ("DescribeThingType", |shared, call| {
        read(shared, |state, _| state.describe_thing_type(call.label(Label::ThingTypeName)))
    }),
    ("ListThingTypes", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_thing_types(&query))
    }),
    ("UpdateThingType", |shared, call| {
        let request = call.body()?;
        write(shared, |state, _| state.update_thing_type(call.label(Label::ThingTypeName), request))
    }),
    ("DeprecateThingType", |shared, call| {
        let request = call.body()?;
        write(shared, |state, now| {
            state.deprecate_thing_type(now, call.label(Label::ThingTypeName), &request)
        })
    }),
    ("DeleteThingType", |shared, call| {
        write(shared, |state, now| state.delete_thing_type(now, call.label(Label::ThingTypeName)))
    }),
];
