//! jobs-sandbox beside programs of others, on one machine in one run: `serve` beside mosquitto, which sends back what
//! it gets, and MiniStack; the client beside AWS's device SDK for Python. Prints two tables in Markdown.
//!
//!     .ci/side-by-side                                   # installs the others, and runs this
//!     cargo bench --locked --bench side_by_side          # with those that are installed
//!
//! For a machine that does nothing else meanwhile. `cargo test` runs all of it once, with a few devices for a moment.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../../suite/support/certificates.rs"]
#[expect(dead_code, reason = "shared with the suite, which needs more of it")]
mod certificates;
mod client;
mod device;
mod load;
#[path = "../../suite/support/packet.rs"]
#[expect(dead_code, reason = "shared with the suite, which needs more of it")]
mod packet;
mod process;
mod server;
#[path = "../../suite/support/skip.rs"]
mod skip;
mod table;

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use load::Load;
use server::{Kind, Server};
use table::{Better, Table, count, micros, millis, number};

/// How much is measured.
struct Extent {
    /// How often each server and client is started, and each load applied; the median counts.
    rounds: usize,
    devices: &'static [usize],
    /// How long each load lasts.
    length: Duration,
    idle: usize,
    /// Jobs of a client.
    lives: usize,
}

const FULL: Extent =
    Extent { rounds: 5, devices: &[1, 100, 1000], length: Duration::from_secs(2), idle: 5000, lives: 40 };

const SHORT: Extent =
    Extent { rounds: 1, devices: &[1, 5], length: Duration::from_millis(50), idle: 10, lives: 1 };

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let extent = match arguments.first().map(String::as_str) {
        Some("--bench") => &FULL,
        None => &SHORT,
        // `cargo test NAME` means tests of the suite.
        Some(_) => return Ok(()),
    };
    let (servers, devices) = servers(extent).await?;
    println!("{servers}\n{}", clients(extent).await?);
    println!("In brackets: how many times better jobs-sandbox is; below 1 it is worse.");
    println!("mosquitto knows no jobs: it sends back what it gets.");
    if let Some(processors) = devices {
        println!("The devices themselves took {} of a processor at most.", number(processors));
    }
    Ok(())
}

/// The table, and how many processors the devices took where they took most: what they take, the servers lack.
async fn servers(extent: &Extent) -> anyhow::Result<(String, Option<f64>)> {
    let mut programs: Vec<(Kind, PathBuf)> = Vec::new();
    for kind in Kind::ALL {
        match kind.program() {
            Some(program) => programs.push((kind, program)),
            None => eprintln!("skip: {} is not installed", kind.name()),
        }
    }
    let names: Vec<_> = programs.iter().map(|(kind, _)| kind.name()).collect();
    let mut table = Table::new("server", &names);

    let mut starts = vec![Vec::new(); programs.len()];
    for _ in 0..extent.rounds {
        for ((kind, program), starts) in programs.iter().zip(&mut starts) {
            starts.push(Server::start(*kind, program).await?.start);
        }
    }
    table.row(
        "start, until a device is connected, ms",
        Better::Less,
        each(starts, |all| Some(millis(median(all)))),
    );

    idle(extent, &programs, &mut table).await?;
    let devices = busy(extent, &programs, &mut table).await?;
    Ok((table.render(), devices))
}

/// What clients that say nothing cost.
async fn idle(extent: &Extent, programs: &[(Kind, PathBuf)], table: &mut Table) -> anyhow::Result<()> {
    // A thousand are for everything else.
    let files = u64::try_from(extent.idle)? + 1000;
    let may_open = skip::may_open(files);
    let (mut alone, mut crowded) = (Vec::new(), Vec::new());
    for (kind, program) in programs {
        let server = Server::start(*kind, program).await?;
        let before = process::memory(server.id());
        alone.push(before);
        if may_open {
            let devices = load::connect(&server, extent.idle).await?;
            let after = process::memory(server.id());
            crowded.push(after.zip(before).map(|(after, before)| after - before));
            drop(devices);
        }
    }
    table.row("memory after the start, MB", Better::Less, alone);
    if may_open {
        table.row(&format!("{} idle clients, MB more", count(extent.idle)), Better::Less, crowded);
    }
    Ok(())
}

/// Devices that ask again and again; the servers take turns. How many processors the devices took at most.
async fn busy(
    extent: &Extent,
    programs: &[(Kind, PathBuf)],
    table: &mut Table,
) -> anyhow::Result<Option<f64>> {
    let mut most = None;
    let mut servers = Vec::new();
    for (kind, program) in programs {
        let server = Server::start(*kind, program).await?;
        server.create_things(extent.devices.iter().copied().max().unwrap_or(0)).await?;
        servers.push(server);
    }
    for &devices_at_once in extent.devices {
        let mut connected = Vec::new();
        for server in &servers {
            connected.push(load::subscribed(server, devices_at_once).await?);
        }
        let mut loads: Vec<Vec<Load>> = vec![Vec::new(); servers.len()];
        for _ in 0..extent.rounds {
            for ((server, devices), loads) in servers.iter().zip(&mut connected).zip(&mut loads) {
                loads.push(load::run(server, devices, extent.length).await?);
            }
        }
        let name = match devices_at_once {
            1 => "1 device".to_owned(),
            many => format!("{} devices", count(many)),
        };
        let mut row = |what: &str, better, of: fn(&Load) -> Option<f64>| {
            let values = loads
                .iter()
                .map(|loads| loads.iter().map(of).collect::<Option<Vec<_>>>().map(median))
                .collect();
            table.row(&format!("{name}: {what}"), better, values);
        };
        row("round trips a second", Better::More, |load| Some(load.rate));
        row("p50, ms", Better::Less, |load| Some(millis(load.p50)));
        row("p99, ms", Better::Less, |load| Some(millis(load.p99)));
        row("processor time a round trip, µs", Better::Less, |load| load.cpu.map(micros));
        let took = loads.iter().flatten().filter_map(|load| load.devices_cpu);
        most = took.chain(most).reduce(f64::max);
    }
    Ok(most)
}

async fn clients(extent: &Extent) -> anyhow::Result<String> {
    let server = Server::start(Kind::JobsSandbox, env!("CARGO_BIN_EXE_jobs-sandbox").as_ref()).await?;
    let mut names = Vec::new();
    let (mut first, mut p50, mut p99, mut memory) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for kind in client::Kind::ALL {
        let Some(program) = kind.program().await else {
            eprintln!("skip: {} is not installed", kind.name());
            continue;
        };
        let mut sessions = Vec::new();
        for round in 0..extent.rounds {
            let job = format!("{kind:?}-{round}");
            sessions.push(client::session(kind, &program, &server, &job, extent.lives).await?);
        }
        let mut commands: Vec<Duration> = sessions.iter().flat_map(|it| &it.commands).copied().collect();
        commands.sort_unstable();
        names.push(kind.name());
        first.push(Some(millis(median(sessions.iter().map(|it| it.first).collect()))));
        p50.push(Some(millis(load::percentile(&commands, 50))));
        p99.push(Some(millis(load::percentile(&commands, 99))));
        memory.push(sessions.iter().map(|it| it.memory).collect::<Option<Vec<_>>>().map(median));
    }
    let mut table = Table::new("client", &names);
    table.row("start, until the first answer, ms", Better::Less, first);
    table.row("a command, p50, ms", Better::Less, p50);
    table.row("a command, p99, ms", Better::Less, p99);
    table.row("memory, MB", Better::Less, memory);
    Ok(table.render())
}

fn each<T>(values: Vec<T>, of: impl Fn(T) -> Option<f64>) -> Vec<Option<f64>> {
    values.into_iter().map(of).collect()
}

fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> T {
    values.sort_by(|one, other| one.partial_cmp(other).expect("figures are numbers"));
    values[values.len() / 2]
}
