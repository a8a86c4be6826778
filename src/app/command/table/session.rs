//! The session itself, and the local service.

use crate::app::command::line::Command;
use crate::app::command::spec::{Argument, CommandGroup, Count, Flag, Shape, Spec};
use crate::wire::fault::{KINDS, MESSAGES};
use crate::wire::model::JobExecutionStatus;

const FAULT_OPTIONS: &[Flag] = &[
    Flag {
        name: "--on",
        value: Some(("<message>", Shape::Suggested(&MESSAGES))),
        help: "with which message, or which operation of the API over HTTP",
    },
    Flag { name: "--thing", value: Some(("<thing>", Shape::Text)), help: "the thing that it is about" },
    Flag {
        name: "--client-id",
        value: Some(("<pattern>", Shape::Text)),
        help: "the MQTT client that sends or gets it; * stands for anything",
    },
    Flag { name: "--job", value: Some(("<jobId>", Shape::Job)), help: "the job that it names" },
    Flag {
        name: "--status",
        value: Some(("<status>", Shape::OneOf(&STATUSES))),
        help: "the status that it asks for or tells of",
    },
    Flag {
        name: "--times",
        value: Some(("<n>", Shape::Number(1, 1_000_000))),
        help: "how often, once unless given",
    },
    Flag { name: "--always", value: None, help: "again and again" },
    Flag {
        name: "--after",
        value: Some(("<n>", Shape::Number(0, 1_000_000))),
        help: "how many messages of each client pass before",
    },
    Flag {
        name: "--chance",
        value: Some(("<percent>", Shape::Text)),
        help: "how likely, such as 20%; the same messages in every run",
    },
    Flag {
        name: "--seed",
        value: Some(("<n>", Shape::Number(0, i64::MAX))),
        help: "another choice of messages",
    },
];

const STATUSES: [&str; 8] = {
    let mut words = [""; 8];
    let mut at = 0;
    while at < words.len() {
        words[at] = JobExecutionStatus::ALL[at].as_str();
        at += 1;
    }
    words
};

pub(super) static COMMANDS: &[Spec] = &[
    Spec {
        name: "clock",
        group: CommandGroup::Miscellaneous,
        arguments: &[Argument { name: "<+duration | next>", shape: Shape::Advance, count: Count::Optional }],
        flags: &[],
        summary: "show the clock of the local Jobs service, or move it forward: timers that fall due fire at once",
        example: "clock +10m",
        refusals: &[],
        operations: &[],
        build: |args| Command::Clock(args.advance()),
    },
    Spec {
        name: "reset",
        group: CommandGroup::Miscellaneous,
        arguments: &[],
        flags: &[Flag {
            name: "--confirm",
            value: None,
            help: "also where a folder keeps what will be gone, and without a question",
        }],
        summary: "take the local Jobs service back to its first start",
        example: "reset",
        refusals: &[],
        operations: &[],
        build: |args| Command::Reset { confirm: args.switch("--confirm") },
    },
    Spec {
        name: "fault",
        group: CommandGroup::Miscellaneous,
        arguments: &[
            Argument {
                name: "<add | list | remove | clear>",
                shape: Shape::OneOf(&["add", "list", "remove", "clear"]),
                count: Count::One,
            },
            Argument { name: "<kind | number>", shape: Shape::Suggested(&KINDS), count: Count::Optional },
        ],
        flags: FAULT_OPTIONS,
        summary: "let messages of the local Jobs service go wrong; Tab shows the kinds",
        example: "fault add refuse=RequestThrottled --on update --times 2",
        refusals: &[],
        operations: &[],
        build: |args| Command::Fault(args.fault()),
    },
    Spec {
        name: "device",
        group: CommandGroup::Miscellaneous,
        arguments: &[Argument {
            name: "<start | restart | stop | kill>",
            shape: Shape::OneOf(&["start", "restart", "stop", "kill"]),
            count: Count::One,
        }],
        flags: &[Flag {
            name: "--no-wait",
            value: None,
            help: "do not wait until the program that was started has connected and subscribed",
        }],
        summary: "start the device program beside the local Jobs service and wait until it is connected, or end it, as in a crash with kill, and wait until it is gone",
        example: "device restart",
        refusals: &[],
        operations: &[],
        build: |args| Command::Device(args.device_action()),
    },
    Spec {
        name: "thing",
        group: CommandGroup::Miscellaneous,
        arguments: &[Argument { name: "<thing>", shape: Shape::Thing, count: Count::Optional }],
        flags: &[],
        summary: "play another thing, which is created if it does not exist, or show which one is played",
        example: "thing Pump2",
        refusals: &[(
            "not authorized",
            "the policy of the certificate does not allow it for that thing; the refusal names what to add",
        )],
        operations: &[],
        build: |args| Command::Thing(args.optional_thing()),
    },
    Spec {
        name: "status",
        group: CommandGroup::Miscellaneous,
        arguments: &[],
        flags: &[],
        summary: "show where the session is connected, and how long a round trip takes",
        example: "status",
        refusals: &[],
        operations: &[],
        build: |_| Command::Status,
    },
    Spec {
        name: "trace",
        group: CommandGroup::Miscellaneous,
        arguments: &[Argument { name: "<on | off>", shape: Shape::OneOf(&["on", "off"]), count: Count::One }],
        flags: &[],
        summary: "show every topic, payload and call as it goes and comes",
        example: "trace on",
        refusals: &[],
        operations: &[],
        build: |args| Command::Trace(args.choice() == "on"),
    },
    Spec {
        name: "help",
        group: CommandGroup::Miscellaneous,
        arguments: &[Argument { name: "<command>", shape: Shape::HelpTopic, count: Count::Optional }],
        flags: &[],
        summary: "list the commands, explain one, or the language of scripts",
        example: "help update-job-execution",
        refusals: &[],
        operations: &[],
        build: |args| Command::Help(args.optional_choice()),
    },
    Spec {
        name: "quit",
        group: CommandGroup::Miscellaneous,
        arguments: &[],
        flags: &[],
        summary: "leave",
        example: "quit",
        refusals: &[],
        operations: &[],
        build: |_| Command::Quit,
    },
];
