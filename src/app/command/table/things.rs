//! What an operator does with things and thing groups, over HTTPS.

use super::options::{EXPECTED_VERSION, TABLE, TAGS, THING_NAME, UNTIL, WITHIN, YES, json, switch, text};
use crate::app::command::spec::{Argument, CommandGroup, Count, Flag, Shape, Spec};
use crate::app::output::known_names::Named;
use crate::client::control_plane::Operation;

const THING: Argument =
    Argument { name: "<thingName>", shape: Shape::Named(Named::Thing), count: Count::One };
const GROUP: Argument =
    Argument { name: "<thingGroupName>", shape: Shape::Named(Named::ThingGroup), count: Count::One };
const THING_TYPE: Flag = text("--thing-type-name", "<type>", "the type of the thing");
const ATTRIBUTES: Flag =
    json("--attribute-payload", "{\"attributes\": {\"name\": \"value\"}, \"merge\": true}");
const NO_THING: (&str, &str) = ("ResourceNotFoundException", "there is no such thing");
const NO_GROUP: (&str, &str) = ("ResourceNotFoundException", "there is no such group");
const NEITHER: (&str, &str) = ("ResourceNotFoundException", "there is no such group, or no such thing");
const OTHER_VERSION: (&str, &str) = ("VersionConflictException", "it is at another version than expected");

pub(super) static COMMANDS: &[Spec] = &[
    Spec {
        name: "create-thing",
        group: CommandGroup::Things,
        arguments: &[Argument { shape: Shape::NewNamed(Named::Thing), ..THING }],
        flags: &[
            THING_TYPE,
            ATTRIBUTES,
            text("--billing-group-name", "<group>", "the billing group that it joins"),
        ],
        summary: "create a thing",
        example: "create-thing Pump2 --attribute-payload {\"attributes\": {\"site\": \"north\"}}",
        refusals: &[("ResourceAlreadyExistsException", "a thing of this name exists, with other attributes")],
        operations: &["CreateThing"],
        needs: &[],
        build: |args| args.call(Operation::CreateThing, &["thingName"]),
    },
    Spec {
        name: "describe-thing",
        group: CommandGroup::Things,
        arguments: &[THING],
        flags: &[UNTIL, WITHIN],
        summary: "show a thing: its ARN, type, attributes and version",
        example: "describe-thing Pump2",
        refusals: &[NO_THING],
        operations: &["DescribeThing"],
        needs: &[],
        build: |args| args.call(Operation::DescribeThing, &["thingName"]),
    },
    Spec {
        name: "list-things",
        group: CommandGroup::Things,
        arguments: &[],
        flags: &[
            text("--attribute-name", "<name>", "only things with this attribute"),
            text("--attribute-value", "<value>", "only where it has this value"),
            text("--thing-type-name", "<type>", "only things of this type"),
            switch("--use-prefix-attribute-value", "the value may go on"),
            TABLE,
            UNTIL,
            WITHIN,
        ],
        summary: "list the things of the account",
        example: "list-things --table",
        refusals: &[],
        operations: &["ListThings"],
        needs: &[],
        build: |args| args.call(Operation::ListThings, &[]),
    },
    Spec {
        name: "update-thing",
        group: CommandGroup::Things,
        arguments: &[THING],
        flags: &[
            THING_TYPE,
            ATTRIBUTES,
            EXPECTED_VERSION,
            switch("--remove-thing-type", "it has no type any more"),
        ],
        summary: "change the attributes or the type of a thing",
        example: "update-thing Pump2 --attribute-payload {\"attributes\": {\"site\": \"south\"}}",
        refusals: &[OTHER_VERSION, NO_THING],
        operations: &["UpdateThing"],
        needs: &[],
        build: |args| args.call(Operation::UpdateThing, &["thingName"]),
    },
    Spec {
        name: "delete-thing",
        group: CommandGroup::Things,
        arguments: &[THING],
        flags: &[EXPECTED_VERSION],
        summary: "delete a thing",
        example: "delete-thing Pump2",
        refusals: &[OTHER_VERSION, ("InvalidRequestException", "a certificate is attached to it")],
        operations: &["DeleteThing"],
        needs: &[],
        build: |args| args.call(Operation::DeleteThing, &["thingName"]),
    },
    Spec {
        name: "create-thing-group",
        group: CommandGroup::Things,
        arguments: &[Argument { shape: Shape::NewNamed(Named::ThingGroup), ..GROUP }],
        flags: &[
            Flag {
                name: "--parent-group-name",
                value: Some(("<thingGroupName>", Shape::Named(Named::ThingGroup))),
                help: "the group that it is in",
            },
            json("--thing-group-properties", "{\"thingGroupDescription\": ..., \"attributePayload\": ...}"),
            TAGS,
        ],
        summary: "create a group of things",
        example: "create-thing-group Pumps",
        refusals: &[("ResourceAlreadyExistsException", "a group of this name exists")],
        operations: &["CreateThingGroup"],
        needs: &[],
        build: |args| args.call(Operation::CreateThingGroup, &["thingGroupName"]),
    },
    Spec {
        name: "add-thing-to-thing-group",
        group: CommandGroup::Things,
        arguments: &[GROUP],
        flags: &[
            THING_NAME,
            switch("--override-dynamic-groups", "in place of a dynamic group, where it is in too many"),
        ],
        summary: "add a thing to a group",
        example: "add-thing-to-thing-group Pumps --thing-name Pump2",
        refusals: &[NEITHER],
        operations: &["AddThingToThingGroup"],
        needs: &[],
        build: |args| args.call(Operation::AddThingToThingGroup, &["thingGroupName"]),
    },
    Spec {
        name: "remove-thing-from-thing-group",
        group: CommandGroup::Things,
        arguments: &[GROUP],
        flags: &[THING_NAME],
        summary: "take a thing out of a group",
        example: "remove-thing-from-thing-group Pumps --thing-name Pump2",
        refusals: &[NEITHER],
        operations: &["RemoveThingFromThingGroup"],
        needs: &[],
        build: |args| args.call(Operation::RemoveThingFromThingGroup, &["thingGroupName"]),
    },
    Spec {
        name: "list-things-in-thing-group",
        group: CommandGroup::Things,
        arguments: &[GROUP],
        flags: &[switch("--recursive", "also those of the groups in it"), TABLE, UNTIL, WITHIN],
        summary: "list the things of a group",
        example: "list-things-in-thing-group Pumps --recursive",
        refusals: &[NO_GROUP],
        operations: &["ListThingsInThingGroup"],
        needs: &[],
        build: |args| args.call(Operation::ListThingsInThingGroup, &["thingGroupName"]),
    },
    Spec {
        name: "list-thing-groups",
        group: CommandGroup::Things,
        arguments: &[],
        flags: &[
            Flag {
                name: "--parent-group",
                value: Some(("<thingGroupName>", Shape::Named(Named::ThingGroup))),
                help: "only groups in this one",
            },
            text("--name-prefix-filter", "<prefix>", "only groups whose names begin so"),
            switch("--recursive", "also groups in groups"),
            TABLE,
            UNTIL,
            WITHIN,
        ],
        summary: "list the groups of things",
        example: "list-thing-groups --table",
        refusals: &[],
        operations: &["ListThingGroups"],
        needs: &[],
        build: |args| args.call(Operation::ListThingGroups, &[]),
    },
    Spec {
        name: "delete-thing-group",
        group: CommandGroup::Things,
        arguments: &[GROUP],
        flags: &[EXPECTED_VERSION, YES],
        summary: "delete a group; its things stay",
        example: "delete-thing-group Pumps",
        refusals: &[OTHER_VERSION, ("InvalidRequestException", "groups are in it")],
        operations: &["DeleteThingGroup"],
        needs: &["ListThingsInThingGroup"],
        build: |args| args.call(Operation::DeleteThingGroup, &["thingGroupName"]),
    },
];
