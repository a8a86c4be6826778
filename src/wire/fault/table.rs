//! Which kind of fault goes with which message, and which of its options.

use super::code::Code;
use super::kind::Kind;
use super::on::On;
use super::reason::Packet;

/// Messages that the same kinds go with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Connect,
    Subscribe,
    Publish,
    Request,
    Event,
    Call,
}

use Class::{Call, Connect, Event, Publish, Request, Subscribe};

/// Kinds and messages; `refuse` goes with those alone that have its code.
const TABLE: [(&str, &[Class]); 14] = [
    ("refuse", &[Subscribe, Publish, Request, Call]),
    ("drop-request", &[Subscribe, Publish, Request, Call]),
    ("drop-answer", &[Subscribe, Request, Call]),
    ("drop-event", &[Event]),
    ("duplicate", &[Request, Event]),
    ("delay", &[Connect, Subscribe, Request, Event, Call]),
    ("corrupt", &[Request, Event, Call]),
    ("disconnect", &[Connect, Subscribe, Publish, Request, Event]),
    ("reset", &[Connect, Subscribe, Publish, Request, Event, Call]),
    ("silence", &[Connect, Subscribe, Publish, Request, Event, Call]),
    ("takeover", &[Connect, Subscribe, Publish, Request, Event]),
    ("no-connack", &[Connect]),
    ("refuse-connect", &[Connect]),
    ("no-puback", &[Publish, Request]),
];

fn class(on: &On) -> Class {
    match on {
        On::Connect => Connect,
        On::Subscribe => Subscribe,
        On::Publish => Publish,
        On::Get | On::StartNext | On::Describe | On::Update => Request,
        On::Notify | On::NotifyNext => Event,
        On::Call(_) => Call,
    }
}

/// Whether a kind goes with a message.
pub(super) fn fits(kind: &Kind, on: &On) -> bool {
    let class = class(on);
    let row = TABLE.iter().find(|(word, _)| *word == kind.word());
    row.is_some_and(|(_, classes)| classes.contains(&class)) && has_code(kind, class)
}

/// Whether messages of a class can be refused with the code, where it is a refusal.
fn has_code(kind: &Kind, class: Class) -> bool {
    let Kind::Refuse(code) = kind else { return true };
    match class {
        Subscribe => matches!(code, Code::Reason(reason) if reason.is_in(Packet::Suback)),
        Publish => matches!(code, Code::Reason(reason) if reason.is_in(Packet::Puback)),
        Request => matches!(code, Code::Jobs(_)),
        Call => matches!(code, Code::Exception { .. } | Code::Status(_)),
        Connect | Event => false,
    }
}

/// Whether such a message has the thing, the job, the status or the MQTT client that an option names.
pub(super) fn has_option(option: &str, on: &On) -> bool {
    match option {
        "--thing" => *on != On::Connect,
        "--client-id" => !matches!(on, On::Call(_)),
        "--job" => matches!(on, On::Describe | On::Update | On::NotifyNext | On::Call(_)),
        "--status" => match on {
            On::Call(operation) => operation == "UpdateJobExecution",
            on => matches!(on, On::Update | On::NotifyNext),
        },
        _ => true,
    }
}
