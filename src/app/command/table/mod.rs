//! Every command with its arguments and options: the one table that parsing, help, completion and
//! hints read.
//!
//! | module | what it is |
//! |---|---|
//! | `jobs`, `templates`, `things`, `events` | operations of the control plane |
//! | `data_plane`, `topics` | what a device does over MQTT |
//! | `scripts`, `session` | what scripts are made of; the session and the local service |
//! | `options` | options that several commands have |

use super::spec::{Argument, Count, Shape, Spec};
use super::titles;

mod data_plane;
mod events;
mod jobs;
mod options;
mod scripts;
mod session;
mod templates;
mod things;
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
    let others = [titles::FAULT_INJECTED, titles::DRY_RUN];
    EVENTS.into_iter().chain(on_topics).chain(others).map(str::to_owned).chain(answers)
}

/// The titles of the two events that come unasked.
pub(crate) const EVENTS: [&str; 2] = ["JobExecutionsChangedEvent", "NextJobExecutionChangedEvent"];

/// Every command, in the order of the help text.
pub(crate) fn commands() -> impl Iterator<Item = &'static Spec> {
    [
        jobs::COMMANDS,
        templates::COMMANDS,
        things::COMMANDS,
        data_plane::COMMANDS,
        topics::COMMANDS,
        events::COMMANDS,
        scripts::COMMANDS,
        session::COMMANDS,
    ]
    .into_iter()
    .flatten()
}

const JOB: Argument = Argument { name: "<jobId>", shape: Shape::Job, count: Count::One };
const NO_JOB: (&str, &str) = ("ResourceNotFoundException", "there is no such job");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::app::command::spec::CommandGroup;

    const COMMANDS_PAGE: &str = include_str!("../../../../.github/docs/commands.md");
    const POLICIES_PAGE: &str = include_str!("../../../../.github/docs/policies.md");
    const POLICY: &str = include_str!("../../../../policies/control-plane-policy.json");

    /// The statements of the policy: their names, and what they allow.
    fn statements() -> Vec<(String, BTreeSet<String>)> {
        let policy: Value = serde_json::from_str(POLICY).unwrap();
        // One string or a list of them, as policies write both.
        let strings =
            |value: &Value| -> Vec<Value> { value.as_array().cloned().unwrap_or(vec![value.clone()]) };
        let statement = |statement: &Value| {
            let actions = strings(&statement["Action"]);
            let actions = actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect();
            (statement["Sid"].as_str().unwrap().to_owned(), actions)
        };
        policy["Statement"].as_array().unwrap().iter().map(statement).collect()
    }

    /// No right too few, none too many: what the commands call, and finding or creating the thing.
    #[test]
    fn the_control_plane_policy_allows_exactly_what_the_program_calls() {
        let allowed: BTreeSet<String> = statements().into_iter().flat_map(|(_, actions)| actions).collect();
        let called: BTreeSet<String> = commands()
            .flat_map(Spec::iam_actions)
            .chain(["DescribeThing", "CreateThing"])
            .map(|action| format!("iot:{action}"))
            .collect();
        assert_eq!(allowed, called);
    }

    #[test]
    fn the_page_lists_the_commands_by_group() {
        for group in CommandGroup::ALL {
            let names = commands().filter(|spec| spec.group == group).map(|spec| format!("`{}`", spec.name));
            let row = format!("| **{}** | {} |", group.heading(), names.collect::<Vec<_>>().join(", "));
            assert!(COMMANDS_PAGE.contains(&row), "commands.md lacks\n{row}");
        }
    }

    #[test]
    fn the_page_names_each_command_with_a_statement_that_it_needs() {
        let statements = statements();
        let row = |name: &str| {
            let begin = format!("| `{name}` |");
            let row = POLICIES_PAGE.lines().find(|line| line.starts_with(&begin));
            row.unwrap_or_else(|| panic!("no row of {name}"))
        };
        for spec in commands() {
            for action in
                spec.operations.iter().filter(|own| spec.iam_actions().any(|needed| needed == **own))
            {
                let action = format!("iot:{action}");
                let allowing = statements.iter().filter(|(_, actions)| actions.contains(&action));
                let named = |(name, _): &(String, _)| row(name).contains(&format!("`{}", spec.name));
                assert!(allowing.clone().any(named), "{} for {action}", spec.name);
            }
        }
    }
}
