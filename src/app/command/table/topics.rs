//! Topics of the user's choice.

use crate::app::command::line::Command;
use crate::app::command::spec::{Argument, CommandGroup, Count, Flag, Shape, Spec};
use crate::client::connection::Qos;

const FILTER: Argument = Argument { name: "<filter>", shape: Shape::Filter, count: Count::One };
const NOT_ALLOWED: &str =
    "the policy of the certificate does not allow it; the hint names the statement to add";

pub(super) static COMMANDS: &[Spec] = &[
    Spec {
        name: "subscribe",
        group: CommandGroup::Topics,
        arguments: &[FILTER],
        flags: &[],
        summary: "show what comes on the topics of a filter from here on: Message, or JobEvent and the like below $aws/events",
        example: "subscribe $aws/events/job/#",
        refusals: &[("0x87", NOT_ALLOWED), ("0x97", "there are 50 subscriptions already")],
        operations: &["Subscribe"],
        needs: &[],
        build: |args| Command::Subscribe(args.name()),
    },
    Spec {
        name: "unsubscribe",
        group: CommandGroup::Topics,
        arguments: &[FILTER],
        flags: &[],
        summary: "end a subscription",
        example: "unsubscribe $aws/events/job/#",
        refusals: &[],
        operations: &["Unsubscribe"],
        needs: &[],
        build: |args| Command::Unsubscribe(args.name()),
    },
    Spec {
        name: "publish",
        group: CommandGroup::Topics,
        arguments: &[
            Argument { name: "<topic>", shape: Shape::Topic, count: Count::One },
            Argument { name: "<payload>", shape: Shape::Payload, count: Count::Optional },
        ],
        flags: &[
            Flag {
                name: "--qos",
                value: Some(("<0 | 1>", Shape::OneOf(&["0", "1"]))),
                help: "1 unless given: the server acknowledges it, or says why not; at 0 it closes the connection instead",
            },
            Flag {
                name: "--retain",
                value: None,
                help: "keep it for whoever subscribes to the topic later; without a payload, forget what is kept",
            },
        ],
        summary: "publish a message: JSON, a word, a JSON string for several words, the bytes of file://path, or nothing",
        example: "publish plant/pump {\"on\": true} --retain",
        refusals: &[("0x87", NOT_ALLOWED), ("0x97", "too many messages are kept")],
        operations: &["Publish"],
        needs: &[],
        build: |args| Command::Publish {
            topic: args.name(),
            payload: args.payload(),
            qos: if args.word("--qos") == Some("0") { Qos::AtMostOnce } else { Qos::AtLeastOnce },
            retain: args.switch("--retain"),
        },
    },
];
