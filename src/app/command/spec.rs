//! What describes a command: its name, arguments, options and help.

use super::arguments::ParsedArguments;
use super::line::Command;

/// The groups of the help text, as in AWS's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandGroup {
    /// What an operator does, over HTTPS.
    ControlPlane,
    /// What a device does, over MQTT.
    DataPlane,
    /// What goes over topics of the user's choice.
    Topics,
    /// What scripts are made of.
    Scripts,
    /// Everything else.
    Miscellaneous,
}

/// The form of an argument's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The id of a job.
    Job,
    /// The id of a job that does not exist yet.
    NewJob,
    /// The id of a job, or `$next`.
    JobOrNext,
    /// The name of a thing.
    Thing,
    /// JSON, or `file://path`.
    Document,
    /// Types of events and whether they are sent: JSON, or `file://path`.
    EventConfigurations,
    /// A topic filter of MQTT.
    Filter,
    /// The name of a topic of MQTT.
    Topic,
    /// What a message carries: JSON, a word, or `file://path`.
    Payload,
    /// A JSON object of strings.
    Details,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A whole number between two bounds.
    Number(i64, i64),
    /// Minutes of a step timer: 1 to 10080, or -1 for none.
    StepTimeout,
    /// A word, or a JSON string for several.
    Text,
    /// `roleArn=ARN`, and perhaps `expiresInSec=N`, as the AWS CLI reads it.
    PresignedUrlConfig,
    /// A word, such as one of these.
    Suggested(&'static [&'static str]),
    /// Such as `5s`.
    Duration,
    /// Such as `+10m`, or `next`.
    Advance,
    /// The title of a message.
    Title,
    /// `path=value`
    Predicate,
    /// A command, or what else `help` explains.
    HelpTopic,
    /// The name of a value.
    NewName,
    /// Where a member is.
    Path,
    /// A command with its arguments.
    Command,
    /// All that is left of the line.
    RestOfLine,
    /// All that is left of the line, or JSON, which may go on on the next one.
    RestOrJson,
    /// `path=value`, perhaps several, or `refused`.
    Goal,
}

/// How often an argument may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// Once.
    One,
    /// Once or not at all.
    Optional,
    /// Any number of times.
    Any,
}

/// A positional argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Argument {
    /// As the usage line shows it, such as `<jobId>`.
    pub name: &'static str,
    /// The form of its value.
    pub shape: Shape,
    /// How often it may be given.
    pub count: Count,
}

/// An option; it may be anywhere after the command's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag {
    /// Such as `--force`.
    pub name: &'static str,
    /// Its value, if it takes one: a name for the usage line, and the value's form.
    pub value: Option<(&'static str, Shape)>,
    /// What it does.
    pub help: &'static str,
}

/// A command of the table.
#[derive(Debug)]
pub(crate) struct Spec {
    /// Its name, as typed.
    pub name: &'static str,
    /// The group that help lists it in.
    pub group: CommandGroup,
    /// Its arguments, in order.
    pub arguments: &'static [Argument],
    /// Its options.
    pub flags: &'static [Flag],
    /// One sentence for the list of commands.
    pub summary: &'static str,
    /// A line that works.
    pub example: &'static str,
    /// The codes with which the service may refuse it, and why.
    pub refusals: &'static [(&'static str, &'static str)],
    /// The API operations that it calls; none if it calls no service.
    pub operations: &'static [&'static str],
    pub(super) build: fn(&mut ParsedArguments) -> Command,
}

impl PartialEq for Spec {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Spec {
    /// Whether it has neither arguments nor options.
    #[must_use]
    pub(crate) fn takes_nothing(&self) -> bool {
        self.arguments.is_empty() && self.flags.is_empty()
    }

    /// Whether it can be asked again until its answer fits.
    #[must_use]
    pub(super) fn can_wait(&self) -> bool {
        self.flags.iter().any(|flag| matches!(flag.value, Some((_, Shape::Goal))))
    }

    /// The command with its arguments and options on one line.
    #[must_use]
    pub(crate) fn usage(&self) -> String {
        let mut usage = self.name.to_owned();
        for argument in self.arguments {
            usage.push(' ');
            usage.push_str(&argument.usage());
        }
        for flag in self.flags {
            usage.extend([" [", &flag.usage(), "]"]);
        }
        usage
    }
}

impl Argument {
    /// The argument as the usage line shows it.
    #[must_use]
    pub(crate) fn usage(&self) -> String {
        match self.count {
            Count::One => self.name.to_owned(),
            Count::Optional => format!("[{}]", self.name),
            Count::Any => format!("[{} ...]", self.name),
        }
    }
}

impl Flag {
    /// The option as the usage line shows it, without brackets.
    #[must_use]
    pub(crate) fn usage(&self) -> String {
        match self.value {
            Some((value, _)) => format!("{} {value}", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// The positional arguments of a command that have yet to be read, in order.
#[derive(Debug, Clone)]
pub(super) struct Positionals(&'static [Argument]);

impl Positionals {
    pub(super) fn new(spec: &Spec) -> Self {
        Self(spec.arguments)
    }

    /// Whether the next argument takes all that is left of the line.
    pub(super) fn takes_the_rest(&self) -> bool {
        self.0
            .first()
            .is_some_and(|next| matches!(next.shape, Shape::Command | Shape::RestOfLine | Shape::RestOrJson))
    }

    /// The next argument.
    pub(super) fn next(&mut self) -> Option<&'static Argument> {
        let (first, rest) = self.0.split_first()?;
        if first.count != Count::Any {
            self.0 = rest;
        }
        Some(first)
    }

    /// The arguments not read yet.
    pub(super) fn remaining(&self) -> &'static [Argument] {
        self.0
    }
}
