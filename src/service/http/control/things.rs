//! Things and thing groups.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/thing-registry.html>

use uuid::Uuid;

use super::super::handler::{Handlers, read, write};
use super::super::label::Label;

pub(super) const HANDLERS: Handlers = &[
    ("CreateThing", |shared, call| {
        let request = call.body()?;
        write(shared, |state, now| {
            state.create_thing(now, call.label(Label::ThingName), Uuid::new_v4(), &request)
        })
    }),
    ("DescribeThing", |shared, call| {
        read(shared, |state, _| state.describe_thing(call.label(Label::ThingName)))
    }),
    ("ListThings", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_things(&query))
    }),
    ("UpdateThing", |shared, call| {
        let request = call.body()?;
        write(shared, |state, _| state.update_thing(call.label(Label::ThingName), request))
    }),
    ("DeleteThing", |shared, call| {
        write(shared, |state, _| {
            state.delete_thing(call.label(Label::ThingName), call.number("expectedVersion"))
        })
    }),
    ("CreateThingGroup", |shared, call| {
        let request = call.body()?;
        write(shared, |state, now| {
            state.create_thing_group(now, call.label(Label::ThingGroupName), Uuid::new_v4(), request)
        })
    }),
    ("DescribeThingGroup", |shared, call| {
        read(shared, |state, _| state.describe_thing_group(call.label(Label::ThingGroupName)))
    }),
    ("ListThingGroups", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_thing_groups(&query))
    }),
    ("UpdateThingGroup", |shared, call| {
        let request = call.body()?;
        write(shared, |state, _| state.update_thing_group(call.label(Label::ThingGroupName), request))
    }),
    ("DeleteThingGroup", |shared, call| {
        let version = call.number("expectedVersion");
        write(shared, |state, now| state.delete_thing_group(now, call.label(Label::ThingGroupName), version))
    }),
    ("AddThingToThingGroup", |shared, call| {
        let request = call.body()?;
        write(shared, |state, now| state.add_thing_to_thing_group(now, &request))
    }),
    ("RemoveThingFromThingGroup", |shared, call| {
        let request = call.body()?;
        write(shared, |state, now| state.remove_thing_from_thing_group(now, &request))
    }),
    ("ListThingsInThingGroup", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_things_in_thing_group(call.label(Label::ThingGroupName), &query))
    }),
    ("ListThingGroupsForThing", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_thing_groups_for_thing(call.label(Label::ThingName), &query))
    }),
];
