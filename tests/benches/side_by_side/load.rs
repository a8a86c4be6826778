//! Many devices at once, each asking again as soon as it is answered.

use std::io;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::device::Device;
use crate::process;
use crate::server::Server;

/// How many devices shake hands at the same time.
const AT_ONCE: usize = 50;

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Round trips a second.
    pub(crate) rate: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// What the server spent on a processor for one round trip.
    pub(crate) cpu: Option<Duration>,
    /// How much of the machine's time the devices themselves took, in processors.
    pub(crate) devices_cpu: Option<f64>,
}

/// Devices that are connected, each for a thing of its own.
pub(crate) async fn connect(server: &Server, count: usize) -> io::Result<Vec<Device>> {
    let mut devices = Vec::with_capacity(count);
    let mut connecting = JoinSet::new();
    for number in 0..count {
        if connecting.len() == AT_ONCE {
            devices.push(joined(connecting.join_next().await)?);
        }
        let (port, tls, exchange) = (server.mqtt, server.tls.clone(), server.exchange(number));
        connecting.spawn(async move { Device::connect(port, &tls, exchange).await });
    }
    while !connecting.is_empty() {
        devices.push(joined(connecting.join_next().await)?);
    }
    Ok(devices)
}

/// The same, each subscribed to its answers, one of which it has got.
pub(crate) async fn subscribed(server: &Server, count: usize) -> io::Result<Vec<Device>> {
    let mut devices = connect(server, count).await?;
    for device in &mut devices {
        device.subscribe().await?;
        device.round_trip().await?;
    }
    Ok(devices)
}

/// Lets all devices ask for so long.
pub(crate) async fn run(server: &Server, devices: &mut Vec<Device>, length: Duration) -> io::Result<Load> {
    let before = (process::cpu_time(server.id()), process::cpu_time(std::process::id()));
    let begun = Instant::now();
    let mut asking = JoinSet::new();
    for mut device in devices.drain(..) {
        asking.spawn(async move {
            let mut taken = Vec::new();
            while begun.elapsed() < length {
                let asked = Instant::now();
                device.round_trip().await?;
                taken.push(asked.elapsed());
            }
            io::Result::Ok((device, taken))
        });
    }
    let mut all = Vec::new();
    while !asking.is_empty() {
        let (device, taken) = joined(asking.join_next().await)?;
        devices.push(device);
        all.extend(taken);
    }
    let lasted = begun.elapsed().as_secs_f64();
    let spent = |id, before: Option<Duration>| Some(process::cpu_time(id)?.saturating_sub(before?));
    let count = u32::try_from(all.len()).map_err(io::Error::other)?;
    all.sort_unstable();
    Ok(Load {
        rate: f64::from(count) / lasted,
        p50: percentile(&all, 50),
        p99: percentile(&all, 99),
        cpu: spent(server.id(), before.0).map(|cpu| cpu / count),
        devices_cpu: spent(std::process::id(), before.1).map(|cpu| cpu.as_secs_f64() / lasted),
    })
}

/// So many in a hundred are not above it.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn joined<T>(task: Option<Result<io::Result<T>, tokio::task::JoinError>>) -> io::Result<T> {
    task.expect("a task is running").map_err(io::Error::other)?
}
