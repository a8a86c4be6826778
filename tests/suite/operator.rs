//! What an operator does: every command against the local service, and what moto and MiniStack offer against those; a
//! rollout that is watched from another session.

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::macros::format_description;

use crate::support::ministack::MiniStack;
use crate::support::mosquitto::Mosquitto;
use crate::support::moto::Moto;
use crate::support::{Message, Process, Sandbox, Serve, pattern};

/// Things and groups, jobs, templates.
const EVERYWHERE: &str = r#"
create-thing Pump2 --attribute-payload {"attributes":{"site":"north"}}
describe-thing Pump2
expect DescribeThingResponse attributes.site=north
update-thing Pump2 --attribute-payload {"attributes":{"site":"south"},"merge":true}
describe-thing Pump2
expect DescribeThingResponse attributes.site=south
list-things
expect ListThingsResponse things.length=2
create-thing-group Pumps
add-thing-to-thing-group Pumps
add-thing-to-thing-group Pumps --thing-name Pump2
list-things-in-thing-group Pumps
expect ListThingsInThingGroupResponse things.length=2
list-thing-groups
expect ListThingGroupsResponse thingGroups[0].groupName=Pumps

create-job Plan {"ToDo":"Reboot"} --targets thinggroup/Pumps,MyThing --target-selection CONTINUOUS --dry-run
expect CreateJobRequest jobId=Plan targetSelection=CONTINUOUS targets[0]~:thinggroup/Pumps$ targets[1]~:thing/MyThing$
! describe-job Plan
create-job Rollout file://document.json --targets MyThing,Pump2 --yes --description "for both" --timeout-minutes 5
describe-job Rollout
expect DescribeJobResponse job.targets.length=2 job.description="for both"
get-job-document Rollout
list-jobs --target-selection SNAPSHOT
expect ListJobsResponse jobs[0].jobId=Rollout
list-job-executions Rollout
expect ListJobExecutionsForJobResponse executionSummaries.length=2
list-job-executions --status QUEUED
expect ListJobExecutionsForThingResponse executionSummaries[0].jobId=Rollout
describe-job-execution Rollout --control-plane
cancel-job-execution Rollout --thing-name Pump2

create-job-template Reboot {"ToDo":"Reboot"} --description "Restarts a pump"
describe-job-template Reboot
expect DescribeJobTemplateResponse description="Restarts a pump"
list-job-templates
expect ListJobTemplatesResponse jobTemplates[0].jobTemplateId=Reboot
delete-job-template Reboot

remove-thing-from-thing-group Pumps --thing-name Pump2
delete-thing-group Pumps
"#;

const CANCEL: &str = "cancel-job Rollout --force --reason-code TEST --comment enough\n";

/// What the local service has besides.
const LOCALLY: &str = r#"
delete-job-execution Rollout --thing-name Pump2 --execution-number 1
delete-job Rollout
delete-thing Pump2 --expected-version 2
create-thing-group Pumps --thing-group-properties {"thingGroupDescription":"all"} --tags [{"Key":"k","Value":"v"}]
create-thing-group Small --parent-group-name Pumps
add-thing-to-thing-group Small
list-things-in-thing-group Pumps --recursive
expect ListThingsInThingGroupResponse things[0]=MyThing
list-thing-groups --name-prefix-filter Sm --recursive
expect ListThingGroupsResponse thingGroups.length=1
list-things --attribute-name site --attribute-value north --table
create-job Wide {"ToDo":"Reboot"} --targets Pumps --target-selection CONTINUOUS --job-executions-rollout-config {"maximumPerMinute":10} --abort-config file://abort.json --job-executions-retry-config {"criteriaList":[{"failureType":"FAILED","numberOfRetries":1}]} --timeout-config {"inProgressTimeoutInMinutes":5} --presigned-url-config {"expiresInSec":60} --tags [{"Key":"k","Value":"v"}]
describe-job Wide --before-substitution
expect DescribeJobResponse job.abortConfig.criteriaList[0].action=CANCEL job.jobExecutionsRolloutConfig.maximumPerMinute=10
list-jobs --thing-group-name Pumps
expect ListJobsResponse jobs[0].jobId=Wide
update-job Wide --description slower --job-executions-rollout-config {"maximumPerMinute":5}
associate-targets-with-job Wide --targets Small --comment more
describe-job Wide
expect DescribeJobResponse job.targets.length=2 job.description=slower job.comment=more
! update-job Wide --abort-config {"criteriaList":[{"failureType":"FAILED","action":"CANCEL","thresholdPercentage":1,"minNumberOfExecutedThings":0}]}
delete-job Wide --force

create-job-template Windowed {} --description d --maintenance-windows [{"startTime":"cron(0 0 * * ? *)","durationInMinutes":60}]
create-job-template FromAbove file://document.json --description d
describe-job-template FromAbove
capture TEMPLATE jobTemplateArn
create-job Made --job-template-arn {{TEMPLATE}}
describe-job Made
expect DescribeJobResponse job.jobTemplateArn={{TEMPLATE}}
create-job Windows {} --targets Pumps --target-selection CONTINUOUS --scheduling-config {"startTime":"IN-60-DAYS","maintenanceWindows":[{"startTime":"cron(0 0 * * ? *)","durationInMinutes":60}]}
describe-job Windows
expect DescribeJobResponse job.status=SCHEDULED job.schedulingConfig.maintenanceWindows.length=1
list-managed-job-templates --template-name AWS-Reboot
expect ListManagedJobTemplatesResponse managedJobTemplates.length=1 managedJobTemplates[0].templateName=AWS-Reboot
describe-managed-job-template AWS-Reboot
expect DescribeManagedJobTemplateResponse templateName=AWS-Reboot
create-job Managed --job-template-arn arn:aws:iot:us-east-1::jobtemplate/AWS-Download-File:1.0 --document-parameters {"downloadUrl":"https://example.com/a","filePath":"/tmp/a"}
describe-job Managed
expect DescribeJobResponse job.documentParameters.filePath=/tmp/a
! create-job Lacking --job-template-arn arn:aws:iot:us-east-1::jobtemplate/AWS-Download-File:1.0
! describe-job-template Nothing
! update-thing Nothing --remove-thing-type
! remove-thing-from-thing-group Nothing
! associate-targets-with-job Nothing --targets MyThing
"#;

const ABORT: &str = r#"{"criteriaList":[{"failureType":"FAILED","action":"CANCEL","thresholdPercentage":75,"minNumberOfExecutedThings":4}]}"#;

#[test]
fn every_command_against_the_local_service() {
    let then = OffsetDateTime::now_utc() + time::Duration::days(60);
    let then = then.format(format_description!("[year]-[month]-[day]T[hour]:[minute]")).unwrap();
    let output = Sandbox::json()
        .file("document.json", r#"{"ToDo":"Reboot"}"#)
        .file("abort.json", ABORT)
        .script(format!("{EVERYWHERE}{CANCEL}{LOCALLY}").replace("IN-60-DAYS", &then))
        .stderr_any()
        .run();
    assert!(!output.stderr.contains("stdin:"), "{}", output.stderr);

    let unread = "create-job J {} --abort-config file://nowhere.json\ncreate-job J {} --targets Nothing\n";
    let output = Sandbox::new().script(unread).status(1).stderr_any().run();
    for said in [
        "stdin:1: cannot take --abort-config from nowhere.json: No such file or directory\n",
        "stdin:2: there is neither a thing nor a group called Nothing: create-thing makes a thing\n",
    ] {
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
}

/// What a control plane of others makes of them, and that nothing reaches more than one thing unasked.
#[track_caller]
fn on_a_service_of_others(control_plane: &str, more: &str) {
    let Some(mosquitto) = Mosquitto::start() else { return };
    let _service = mosquitto.service();
    let script = format!(
        "{EVERYWHERE}{more}{CANCEL}create-job Both {{}} --targets MyThing,Pump2\nlist-jobs\nexpect ListJobsResponse jobs.length=1\nwatch-job Rollout\n"
    );
    let sandbox = mosquitto.client(control_plane).arg("--json").file("document.json", r#"{"ToDo":"Reboot"}"#);
    let output = sandbox.script(script).status(1).stderr_any().run();
    let failed: Vec<_> =
        output.stderr.lines().filter_map(|line| line.strip_prefix("stdin:")?.split_once(": ")).collect();
    let failed: Vec<_> = failed.iter().map(|(_, what)| *what).collect();
    assert_eq!(
        failed,
        [
            "CreateJob reaches 2 things on AWS: nothing was done; --yes does it unasked",
            "Rollout is CANCELED, not completed"
        ],
        "{}",
        output.stdout
    );
    assert!(output.stderr.contains("asks AWS every 5 s"), "{}", output.stderr);
}

#[test]
fn what_moto_offers() {
    let Some(moto) = Moto::start() else { return };
    on_a_service_of_others(&moto.url, "");
}

#[test]
fn what_ministack_offers() {
    let Some(ministack) = MiniStack::start() else { return };
    on_a_service_of_others(&ministack.url, "update-job Rollout --description slower --yes\n");
}

/// An operator and three devices in one session, line by line.
struct Driver(Process);

impl Driver {
    #[track_caller]
    fn run(&mut self, command: &str) {
        self.0.send(format!("{command}\n"));
        loop {
            let message = Message::parse(&self.0.stdout_line());
            match message.r#type.as_str() {
                "response" => return,
                "event" => {}
                _ => panic!("{command}: {message:?}"),
            }
        }
    }
}

/// One thing succeeds when it is tried again, another one fails twice, and with it the rollout.
#[test]
fn a_rollout_is_watched_until_it_is_aborted() {
    let serve = Serve::with(&[]);
    let (_operator, process) = serve.client().arg("--json").file("abort.json", ABORT).spawn_kept();
    let mut driver = Driver(process);
    driver.run("create-thing-group Pumps");
    for pump in ["Pump1", "Pump2", "Pump3"] {
        driver.run(&format!("thing {pump}"));
        driver.run("add-thing-to-thing-group Pumps");
    }
    driver.run("create-job Rollout {\"ToDo\":\"Update\"} --targets Pumps --retries 1 --abort-config file://abort.json");

    let watching = serve.client().args(["--thing", "Nobody", "-c", "watch-job Rollout"]);
    let mut watcher = watching.spawn();
    let mut seen = String::new();
    writeln!(seen, "{}", watcher.stdout_line()).unwrap();
    let failed = "update-job-execution Rollout FAILED --status-details {\"why\":\"no power\"}";
    let start = "start-next-pending-job-execution";
    for command in [
        "thing Pump1",
        start,
        failed,
        start,
        "update-job-execution Rollout SUCCEEDED",
        "thing Pump2",
        start,
        failed,
        start,
        failed,
    ] {
        driver.run(command);
        if !command.starts_with("thing ") {
            writeln!(seen, "{}", watcher.stdout_line()).unwrap();
        }
    }
    let finished = watcher.wait();
    assert_eq!(finished.status.code(), Some(1));
    assert!(finished.stderr.contains("-c:1: Rollout is CANCELED, not completed"), "{}", finished.stderr);
    pattern::assert_golden("transcripts/watched-rollout.txt", &seen);
}
