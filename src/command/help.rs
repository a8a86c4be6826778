//! The help texts, made from the table.

use std::fmt::Write as _;

use super::table::{COMMANDS, Group, Spec};
use crate::output::style::{Ink, Style};

const GROUPS: [(Group, &str); 3] = [
    (Group::ControlPlane, "Control Plane"),
    (Group::DataPlane, "Data Plane"),
    (Group::Miscellaneous, "Miscellaneous"),
];

/// All commands in their groups, a line of usage and a sentence each.
#[must_use]
pub fn help(style: Style) -> String {
    let mut out = String::new();
    for (group, heading) in GROUPS {
        let _ = writeln!(out, "{}", style.paint(Ink::Strong, heading));
        for spec in COMMANDS.iter().filter(|spec| spec.group == group) {
            let _ = writeln!(out, "  {}", head(spec, style));
            let _ = writeln!(out, "      {}", spec.summary);
        }
        out.push('\n');
    }
    out.push_str("! before a command: it passes only if the service refuses it\n");
    out.push_str("help <command> explains one with its options, an example and what may be refused\n");
    out
}

/// One command with its options, an example and what the service may refuse.
#[must_use]
pub fn help_on(spec: &Spec, style: Style) -> String {
    let mut out = format!("{}\n    {}\n", head(spec, style), spec.summary);
    if !spec.flags.is_empty() {
        let width = spec.flags.iter().map(|flag| flag.usage().len()).max().unwrap_or(0);
        out.push_str("\nOptions\n");
        for flag in spec.flags {
            let _ = writeln!(out, "    {:width$}  {}", flag.usage(), flag.help);
        }
    }
    let _ = writeln!(out, "\nExample\n    {}", spec.example);
    if !spec.refusals.is_empty() {
        let width = spec.refusals.iter().map(|(code, _)| code.len()).max().unwrap_or(0);
        out.push_str("\nThe service may refuse with\n");
        for (code, why) in spec.refusals {
            let _ = writeln!(out, "    {code:width$}  {why}");
        }
    }
    out
}

fn head(spec: &Spec, style: Style) -> String {
    let mut head = style.paint(Ink::Strong, spec.name);
    for argument in spec.arguments {
        let _ = write!(head, " {}", argument.usage());
    }
    if !spec.flags.is_empty() {
        style.push(Ink::Faint, " [options]", &mut head);
    }
    head
}
