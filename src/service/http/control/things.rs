//! Things and thing groups.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/thing-registry.html>

use uuid::Uuid;

use super::super::handler::{Handlers, run};

pub(super) const HANDLERS: Handlers = &[
    ("CreateThing", |shared, call| {
        let request = call.body()?;
        run(shared, |state, now| state.create_thing(now, call.label("thingName"), Uuid::new_v4(), &request))
    }),
    ("DescribeThing", |shared, call| run(shared, |state, _| state.describe_thing(call.label("thingName")))),
    ("ListThings", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_things(&query))
    }),
    ("UpdateThing", |shared, call| {
        let request = call.body()?;
        run(shared, |state, _| state.update_thing(call.label("thingName"), request))
    }),
    ("DeleteThing", |shared, call| {
        run(shared, |state, _| state.delete_thing(call.label("thingName"), call.number("expectedVersion")))
    }),
    ("CreateThingGroup", |shared, call| {
        let request = call.body()?;
        run(shared, |state, now| {
            state.create_thing_group(now, call.label("thingGroupName"), Uuid::new_v4(), request)
        })
    }),
    ("DescribeThingGroup", |shared, call| {
        run(shared, |state, _| state.describe_thing_group(call.label("thingGroupName")))
    }),
    ("ListThingGroups", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_thing_groups(&query))
    }),
    ("DeleteThingGroup", |shared, call| {
        let version = call.number("expectedVersion");
        run(shared, |state, now| state.delete_thing_group(now, call.label("thingGroupName"), version))
    }),
    ("AddThingToThingGroup", |shared, call| {
        let request = call.body()?;
        run(shared, |state, now| state.add_thing_to_thing_group(now, &request))
    }),
    ("RemoveThingFromThingGroup", |shared, call| {
        let request = call.body()?;
        run(shared, |state, now| state.remove_thing_from_thing_group(now, &request))
    }),
    ("ListThingsInThingGroup", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_things_in_thing_group(call.label("thingGroupName"), &query))
    }),
    ("ListThingGroupsForThing", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_thing_groups_for_thing(call.label("thingName"), &query))
    }),
];
