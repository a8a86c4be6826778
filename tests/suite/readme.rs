//! The README, run: its transcripts, its set-up on AWS (against `serve`), its CI job. What it tells people to type
//! works as it stands.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::support::{Finished, Process, Sandbox, Serve, pattern, peers};

/// A fenced block: the word after the fence, the heading above, and its text.
#[derive(Debug)]
struct Block {
    language: String,
    heading: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn blocks() -> Vec<Block> {
    blocks_of("README.md")
}

fn blocks_of(page: &str) -> Vec<Block> {
    let readme = fs::read_to_string(root().join(page)).unwrap();
    let (mut blocks, mut heading, mut inside) = (Vec::<Block>::new(), String::new(), false);
    for line in readme.lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                blocks.push(Block {
                    language: language.into(),
                    heading: heading.clone(),
                    text: String::new(),
                });
            }
        } else if inside {
            let block = blocks.last_mut().unwrap();
            block.text.push_str(line);
            block.text.push('\n');
        } else if let Some(words) = line.strip_prefix('#') {
            words.trim_start_matches('#').trim().clone_into(&mut heading);
        }
    }
    blocks
}

/// The blocks of one language under one heading, in order.
#[track_caller]
fn under(heading: &str, language: &str) -> String {
    under_in("README.md", heading, language)
}

/// The same in another page.
#[track_caller]
fn under_in(page: &str, heading: &str, language: &str) -> String {
    let blocks =
        blocks_of(page).into_iter().filter(|block| block.heading == heading && block.language == language);
    let texts: Vec<String> = blocks.map(|block| block.text).collect();
    assert!(!texts.is_empty(), "no {language} block under {heading:?} in {page}");
    texts.concat()
}

/// A folder like a checkout after the build: the policies and the example scripts, and on the path
/// `jobs-sandbox`, the AWS CLI, and a `cargo` that knows how to run the program that is built already.
struct Checkout {
    dir: TempDir,
}

impl Checkout {
    fn new() -> Self {
        let checkout = Self { dir: tempfile::tempdir().unwrap() };
        let bin = checkout.path("bin");
        fs::create_dir(&bin).unwrap();
        symlink(env!("CARGO_BIN_EXE_jobs-sandbox"), bin.join("jobs-sandbox")).unwrap();
        let cargo = bin.join("cargo");
        fs::write(
            &cargo,
            "#!/bin/sh\n[ \"$1 $2\" = 'run --release' ] || exit 99\nshift 2\n[ \"$1\" != -- ] || shift\nexec jobs-sandbox \"$@\"\n",
        )
        .unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["policies", "tests"] {
            symlink(root().join(name), checkout.path(name)).unwrap();
        }
        checkout
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs lines of a README block in one shell that stops at the first failure.
    #[track_caller]
    fn run(&self, script: &str, environment: &[(&str, &str)]) -> Finished {
        let finished = self.spawn(script, environment).finish();
        assert!(finished.status.success(), "{}\n{}{}", finished.status, finished.stdout, finished.stderr);
        finished
    }

    fn spawn(&self, script: &str, environment: &[(&str, &str)]) -> Process {
        let python = peers::interpreter();
        let tools = Path::new(&python).parent().unwrap_or(Path::new("")).to_owned();
        let path = std::env::join_paths(
            [self.path("bin"), tools]
                .into_iter()
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", path.unwrap())
            .env("HOME", self.dir.path())
            .env("LANG", "C.UTF-8")
            .envs(environment.iter().copied());
        Process::spawn(&mut command)
    }

    /// The local service as the README starts it, but on free ports.
    fn serve(&self) -> Process {
        self.serve_with(&[])
    }

    /// The same with further arguments.
    fn serve_with(&self, further: &[&str]) -> Process {
        let blocks = under("The local service", "sh");
        let serve = blocks.lines().next().unwrap().replace("8883", "0").replace("9443", "0");
        let arguments = serve.strip_prefix("jobs-sandbox ").unwrap().split(' ');
        let mut command = Command::new(env!("CARGO_BIN_EXE_jobs-sandbox"));
        let mut service = Process::spawn(command.args(arguments).args(further).current_dir(self.dir.path()));
        assert!(service.stdout_line().starts_with("ready mqtt="));
        service
    }
}

/// Every block is of a kind that some test here runs.
#[test]
fn no_block_goes_untested() {
    let kinds: BTreeSet<String> =
        blocks().into_iter().map(|block| format!("{}: {}", block.heading, block.language)).collect();
    let tested = [
        "jobs-sandbox: console",
        "Try it: sh",
        "On AWS: sh",
        "Cleaning up: sh",
        "Commands: sh",
        "Scripts: jobs",
        "Scripts: python",
        "Scripts: yaml",
        "The local service: sh",
        "The local service: python",
        "A device over HTTPS: sh",
        "A back end that follows jobs: sh",
        "A back end that follows jobs: python",
        "A device that downloads: sh",
        "A device that downloads: python",
        "From a shell script to a device: sh",
        "What does your device do when …: jobs",
        "Will this abort rule save my fleet?: console",
        "In a container: yaml",
        "Policies: sh",
    ];
    assert_eq!(kinds, tested.map(str::to_owned).into());
}

/// `$ ` before the command, what it prints below. Ids and times differ from run to run.
#[test]
fn the_transcript_at_the_top_is_real() {
    let transcript = under("jobs-sandbox", "console");
    let (command, printed) = transcript.split_once('\n').unwrap();
    let finished = Checkout::new().run(command.strip_prefix("$ ").unwrap(), &[]);
    pattern::assert_matches(command, &pattern::elide(printed), pattern::elide(&finished.stdout).trim_end());
}

/// The same fleet at every time and everywhere.
#[test]
fn the_rehearsal_goes_as_the_readme_shows() {
    let transcript = under("Will this abort rule save my fleet?", "console");
    let (command, printed) = transcript.split_once("]}'\n").unwrap();
    let finished = Checkout::new().run(&format!("{}]}}'", command.strip_prefix("$ ").unwrap()), &[]);
    assert_eq!(finished.stdout, printed);
}

/// The commands are those that CI runs, and the first of them starts a session.
#[test]
fn the_two_commands_run_and_test() {
    let block = under("Try it", "sh");
    let commands: Vec<&str> = block.lines().map(|line| line.split('#').next().unwrap().trim_end()).collect();
    assert_eq!(commands, ["cargo run --release", "cargo test"]);
    Checkout::new().run(commands[0], &[]);
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(ci.lines().any(|line| line.starts_with(&format!("step {}", commands[1]))), "{ci}");
}

/// How a shell finds `serve` in the place of AWS.
fn as_aws(serve: &Serve) -> [(&'static str, String); 5] {
    [
        ("AWS_ENDPOINT_URL", serve.url()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ("JOBS_SANDBOX_PORT", serve.mqtt.port().to_string()),
        ("JOBS_SANDBOX_CA_FILE", serve.file("ca.pem").display().to_string()),
    ]
}

/// The set-up on AWS and the clean-up after it, with our commands and with the AWS CLI pointed at `serve`.
#[test]
fn the_set_up_on_aws_works_and_is_undone() {
    let (checkout, serve) = (Checkout::new(), Serve::with(&["--thing", "SomeoneElses"]));
    let environment = as_aws(&serve);
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let script = under("On AWS", "sh") + &under("Cleaning up", "sh");
    let finished = checkout.run(&script, &environment);
    assert!(finished.stdout.contains("\nCreateThing thingName=MyThing\n"), "{}", finished.stdout);
    assert!(!checkout.path("device").exists());

    let Some(_) = peers::python("awscli") else { return };
    let page = |heading| under_in(".github/docs/aws.md", heading, "sh");
    let finished = checkout.run(&(page("By hand") + &page("Cleaning up")), &environment);
    assert!(finished.stderr.contains("created thing arn:aws:iot:"), "{}", finished.stderr);

    let left = "export AWS_DEFAULT_REGION=us-east-1
        aws iot list-things --query 'things[].thingName' --output text
        aws iot list-certificates --query 'length(certificates)'
        aws iot list-policies --query 'length(policies)'
        aws iot list-jobs --query 'length(jobs)'";
    let left = checkout.run(left, &environment);
    assert_eq!(left.stdout.split_whitespace().collect::<Vec<_>>(), ["SomeoneElses", "1", "1", "0"]);
}

#[test]
fn the_policy_that_is_printed_passes_the_check() {
    let checked = Checkout::new().run(&under("Policies", "sh"), &[]);
    assert!(checked.stdout.starts_with("allowed  iot:Connect    client/pump-7\n"), "{}", checked.stdout);
}

/// The walkthrough as the README runs it on AWS, on a thing that has a job of somebody else.
#[test]
fn the_walkthrough_leaves_other_jobs_alone() {
    let (checkout, serve) = (Checkout::new(), Serve::start());
    serve.client().args(["-c", "create-job Theirs {}"]).run();
    let sessions = under("On AWS", "sh");
    let (provision, _) = sessions.split_once('\n').unwrap();
    let (_, walkthrough) = sessions.rsplit_once("\njobs-sandbox ").unwrap();
    let environment = as_aws(&serve);
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let script = format!("{provision}\njobs-sandbox {} || echo \"ended with $?\"", walkthrough.trim_end());
    let finished = checkout.run(&script, &environment);
    assert!(finished.stdout.ends_with("\nended with 1\n"), "{}", finished.stdout);
    assert!(finished.stderr.contains("walkthrough.jobs:4: awaited Get"), "{}", finished.stderr);
    let pending =
        "describe-job-execution Theirs\nexpect DescribeJobExecutionResponse execution.status=QUEUED";
    serve.client().script(pending).run();
}

#[test]
fn the_shell_completes_the_program_s_options() {
    let finished = Checkout::new().run(&(under("Commands", "sh") + "complete -p jobs-sandbox"), &[]);
    assert!(finished.stdout.contains(" -F _jobs__sandbox jobs-sandbox"), "{}", finished.stdout);
}

#[test]
fn the_scripts_pass() {
    let pages = ["README.md", ".github/docs/scripts.md"];
    let scripts = pages.into_iter().flat_map(blocks_of).filter(|block| block.language == "jobs");
    // That one is run with its device.
    for script in scripts.filter(|script| !script.text.starts_with(SMOKE)) {
        let creates_things = script.text.contains("\nthing ");
        let sandbox = Sandbox::new().file("smoke.jobs", script.text).args(["-f", "smoke.jobs"]);
        // Which is told.
        if creates_things { sandbox.stderr_any() } else { sandbox }.run();
    }
}

#[test]
fn a_program_waits_for_each_answer() {
    let Some(python) = peers::python("json") else { return };
    let checkout = Checkout::new();
    fs::write(checkout.path("program.py"), under("Scripts", "python")).unwrap();
    let finished = checkout.run(&format!("{} program.py", python.display()), &[]);
    let arn = "arn:aws:iot:us-east-1:123456789012:job/Job1";
    assert_eq!(finished.stdout, format!("{arn}\n{{'ToDo': 'Reboot'}}\n"));
}

/// The first line of the script that the CI job runs.
const SMOKE: &str = "# smoke.jobs\n";

/// The step of the CI job that runs our program with a device; the others fetch and keep files.
#[test]
fn the_ci_job_passes() {
    let Some(_) = peers::python("paho.mqtt.client") else { return };
    let job = under("Scripts", "yaml");
    let steps = job.lines().filter_map(|line| line.trim().strip_prefix("- run: "));
    let ours: Vec<&str> = steps.filter(|step| step.starts_with("jobs-sandbox ")).collect();
    let [step] = ours[..] else { panic!("{job}") };
    let checkout = Checkout::new();
    let script = blocks().into_iter().find(|block| block.text.starts_with(SMOKE)).unwrap();
    fs::write(checkout.path("smoke.jobs"), script.text).unwrap();
    symlink(root().join("tests/python/device.py"), checkout.path("device.py")).unwrap();
    let finished = checkout.run(step, &[]);
    assert!(finished.stderr.contains("device| Reboot: reboot\n"), "{}", finished.stderr);
    let report = fs::read_to_string(checkout.path("smoke.xml")).unwrap();
    assert!(report.contains("failures=\"0\""), "{report}");
}

/// `serve`, and what is typed in the other terminal.
#[test]
fn the_local_service_answers_the_tools_of_aws() {
    let Some(python) = peers::python("awscli") else { return };
    let blocks = under("The local service", "sh");
    let (_, elsewhere) = blocks.split_once('\n').unwrap();
    assert!(elsewhere.starts_with(". service/env\n"), "{elsewhere}");
    let checkout = Checkout::new();
    let mut service = checkout.serve();

    let finished = checkout.run(elsewhere, &[]);
    assert!(finished.stdout.ends_with("\"COMPLETED\"\n"), "{}", finished.stdout);

    let program = under("The local service", "python");
    fs::write(checkout.path("program.py"), program).unwrap();
    let finished = checkout.run(&format!(". service/env; {} program.py", python.display()), &[]);
    assert_eq!(finished.stdout, "{\"ToDo\":\"Report\"}\n");

    service.signal(Signal::SIGTERM);
    assert_eq!(service.finish().status.code(), Some(0));
}

#[test]
fn a_device_starts_a_job_over_https() {
    let Some(_) = peers::program("curl") else { return };
    let checkout = Checkout::new();
    let _service = checkout.serve_with(&["--https-port", "0"]);
    checkout.run(". service/env; jobs-sandbox -c 'create-job Job1 {}'", &[]);
    let finished = checkout.run(&under("A device over HTTPS", "sh"), &[]);
    let started = r#"{"execution":{"jobId":"Job1","thingName":"MyThing","status":"IN_PROGRESS","#;
    assert!(finished.stdout.starts_with(started), "{}", finished.stdout);
}

#[test]
fn a_device_downloads_what_is_left_of_a_file() {
    let Some(python) = peers::python("awscli") else { return };
    let checkout = Checkout::new();
    fs::create_dir(checkout.path("files")).unwrap();
    let _service = checkout.serve_with(&["--files", "files"]);
    checkout.run(&under("A device that downloads", "sh"), &[]);
    let file = fs::read(checkout.path("files/firmware/pump.bin")).unwrap();
    fs::write(checkout.path("pump.part"), &file[..1000]).unwrap();
    fs::write(checkout.path("program.py"), under("A device that downloads", "python")).unwrap();
    let status = "aws iot describe-job --job-id Update --query job.jobProcessDetails.numberOfSucceededThings";
    let finished = checkout.run(&format!(". service/env; {} program.py; {status}", python.display()), &[]);
    assert_eq!(finished.stdout, "1\n");
    assert_eq!(fs::read(checkout.path("pump.part")).unwrap(), file);
}

#[test]
fn a_shell_script_is_a_device() {
    let (checkout, scripts) = (Checkout::new(), blocks());
    let script = scripts.iter().find(|block| block.text.starts_with(SMOKE)).unwrap();
    fs::write(checkout.path("smoke.jobs"), &script.text).unwrap();
    let _service = checkout.serve();
    checkout.run(
        r#". service/env; jobs-sandbox -c 'create-job Job1 {"operation":"reboot"}' -c 'create-job Job2 {}'"#,
        &[],
    );
    let finished = checkout.run(&under("From a shell script to a device", "sh"), &[]);
    for said in [
        "device| Reboot: SUCCEEDED\n",
        "1 expectation, 0 failed\n",
        "\nJob1: SUCCEEDED\n",
        "\nJob2: REJECTED\n",
    ] {
        assert!(finished.stderr.contains(said), "{said}\n{}", finished.stderr);
    }
}

#[test]
fn a_back_end_follows_a_job() {
    let (Some(python), Some(_)) = (peers::python("paho.mqtt.client"), peers::python("awscli")) else {
        return;
    };
    let checkout = Checkout::new();
    let _service = checkout.serve();
    checkout.run(&under("A back end that follows jobs", "sh"), &[]);
    fs::write(checkout.path("program.py"), under("A back end that follows jobs", "python")).unwrap();
    let program = format!(". service/env; exec {} program.py", python.display());
    let mut back_end = checkout.spawn(&program, &[]);
    back_end.stdout_until("listening");
    let commands = ["create-job Job1 {}", "update-job-execution Job1 SUCCEEDED", "delete-job Job1"];
    let commands = commands.map(|command| format!(" -c '{command}'")).concat();
    checkout.run(&format!(". service/env; jobs-sandbox{commands}"), &[]);
    let expected = [
        "$aws/events/jobExecution/Job1/succeeded SUCCEEDED",
        "$aws/events/job/Job1/completed COMPLETED",
        "$aws/events/job/Job1/deletion_in_progress DELETION_IN_PROGRESS",
        "$aws/events/jobExecution/Job1/deleted SUCCEEDED",
        "$aws/events/job/Job1/deleted DELETED",
    ];
    for line in expected {
        assert_eq!(back_end.stdout_line(), line);
    }
}
