//! From the text of a command to a [`Command`].

use super::arguments::{ArgumentValue, ParsedArguments};
use super::error::{ParseError, Usage};
use super::line::{Command, Deferred, JobDocument, Line, MAX_COMMAND_BYTES};
use super::names::{self, Names};
use super::nearest::{elsewhere, nearest, nearest_command};
use super::place::Place;
use super::reader::Reader;
use super::spec::{Count, Flag, Positionals, Shape, Spec};
use super::table;
use super::values::{ValueError, read};
use crate::app::output::escape;

/// Reads one command, whatever its names stand for; `None` for a blank line or a comment.
pub(crate) fn parse(text: &str) -> Result<Option<Line>, ParseError> {
    parse_with(text, &names::ANY)
}

/// Reads one command, with values in the place of names; `None` for a blank line or a comment.
pub(crate) fn parse_with(text: &str, names: &Names) -> Result<Option<Line>, ParseError> {
    if text.len() > MAX_COMMAND_BYTES {
        return Err(ParseError::TooLong);
    }
    let mut reader = Reader::new(text, names);
    let rest = reader.rest();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(None);
    }
    let negated = rest.starts_with('!');
    if negated {
        reader.advance(1);
    }
    let word = reader.word();
    if word.is_empty() {
        return Err(ParseError::Negation);
    }
    let Some(spec) = table::find(word) else {
        return Err(match elsewhere(word) {
            Some(command) => ParseError::Elsewhere { command },
            None => {
                ParseError::UnknownCommand { word: escape::excerpt(word, 40), nearest: nearest_command(word) }
            }
        });
    };
    let mut arguments = ParsedArguments::default();
    fill(spec, &mut reader, &mut arguments).map_err(|problem| match problem {
        ValueError::Unfinished => ParseError::Unfinished(Usage(spec)),
        ValueError::Invalid(problem) => {
            let place = reader.fault().map(|at| Place::new(text, at));
            let line = place.as_ref().map_or_else(String::new, Place::line_note);
            ParseError::Arguments { command: Usage(spec), problem: problem + &line, place }
        }
    })?;
    let refuse = |problem| ParseError::Arguments { command: Usage(spec), problem, place: None };
    let until = if spec.can_wait() { arguments.until().map_err(refuse)? } else { None };
    if negated && until.is_some() {
        let problem = "! does not go with --until; to wait for a refusal: --until refused";
        return Err(refuse(problem.to_owned()));
    }
    let command = (spec.build)(&mut arguments);
    if reader.has_names() && matches!(command, Command::Test(_) | Command::Include(_)) {
        let problem = "what it names stands in the script as it is, without {{NAME}}".to_owned();
        return Err(ParseError::Arguments { command: Usage(spec), problem, place: None });
    }
    if let Some(problem) = arguments.contradiction.take() {
        return Err(refuse(problem));
    }
    debug_assert!(arguments.is_used_up(), "{} ignores what it declares: {arguments:?}", spec.name);
    let can_be_refused = !spec.operations.is_empty() || !spec.refusals.is_empty();
    if negated && !can_be_refused && !matches!(command, Command::Expect(_)) {
        return Err(ParseError::Negation);
    }
    Ok(Some(Line { negated, command, has_names: reader.has_names(), name: spec.name, until }))
}

/// Reads the command that is to be carried out when a test ends.
fn deferred(reader: &mut Reader<'_>) -> Result<ArgumentValue, ValueError> {
    let (text, names) = reader.take_rest();
    let line = match parse_with(text, names) {
        Ok(Some(line)) => line,
        Ok(None) => return Err("a command is missing".to_owned().into()),
        Err(ParseError::Unfinished(_)) => return Err(ValueError::Unfinished),
        Err(error) => return Err(error.to_string().into()),
    };
    if line.command.is_for_scripts() || line.command == Command::Quit {
        return Err("test, defer, include and quit cannot be deferred".to_owned().into());
    }
    Ok(ArgumentValue::Deferred(Box::new(Deferred { text: text.to_owned(), line })))
}

fn fill(
    spec: &'static Spec,
    reader: &mut Reader<'_>,
    arguments: &mut ParsedArguments,
) -> Result<(), ValueError> {
    let mut positionals = Positionals::new(spec);
    loop {
        let rest = reader.rest();
        if rest.is_empty() {
            break;
        } else if rest.starts_with("--") && !positionals.takes_the_rest() {
            let (word, has_value) = reader.flag();
            let flag = read_flag(spec, word)?;
            if arguments.flags.iter().any(|(name, _)| *name == flag.name) {
                return Err(format!("{} is given twice", flag.name).into());
            }
            let value = match flag.value {
                None if has_value => return Err(format!("{} takes no value", flag.name).into()),
                None => None,
                Some((_, shape)) => {
                    let begin = reader.position();
                    let next = reader.rest();
                    let is_missing =
                        if has_value { reader.position() > begin } else { next.starts_with("--") };
                    if next.is_empty() || is_missing {
                        return Err(format!("{} needs a value", flag.name).into());
                    }
                    Some(read(shape, flag.name, reader)?)
                }
            };
            arguments.flags.push((flag.name, value));
        } else if let Some(argument) = positionals.next() {
            let value = match argument.shape {
                Shape::Command => deferred(reader)?,
                shape => read(shape, argument.name, reader)?,
            };
            arguments.positionals.push_back(value);
        } else {
            let extra = escape::excerpt(reader.word(), 40);
            let note = match arguments.positionals.back() {
                _ if extra.starts_with('#') => " (a comment needs a line of its own)".to_owned(),
                Some(ArgumentValue::Document(JobDocument::File(path))) => {
                    let path = escape::excerpt(&path.display().to_string(), 80);
                    format!(" (a name with spaces goes into quotes: \"file://{path} {extra}\")")
                }
                _ => String::new(),
            };
            return Err(format!("extra argument \"{extra}\"{note}").into());
        }
    }
    match positionals.remaining().iter().find(|argument| argument.count == Count::One) {
        Some(missing) => Err(format!("{} is missing", missing.name).into()),
        None => Ok(()),
    }
}

fn read_flag(spec: &'static Spec, word: &str) -> Result<&'static Flag, String> {
    spec.flags.iter().find(|flag| flag.name == word).ok_or_else(|| {
        let word_shown = escape::excerpt(word, 40);
        match nearest(word, spec.flags.iter().map(|flag| flag.name)) {
            Some(near) => format!("unknown option \"{word_shown}\", did you mean {near}?"),
            None => format!("unknown option \"{word_shown}\""),
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::time::Duration;

    use super::*;
    use crate::app::command::table::commands;
    use crate::client::sandbox::Advance;
    use crate::wire::model::{JobExecutionStatus, JobId, JobRef, UpdateJobExecutionRequest};

    fn command(text: &str) -> Command {
        match parse(text) {
            Ok(Some(Line { negated: false, command, until: None, .. })) => command,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn error(text: &str) -> String {
        parse(text).unwrap_err().with_usage()
    }

    #[test]
    fn the_samples_commands_letter_for_letter() {
        let job = || "Job1".parse::<JobId>().unwrap();
        assert_eq!(
            command(r#"create-job Job1 {"ToDo":"Delete Root User"}"#),
            Command::CreateJob {
                job: job(),
                document: JobDocument::Json(r#"{"ToDo":"Delete Root User"}"#.into()),
                description: None,
                timeout_minutes: None,
                retries: None,
                substitute: false,
            }
        );
        assert_eq!(command("delete-job Job1"), Command::DeleteJob { job: job(), force: false });
        assert_eq!(command("get-pending-job-executions"), Command::GetPendingJobExecutions { table: false });
        assert!(matches!(
            command("start-next-pending-job-execution"),
            Command::StartNextPendingJobExecution(_)
        ));
        assert!(matches!(
            command("describe-job-execution $next"),
            Command::DescribeJobExecution(JobRef::Next, _)
        ));
        assert_eq!(
            command("update-job-execution Job1 CANCELED"),
            Command::UpdateJobExecution(job(), UpdateJobExecutionRequest::new(JobExecutionStatus::Canceled))
        );
        assert_eq!(command("help"), Command::Help(None));
        assert_eq!(command("quit"), Command::Quit);
    }

    #[test]
    fn spaces_line_ends_and_comments_do_not_matter() {
        assert_eq!(command("  quit \t \r"), Command::Quit);
        assert_eq!(command("delete-job\t  J   --force\r\n"), command("delete-job --force J"));
        for nothing in ["", "   ", "# comment", "  # quit", "\r\n"] {
            assert_eq!(parse(nothing), Ok(None), "{nothing:?}");
        }
    }

    #[test]
    fn json_is_kept_byte_for_byte_between_other_arguments() {
        let text =
            "create-job J {\"n\" :  1.50,\r\n \"s\": \"a  \\u00e9\"} --description \"two words\" --retries 2";
        let Command::CreateJob { document: JobDocument::Json(json), description, retries, .. } =
            command(text)
        else {
            panic!("{text}")
        };
        assert_eq!(json, "{\"n\" :  1.50,\r\n \"s\": \"a  \\u00e9\"}");
        assert_eq!((description.as_deref(), retries), (Some("two words"), Some(2)));
        assert!(matches!(
            command("create-job J file://doc.json"),
            Command::CreateJob { document: JobDocument::File(path), .. } if path.as_os_str() == "doc.json"
        ));
    }

    #[test]
    fn options_carry_the_cli_names() {
        let Command::UpdateJobExecution(_, request) = command(
            "update-job-execution J IN_PROGRESS --status-details {\"a\":\"b\"} --expected-version 0 \
             --execution-number 2 --step-timeout-in-minutes -1 --include-job-execution-state --include-job-document",
        ) else {
            panic!()
        };
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"status":"IN_PROGRESS","statusDetails":{"a":"b"},"expectedVersion":0,"executionNumber":2,"includeJobExecutionState":true,"includeJobDocument":true,"stepTimeoutInMinutes":-1}"#
        );
        assert_eq!(
            command("list-jobs --table --status COMPLETED"),
            Command::ListJobs { status: Some("COMPLETED"), table: true }
        );
        assert_eq!(command("clock +1h30m"), Command::Clock(Some(Advance::By(Duration::from_mins(90)))));
        assert_eq!(command("clock next"), Command::Clock(Some(Advance::NextTimer)));
        assert_eq!(command("trace off"), Command::Trace(false));
    }

    #[test]
    fn an_error_says_what_is_wrong_and_how_it_goes() {
        for (text, expected) in [
            (
                "creat-job J {}",
                "unknown command \"creat-job\": did you mean create-job? (help lists the commands)",
            ),
            ("q", "unknown command \"q\": did you mean quit? (help lists the commands)"),
            ("\u{1b}[2J", "unknown command \"\\u{1b}[2J\": help lists the commands"),
            ("delete-job", "delete-job: <jobId> is missing; usage: delete-job <jobId> [--force]"),
            (
                "delete-job a/b",
                "delete-job: a job id must be 1 to 64 characters of [a-zA-Z0-9_-], not \"a/b\"; usage: delete-job <jobId> [--force]",
            ),
            ("delete-job J K", "delete-job: extra argument \"K\"; usage: delete-job <jobId> [--force]"),
            ("quit # really", "quit: extra argument \"#\" (a comment needs a line of its own); usage: quit"),
            (
                "delete-job J --forec",
                "delete-job: unknown option \"--forec\", did you mean --force?; usage: delete-job <jobId> [--force]",
            ),
            (
                "delete-job J --force --force",
                "delete-job: --force is given twice; usage: delete-job <jobId> [--force]",
            ),
            (
                "list-jobs --status",
                "list-jobs: --status needs a value; usage: list-jobs [--status <status>] [--table] [--until <path=value ... | refused>] [--within <duration>]",
            ),
            (
                "describe-job-execution $nxt",
                "describe-job-execution: a job id must be 1 to 64 characters of [a-zA-Z0-9_-], or $next, not \"$nxt\"; usage: describe-job-execution <jobId> [--execution-number <n>] [--no-include-job-document] [--control-plane] [--until <path=value ... | refused>] [--within <duration>]",
            ),
            ("! quit", "! goes before expect, or before a command that the service can refuse"),
            ("!", "! goes before expect, or before a command that the service can refuse"),
            (
                "clock 10m",
                "clock: the clock only goes forward, such as +10m, not \"10m\"; usage: clock [<+duration | next>]",
            ),
            (
                "clock +ten",
                "clock: \"ten\" is no duration such as 500ms, 5s, 10m or 2h; usage: clock [<+duration | next>]",
            ),
            (
                "help creat-job",
                "help: there is no command \"creat-job\", did you mean create-job?; usage: help [<command>]",
            ),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
        assert!(error("update-job-execution J succeeded").contains(
            "\"succeeded\" is none of SUCCEEDED, IN_PROGRESS, FAILED, CANCELED, REJECTED, did you mean SUCCEEDED?"
        ));
        assert!(error("create-job J hello").contains(
            "the job document is not JSON: a string needs double quotes: \"hello\" (a file is named file://path)"
        ));
        assert_eq!(command("exit"), Command::Quit);
    }

    #[test]
    fn unfinished_json_is_not_an_error_yet() {
        for text in [
            "create-job J {",
            "create-job J [1,\n2,",
            "update-job-execution J FAILED --status-details {\"a\":",
            "expect CreateJobResponse a={",
        ] {
            assert!(matches!(parse(text), Err(ParseError::Unfinished(_))), "{text}");
        }
        for text in ["create-job J", "create-job J {\"a\": \"open", "create-job J }"] {
            assert!(matches!(parse(text), Err(ParseError::Arguments { .. })), "{text}");
        }
        assert_eq!(
            error("create-job J {"),
            "create-job: the JSON is not finished; usage: create-job <jobId> <jobDocument-as-JSON> [--description <text>] [--timeout-minutes <n>] [--retries <n>] [--substitute]"
        );
    }

    #[test]
    fn expect_names_titles_that_exist() {
        let Command::Expect(expectation) = command(
            "expect JobExecutionsChangedEvent jobs.QUEUED[0].jobId=Job1 --within 5s jobs.IN_PROGRESS=absent",
        ) else {
            panic!()
        };
        assert_eq!(
            expectation.to_string(),
            "JobExecutionsChangedEvent jobs.QUEUED[0].jobId=\"Job1\" jobs.IN_PROGRESS=absent"
        );
        assert_eq!(expectation.within, Some(Duration::from_secs(5)));
        assert!(matches!(
            parse("! expect NextJobExecutionChangedEvent"),
            Ok(Some(Line { negated: true, .. }))
        ));
        assert!(error("expect JobExecutionChangedEvent").contains("did you mean JobExecutionsChangedEvent?"));
    }

    #[test]
    fn a_command_holds_at_most_a_mebibyte() {
        let fits = format!("create-job J \"{}\"", "x".repeat(MAX_COMMAND_BYTES - 15));
        assert_eq!(fits.len(), MAX_COMMAND_BYTES);
        assert!(parse(&fits).is_ok());
        assert_eq!(parse(&format!("{fits} ")), Err(ParseError::TooLong));
    }

    #[test]
    fn every_command_of_the_table_is_built_from_what_the_table_declares() {
        let sample = |shape: Shape| match shape {
            Shape::Job | Shape::NewJob | Shape::JobOrNext | Shape::Text => "J",
            Shape::Document | Shape::Details | Shape::EventConfigurations | Shape::Payload => "{}",
            Shape::Filter | Shape::Topic | Shape::Thing => "t",
            Shape::Suggested(words) => words[words.len() - 1],
            Shape::OneOf(words) => words[0],
            Shape::Number(..) | Shape::StepTimeout => "1",
            Shape::Duration => "5s",
            Shape::Advance => "+5s",
            Shape::Title => "CreateJobResponse",
            Shape::Predicate => "a=1",
            Shape::HelpTopic | Shape::Command => "help",
            Shape::NewName | Shape::Path | Shape::RestOfLine | Shape::RestOrJson => "a",
            Shape::Goal => "a=1 b=2",
        };
        for spec in commands() {
            let mut words = vec![spec.name];
            words.extend(spec.arguments.iter().map(|argument| sample(argument.shape)));
            // They exclude others, and are tested by themselves.
            let alone = |flag: &Flag| flag.name == "--control-plane" || spec.name == "fault";
            for flag in spec.flags.iter().filter(|flag| !alone(flag)) {
                words.push(flag.name);
                words.extend(flag.value.map(|(_, shape)| sample(shape)));
            }
            let text = words.join(" ");
            assert!(parse(&text).is_ok(), "{text}");
            let Ok(Some(line)) = parse(spec.example) else { panic!("{}", spec.example) };
            let operation = line.command.operation();
            assert!(operation.is_none_or(|operation| spec.operations.contains(&operation)), "{operation:?}");
            assert_eq!(operation.is_none(), spec.operations.is_empty(), "{}", spec.name);
        }
    }

    proptest! {
        #[test]
        fn a_document_comes_through_unchanged(
            members in prop::collection::btree_map("[ -~é]{0,8}", "[ -~é]{0,8}", 0..6),
            spaces in "[ \t]{1,4}",
        ) {
            let json = serde_json::to_string_pretty(&members).unwrap();
            let text = format!("create-job{spaces}J{spaces}{json}{spaces}");
            match command(&text) {
                Command::CreateJob { document: JobDocument::Json(kept), .. } => prop_assert_eq!(kept, json),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
