//! What an operator sees: a question before something reaches several things, and a job that is watched.

use super::key;
use super::screen::{Setup, Terminal, last_line};
use crate::support::Serve;
use crate::support::mosquitto::Mosquitto;

/// A broker that is none of ours, so that the session believes itself on AWS.
#[test]
fn on_aws_what_reaches_several_things_is_asked_first_and_a_job_is_watched() {
    let Some(mosquitto) = Mosquitto::start() else { return };
    let (service, control_plane) = (mosquitto.service(), Serve::start());
    let sandbox = mosquitto.client(&control_plane.url());
    let command = sandbox.command();
    let args: Vec<&str> = command.get_args().map(|arg| arg.to_str().unwrap()).collect();
    let env =
        [("JOBS_SANDBOX_THING", "MyThing"), ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];
    let setup = Setup { args: &args, env: &env, rows: 24, ..Setup::default() };
    let mut terminal = Terminal::launch(sandbox.home(), &setup);
    let request = service.request();
    service.publish("get/accepted", request.list(&[]));
    terminal.wait_for("the first prompt", |screen| last_line(screen) == "MyThing (0 pending)>");
    terminal.command("create-thing Pump2");

    let create = "create-job Both {} --targets MyThing,Pump2\r";
    let question = "CreateJob reaches 2 things on AWS; go on? [y/N]";
    terminal.press(create);
    terminal.wait_for("the question", |screen| last_line(screen) == question);
    terminal.press("n\r");
    terminal.wait_for("that nothing was done", |screen| screen.contains("nothing was done"));
    terminal.press(create);
    terminal.wait_for("the question", |screen| last_line(screen) == question);
    terminal.press("y\r");
    terminal.wait_for("the answer", |screen| screen.contains("─── CreateJobResponse ───"));

    // Both are known from the answers that came: Tab completes the job.
    terminal.press("watch-job Bo");
    terminal.press(key::TAB);
    terminal.press("\r");
    let screen = terminal.wait_for("the picture", |screen| screen.contains("asks AWS every 5 s"));
    for line in ["Both  IN_PROGRESS", "]  0 of 2 things done", "things      2 QUEUED", "executions  2 QUEUED"]
    {
        assert!(screen.lines().any(|shown| shown.contains(line)), "{line} in {screen}");
    }
    terminal.press(key::CTRL_C);
    let screen = terminal.wait_for("the prompt", |screen| {
        screen.contains("stopped watching; the job goes on") && last_line(screen) == "MyThing (0 pending)>"
    });
    assert!(screen.contains("things      2 QUEUED"), "its last state stays: {screen}");
}
