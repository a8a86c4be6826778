use proptest::prelude::*;

use std::time::Duration;

use super::*;
use crate::app::command::Member;
use crate::app::command::table::commands;
use crate::client::control_plane::Operation;
use crate::client::sandbox::Advance;
use crate::wire::model::{JobExecutionStatus, JobId, JobRef, UpdateJobExecutionRequest};

fn command(text: &str) -> Command {
    match parse(text) {
        Ok(Some(Line { negated: false, command, until: None, .. })) => command,
        other => panic!("{text}: {other:?}"),
    }
}

/// The operation that a command calls, and what it is given.
fn call(text: &str) -> (Operation, Vec<(String, Member)>) {
    match command(text) {
        Command::Call(call) => (call.operation, call.members),
        other => panic!("{text}: {other:?}"),
    }
}

fn json(json: &str) -> Member {
    Member::Json(json.to_owned())
}

fn error(text: &str) -> String {
    parse(text).unwrap_err().with_usage()
}

#[test]
fn the_samples_commands_letter_for_letter() {
    let job = || "Job1".parse::<JobId>().unwrap();
    let document = Member::Document(JobDocument::Json(r#"{"ToDo":"Delete Root User"}"#.into()));
    let members = vec![("jobId".to_owned(), json("\"Job1\"")), ("document".to_owned(), document)];
    let create = r#"create-job Job1 {"ToDo":"Delete Root User"}"#;
    assert_eq!(call(create), (Operation::CreateJob, members.clone()));
    assert_eq!(call("delete-job Job1"), (Operation::DeleteJob, members[..1].to_vec()));
    assert_eq!(command("get-pending-job-executions"), Command::GetPendingJobExecutions { table: false });
    assert!(matches!(command("start-next-pending-job-execution"), Command::StartNextPendingJobExecution(_)));
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
    let (_, members) = call(text);
    let document = "{\"n\" :  1.50,\r\n \"s\": \"a  \\u00e9\"}".to_owned();
    let retries = r#"{"criteriaList":[{"failureType":"ALL","numberOfRetries":2}]}"#;
    assert_eq!(
        members[1..],
        [
            ("document".to_owned(), Member::Document(JobDocument::Json(document))),
            ("description".to_owned(), json("\"two words\"")),
            ("jobExecutionsRetryConfig".to_owned(), json(retries)),
        ]
    );
    let (_, members) = call("create-job J file://doc.json");
    assert_eq!(members[1].1, Member::Document(JobDocument::File("doc.json".into())));
}

/// Each option, with AWS's name for what it is.
#[test]
fn every_option_is_a_member_of_the_request() {
    for (text, operation, expected) in [
        (
            "list-jobs --table --status COMPLETED --target-selection SNAPSHOT --thing-group-name G",
            Operation::ListJobs,
            r#"status="COMPLETED" targetSelection="SNAPSHOT" thingGroupName="G""#,
        ),
        (
            "cancel-job-execution J --thing-name T --force --expected-version 2 --status-details {\"a\":\"b\"}",
            Operation::CancelJobExecution,
            r#"jobId="J" thingName="T" force=true expectedVersion=2 statusDetails={"a":"b"}"#,
        ),
        (
            "delete-job-execution J --execution-number 1",
            Operation::DeleteJobExecution,
            r#"jobId="J" executionNumber=1"#,
        ),
        ("list-job-executions --status FAILED", Operation::ListJobExecutionsForThing, r#"status="FAILED""#),
        ("list-job-executions J", Operation::ListJobExecutionsForJob, r#"jobId="J""#),
        (
            "describe-job J --before-substitution",
            Operation::DescribeJob,
            r#"jobId="J" beforeSubstitution=true"#,
        ),
        (
            "create-job J --job-template-arn arn:t --targets A,thinggroup/B --tags [{\"Key\":\"k\"}]",
            Operation::CreateJob,
            r#"jobId="J" jobTemplateArn="arn:t" targets=A,thinggroup/B tags=[{"Key":"k"}]"#,
        ),
        (
            "associate-targets-with-job J --targets G --comment \"two words\"",
            Operation::AssociateTargetsWithJob,
            r#"jobId="J" targets=G comment="two words""#,
        ),
        (
            "create-job-template R {} --description d --maintenance-windows [ ]",
            Operation::CreateJobTemplate,
            r#"jobTemplateId="R" document={} description="d" maintenanceWindows=[ ]"#,
        ),
        (
            "update-thing T --attribute-payload {\"attributes\":{}} --remove-thing-type",
            Operation::UpdateThing,
            r#"thingName="T" attributePayload={"attributes":{}} removeThingType=true"#,
        ),
        (
            "list-thing-groups --recursive --parent-group G",
            Operation::ListThingGroups,
            r#"recursive=true parentGroup="G""#,
        ),
        (
            "update-job J --abort-config file://a.json",
            Operation::UpdateJob,
            r#"jobId="J" abortConfig=a.json"#,
        ),
    ] {
        let (called, members) = call(text);
        let shown = members.iter().map(|(name, member)| match member {
            Member::Json(json) | Member::Document(JobDocument::Json(json)) => format!("{name}={json}"),
            Member::Document(JobDocument::File(path)) => format!("{name}={}", path.display()),
            Member::Targets(targets) => format!("{name}={}", targets.join(",")),
        });
        assert_eq!((called, shown.collect::<Vec<_>>().join(" ").as_str()), (operation, expected), "{text}");
    }
}

#[test]
fn what_does_not_fit_is_told_before_anything_is_sent() {
    for (text, expected) in [
        ("create-job J --targets A", "create-job: <jobDocument-as-JSON> is missing"),
        (
            "create-job J {} --targets \"\"",
            "create-job: --targets is empty: name things or thing groups, as in --targets Pumps,MyThing",
        ),
        (
            "create-job J {} --targets A,,B",
            "create-job: --targets needs names with one comma between two, not \"A,,B\"",
        ),
        ("create-job J {} --abort-config no", "create-job: --abort-config is not JSON: "),
        (
            "create-job J {} --abort-config a.json",
            "create-job: --abort-config is not JSON: a file is named file://a.json",
        ),
        ("create-job J {} --tags file://", "create-job: file:// needs a path"),
        ("create-job J {} --tags", "create-job: --tags needs a value"),
        (
            "create-job J {} --abort-confg {}",
            "create-job: unknown option \"--abort-confg\", did you mean --abort-config?",
        ),
        (
            "create-job J {} --retries 1 --job-executions-retry-config {}",
            "create-job: --retries is short for --job-executions-retry-config: give one of them",
        ),
        (
            "create-job J --substitute --job-template-arn a",
            "create-job: --substitute is for a document, and there is none",
        ),
        ("associate-targets-with-job J", "associate-targets-with-job: --targets is missing"),
        ("delete-job-execution J", "delete-job-execution: --execution-number is missing"),
        ("create-job-template R {}", "create-job-template: --description is missing"),
        (
            "create-job-template a.b {}",
            "create-job-template: a job template id must be 1 to 64 characters of",
        ),
        ("create-thing a/b", "create-thing: a thing name must be 1 to 128 characters of"),
        ("delete-thing-group a/b", "delete-thing-group: a thing group name must be 1 to 128 characters of"),
        ("create-thig T", "unknown command \"create-thig\": did you mean create-thing?"),
        (
            "update-thing-group G",
            "update-thing-group is not a command here: to call it, aws iot update-thing-group",
        ),
    ] {
        assert!(error(text).starts_with(expected), "{}", error(text));
    }
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
    assert!(command("list-jobs --table").as_table() && !command("list-jobs").as_table());
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
            "list-jobs: --status needs a value; usage: list-jobs [--status <status>] [--target-selection <selection>] [--thing-group-name <thingGroupName>] [--thing-group-id <id>] [--namespace-id <id>] [--table] [--until <path=value ... | refused>] [--within <duration>]",
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
        "create-job: the JSON is not finished; usage: create-job <jobId> <jobDocument-as-JSON> [options] (help create-job lists them)"
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
    assert!(matches!(parse("! expect NextJobExecutionChangedEvent"), Ok(Some(Line { negated: true, .. }))));
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
        Shape::Named(_) | Shape::NewNamed(_) | Shape::Targets => "N",
        Shape::Document | Shape::Json | Shape::Details | Shape::EventConfigurations | Shape::Payload => "{}",
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
        let others = ["--control-plane", "--timeout-minutes", "--retries"];
        let alone = |flag: &Flag| others.contains(&flag.name) || spec.name == "fault";
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
            Command::Call(call) => {
                let document = Member::Document(JobDocument::Json(json));
                prop_assert_eq!(call.member("document"), Some(&document));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
