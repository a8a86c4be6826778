//! The help texts, generated from the table.

use std::fmt::Write as _;

use super::spec::{CommandGroup, Shape, Spec};
use super::table::commands;
use crate::app::output::fold::fold;
use crate::app::output::style::{Style, Theme};

/// The widest name of a command that stands in one column with the others.
const MAX_NAME: usize = 32;

/// All commands by name, group by group, folded to `width` columns.
#[must_use]
pub(crate) fn help(theme: Theme, width: usize) -> String {
    let mut out = String::new();
    for group in CommandGroup::ALL {
        let _ = writeln!(out, "{} (help {})", theme.paint(Style::Strong, group.heading()), group.topic());
        let names: Vec<_> = commands().filter(|spec| spec.group == group).map(|spec| spec.name).collect();
        let _ = writeln!(out, "{}", fold(&names.join(" "), width, "  ", "  "));
    }
    for line in [
        "help jobs tells what they do, help create-job its options, help script the rest",
        "! before a command: it passes only if it is refused; Tab completes",
    ] {
        let _ = writeln!(out, "{}", fold(line, width, "", "  "));
    }
    out
}

/// The commands of a group with a sentence each, folded to `width` columns.
#[must_use]
pub(crate) fn help_on_group(group: CommandGroup, theme: Theme, width: usize) -> String {
    let mut out = format!("{}\n", theme.paint(Style::Strong, group.heading()));
    let specs = || commands().filter(move |spec| spec.group == group);
    let column = specs().map(|spec| spec.name.len()).max().unwrap_or(0).min(MAX_NAME);
    for spec in specs() {
        // What stands behind is in the help on the command.
        let summary = spec.summary.split([';', ':']).next().unwrap_or_default();
        let name = theme.paint(Style::Strong, spec.name);
        let begin = format!("  {name}{}  ", " ".repeat(column.saturating_sub(spec.name.len())));
        let _ = writeln!(out, "{}", fold(summary, width, &begin, &" ".repeat(column + 4)));
    }
    let _ =
        writeln!(out, "{}", fold("help <command> has arguments, options and an example", width, "", "  "));
    out
}

/// The language of scripts.
const SCRIPT: &str = "\
A script is read from its first line to its last; # begins a comment. -f FILE runs one, --check only reads it.

expect TITLE [PATH=VALUE ...] [--within 5s]  the last answer, or an event since the last change
subscribe FILTER   publish TOPIC [PAYLOAD]   what comes there counts until an expect takes it
! expect ... and ! COMMAND                   it did not come; the service refused it
COMMAND --until PATH=VALUE ... --within 10s  asks again until it is so; --until refused
    = != < <= > >=   ~ a regular expression, or /one with spaces/   PATH=absent PATH=present
    a.b  \"a.b\".c  a[0]  a[-1]  a[*] some element  a.length
set NAME VALUE   capture NAME PATH           {{NAME}} is VALUE, or a member of what came last; --set NAME=VALUE
{{RUN}}                                      eight letters and digits, new in each run
test NAME                                    a test, to the next one; after a failure the next one goes on
defer COMMAND                                when the test ends, however it does; the last one first
include FILE   sleep 2s   print TEXT         thing NAME plays another; fault add KIND: FaultInjected
device start | restart | stop | kill         the program behind -- on the command line, local
--only TEST, --bail, --junit FILE, --echo, --json; -f may be repeated, each on an empty local service

On the local service all that a command causes is printed before the next command, in one order; on AWS the order
across connections (topics have their own) is not promised. Standard input is carried out line by line as it comes.
";

/// The language of scripts on one screen, folded to `width` columns.
#[must_use]
pub(crate) fn help_on_scripts(width: usize) -> String {
    SCRIPT.lines().fold(String::new(), |mut out, line| {
        let indent = if line.starts_with(' ') { "        " } else { "    " };
        let _ = writeln!(out, "{}", fold(line, width, "", indent));
        out
    })
}

/// One command with its options, an example and what the service may refuse, folded to `width` columns.
#[must_use]
pub(crate) fn help_on(spec: &Spec, theme: Theme, width: usize) -> String {
    let mut out = format!("{}\n", fold(&head(spec, theme), width, "", "    "));
    let _ = writeln!(out, "{}", fold(spec.summary, width, "    ", "    "));
    let values = spec.arguments.iter().map(|argument| (argument.name, argument.shape));
    for (name, shape) in values.chain(spec.flags.iter().filter_map(|flag| flag.value)) {
        if let Shape::Suggested(words) = shape {
            let words = format!("{name}: {}", words.join(", "));
            let _ = writeln!(out, "\n{}", fold(&words, width, "    ", "        "));
        }
    }
    if !spec.flags.is_empty() {
        let _ = writeln!(out, "\n{}", theme.paint(Style::Strong, "Options"));
        let flags: Vec<_> = spec.flags.iter().map(|flag| (flag.usage(), flag.help)).collect();
        push_list(&flags, width, &mut out);
    }
    let _ = writeln!(out, "\n{}", theme.paint(Style::Strong, "Example"));
    // Not folded, so that it can be copied.
    let _ = writeln!(out, "    {}", spec.example);
    if !spec.refusals.is_empty() {
        let _ = writeln!(out, "\n{}", theme.paint(Style::Strong, "The service may refuse with"));
        let refusals: Vec<_> = spec.refusals.iter().map(|(code, why)| ((*code).to_owned(), *why)).collect();
        push_list(&refusals, width, &mut out);
    }
    let needs: Vec<String> = spec.iam_actions().map(|action| format!("iot:{action}")).collect();
    if !needs.is_empty() {
        let _ =
            writeln!(out, "\n{}", fold(&format!("On AWS it needs {}", needs.join(", ")), width, "", "    "));
    }
    out
}

/// Appends words in one column, and their meanings in the next.
fn push_list(list: &[(String, &str)], width: usize, out: &mut String) {
    let column = list.iter().map(|(word, _)| word.len()).max().unwrap_or(0);
    for (word, meaning) in list {
        let begin = format!("    {word:column$}  ");
        let _ = writeln!(out, "{}", fold(meaning, width, &begin, &" ".repeat(begin.len())));
    }
}

fn head(spec: &Spec, theme: Theme) -> String {
    let mut head = theme.paint(Style::Strong, spec.name);
    for argument in spec.arguments {
        let _ = write!(head, " {}", argument.usage());
    }
    if !spec.flags.is_empty() {
        theme.push(Style::Faint, " [options]", &mut head);
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [80, 120] {
            let texts = commands().map(|spec| help_on(spec, Theme::default(), width));
            let groups = CommandGroup::ALL.map(|group| help_on_group(group, Theme::default(), width));
            for text in texts.chain([help(Theme::default(), width)]).chain(groups) {
                let example = |line: &&str| commands().any(|spec| line.trim() == spec.example);
                for line in text.lines().filter(|line| !example(line)) {
                    assert!(line.len() <= width, "{line:?} is wider than {width}");
                }
            }
        }
    }

    #[test]
    fn what_is_asked_for_is_seen_at_once() {
        let groups = CommandGroup::ALL.map(|group| help_on_group(group, Theme::default(), 80));
        for text in groups.into_iter().chain([help(Theme::default(), 80)]) {
            assert!(text.lines().count() <= 24, "{text}");
        }
        for spec in commands() {
            assert!(spec.name.len() <= MAX_NAME && help(Theme::default(), 80).contains(spec.name));
        }
    }

    #[test]
    fn colors_take_no_space() {
        let plain = help(Theme::default(), 80);
        let colored = help(Theme { color: true, unicode: true }, 80);
        assert_eq!(colored.lines().count(), plain.lines().count());
    }
}
