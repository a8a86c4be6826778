//! Every command with its arguments and options: the one table that parsing, help, completion and
//! hints read.

use super::spec::{Argument, Count, Flag, Shape, Spec};
use super::titles;

mod control_plane;
mod data_plane;
mod scripts;
mod session;
mod topics;

/// The command called `name`.
#[must_use]
pub(crate) fn find(name: &str) -> Option<&'static Spec> {
    // What fingers type in every other program.
    let name = if name == "exit" { "quit" } else { name };
    commands().find(|spec| spec.name == name)
}

/// Every title that a message of a service can have: what `expect` can wait for.
pub(crate) fn titles() -> impl Iterator<Item = String> {
    let answers = commands()
        .flat_map(|spec| spec.operations)
        .flat_map(|operation| [format!("{operation}Response"), format!("{operation}Rejected")]);
    let on_topics = titles::kinds().map(|kind| kind.title);
    EVENTS.into_iter().chain(on_topics).chain([titles::FAULT_INJECTED]).map(str::to_owned).chain(answers)
}

/// The titles of the two events that come unasked.
pub(crate) const EVENTS: [&str; 2] = ["JobExecutionsChangedEvent", "NextJobExecutionChangedEvent"];

/// Every command, in the order of the help text.
pub(crate) fn commands() -> impl Iterator<Item = &'static Spec> {
    [control_plane::COMMANDS, data_plane::COMMANDS, topics::COMMANDS, scripts::COMMANDS, session::COMMANDS]
        .into_iter()
        .flatten()
}

const JOB: Argument = Argument { name: "<jobId>", shape: Shape::Job, count: Count::One };
const TABLE: Flag = Flag {
    name: "--table",
    value: None,
    help: "as a table that fits the terminal; without effect in JSON output",
};
const UNTIL: Flag = Flag {
    name: "--until",
    value: Some(("<path=value ... | refused>", Shape::Goal)),
    help: "ask again until the answer is like this, conditions as for expect, or until it is refused",
};
const WITHIN: Flag = Flag {
    name: "--within",
    value: Some(("<duration>", Shape::Duration)),
    help: "how long --until waits, 10s unless given",
};
const NO_JOB: (&str, &str) = ("ResourceNotFoundException", "there is no such job");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::app::command::spec::CommandGroup;

    /// No right too few, none too many: what the commands call, also describe-job-execution with --control-plane, and
    /// finding or creating the thing.
    #[test]
    fn the_control_plane_policy_allows_exactly_what_the_program_calls() {
        let policy: Value =
            serde_json::from_str(include_str!("../../../../policies/control-plane-policy.json")).unwrap();
        // One string or a list of them, as policies write both.
        let strings = |value: &Value| -> Vec<String> {
            let all = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            all.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
        };
        let statements = policy["Statement"].as_array().unwrap();
        let allowed: BTreeSet<String> =
            statements.iter().flat_map(|statement| strings(&statement["Action"])).collect();
        let commands = commands().filter(|spec| spec.group == CommandGroup::ControlPlane);
        let called: BTreeSet<String> = commands
            .flat_map(|spec| spec.operations)
            .chain(&["DescribeJobExecution", "DescribeThing", "CreateThing"])
            .map(|operation| format!("iot:{operation}"))
            .collect();
        assert_eq!(allowed, called);
    }
}
