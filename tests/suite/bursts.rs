//! More events at once than anybody can look at, and a reader of the program's output that reads none of it meanwhile.

use std::fs;
use std::process::Command;

use crate::support::broker::Broker;
use crate::support::{DEADLINE, Finished, Message, Process, Serve, open_pipe};

/// What came of a burst.
struct Burst {
    /// Bytes of all payloads.
    sent: usize,
    /// By how much the program's memory grew at most, in bytes; where the system tells.
    grown: Option<usize>,
    finished: Finished,
}

/// Sends so many events, with so many bytes of filling, before the first is read; then lets the reader read.
fn burst(events: usize, filling: usize) -> Burst {
    let control_plane = Serve::start();
    let broker = Broker::start();
    let sandbox = broker.client(&control_plane).arg("--json");
    let program = sandbox.command();
    // The reader waits for the gate: a pipe that the test opens.
    let mut piped = Command::new("bash");
    piped.args(["-c", r#"mkfifo gate && exec "$0" "$@" > >(cat gate; exec cat)"#]);
    piped.arg(program.get_program()).args(program.get_args()).current_dir(sandbox.home());
    piped.envs(program.get_envs().map(|(name, value)| (name, value.unwrap())));
    // A machine that is busy takes its time for so many.
    let mut process = Process::spawn(&mut piped).extended_by(4 * DEADLINE);
    let mut client = broker.accept();
    client.publish_and_wait("notify", &event(0, 0));
    let before = peak_memory(&process);
    let mut sent = 0;
    for number in 1..events {
        let event = event(number, filling);
        sent += event.len();
        // Now and then it is awaited, which answers pings too.
        if number < events - 1 && !number.is_multiple_of(1000) {
            client.publish("notify", &event);
        } else {
            client.publish_and_wait("notify", &event);
        }
    }
    let grown = peak_memory(&process).zip(before).map(|(after, before)| after - before);
    client.stay();
    drop(open_pipe(&sandbox.path("gate")));
    let finished = process.finish();
    Burst { sent, grown, finished }
}

fn event(number: usize, filling: usize) -> Vec<u8> {
    format!(r#"{{"timestamp":{number},"jobs":{{}},"filling":"{}"}}"#, "x".repeat(filling)).into_bytes()
}

/// The most memory that the process ever held, in bytes; only Linux tells.
fn peak_memory(process: &Process) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<usize>().unwrap() * 1024)
}

/// Checks that each event is the next; returns how many there are, and the messages behind them.
#[track_caller]
fn in_order(stdout: &str) -> (usize, Vec<Message>) {
    let is_event = |line: &&str| line.starts_with(r#"{"type":"event","title":"JobExecutionsChangedEvent","#);
    let events = stdout.lines().take_while(is_event).enumerate();
    let shown = events.inspect(|(number, line)| {
        assert!(line.contains(&format!(r#""body":{{"timestamp":{number},"jobs":{{}},"#)), "{number}: {line}");
    });
    let shown = shown.count();
    (shown, stdout.lines().skip(shown).map(Message::parse).collect())
}

#[test]
fn a_burst_that_fits_is_shown_whole_and_in_order() {
    let Burst { finished, .. } = burst(20_000, 0);
    assert_eq!((finished.status.code(), finished.stderr.as_str()), (Some(0), ""));
    let (shown, behind) = in_order(&finished.stdout);
    assert_eq!((shown, behind.len()), (20_000, 0));
}

#[test]
fn a_burst_that_does_not_fit_is_bounded_in_memory_and_its_drop_is_an_error() {
    let Burst { sent, grown, finished } = burst(100_000, 1500);
    let (shown, behind) = in_order(&finished.stdout);
    let dropped = 100_000 - shown;
    assert!(dropped > 0 && shown > 10_000, "{shown} shown");
    let said = format!("{dropped} events were dropped: they came faster than they could be shown");
    let titles: Vec<_> = behind.iter().map(|error| (error.r#type.as_str(), error.title.as_str())).collect();
    assert_eq!(titles, [("error", "JobExecutionsChangedEvent"), ("error", "EventsLost")]);
    assert!(behind[0].value()["message"].as_str().unwrap().ends_with(&said), "{behind:?}");
    let line = format!(
        "stdin: $aws/things/MyThing/jobs/notify: {said}\n0 commands, 0 expectations, 1 failed: stdin\n"
    );
    assert_eq!((finished.status.code(), finished.stderr), (Some(1), line));
    if let Some(grown) = grown {
        assert!(grown < sent / 2, "{grown} bytes of memory for {sent} sent");
    }
}
