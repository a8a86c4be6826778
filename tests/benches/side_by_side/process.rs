//! What the operating system knows of a process; nothing where there is no `/proc`.

use std::fs;
use std::time::Duration;

/// The memory that a process has in use, in MB.
pub(crate) fn memory(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// The time that a process has spent on a processor.
pub(crate) fn cpu_time(id: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // What follows the name: the state, ten fields, and the ticks in the program and in the kernel.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>().ok()?;
    // Linux counts hundredths of a second for programs.
    Some(Duration::from_millis(ticks * 10))
}
