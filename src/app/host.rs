//! What we need of the machine, and what tokio, rustls and the standard library take for granted: without it
//! they panic.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::service::broker::limits;

/// Threads that the program starts besides one for each processor.
const OTHER_THREADS: usize = 8;

/// Open files that the program cannot do without.
const FEWEST_FILES: u64 = 48;

/// 9999-01-01T00:00:00Z, since the epoch: certificates last a year, and no year has five digits.
const TOO_LATE: Duration = Duration::from_hours(70_380_768);

/// Whether the machine's clock shows a time that certificates and signatures can be made for.
///
/// # Errors
/// One line that says what is wrong, and what to do.
pub(super) fn check_clock(now: SystemTime) -> Result<(), String> {
    let says = match now.duration_since(UNIX_EPOCH) {
        Err(_) => "before 1970",
        Ok(since) if since >= TOO_LATE => "after 9998",
        Ok(_) => return Ok(()),
    };
    Err(format!("this machine's clock shows a time {says}: set it right"))
}

/// Whether the system lets us have our threads.
///
/// # Errors
/// One line that says what is wrong, and what to do.
pub(super) fn check_threads() -> Result<(), String> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let gate = Mutex::new(());
    thread::scope(|scope| {
        // Closed until all are there.
        let _closed = gate.lock();
        for _ in 0..processors + OTHER_THREADS {
            let pass = || drop(gate.lock().unwrap_or_else(PoisonError::into_inner));
            thread::Builder::new().spawn_scoped(scope, pass).map_err(|error| {
                format!("cannot start a thread: {error}: raise the limits on processes and memory (ulimit -u, ulimit -v)")
            })?;
        }
        Ok(())
    })
}

/// Whether we may open the files that a session on a local service of its own has need of.
///
/// # Errors
/// One line that says what is wrong, and what to do.
pub(super) fn check_open_files() -> Result<(), String> {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit};
        if let Ok((most, _)) = getrlimit(Resource::RLIMIT_NOFILE)
            && most < FEWEST_FILES
        {
            return Err(format!(
                "too few files may be open ({most}): raise the limit to {FEWEST_FILES} or more (ulimit -n)"
            ));
        }
    }
    Ok(())
}

/// Asks for as many open files as the local service has use for.
///
/// Shells often start programs with room for a thousand, and let them have more.
pub(super) fn ask_for_open_files() {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};
        if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
            let wanted = hard.min((limits::CONNECTIONS + limits::OTHER_FILES) as u64).max(soft);
            // Where they are refused, the service makes do with what it has.
            let _ = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_far_from_our_time_is_told() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(check_clock(at(0)), Ok(()));
        assert_eq!(check_clock(at(253_370_764_799)), Ok(()));
        for (now, says) in
            [(at(253_370_764_800), "after 9998"), (UNIX_EPOCH - Duration::from_nanos(1), "before 1970")]
        {
            let told = check_clock(now).unwrap_err();
            assert_eq!(told, format!("this machine's clock shows a time {says}: set it right"));
        }
    }
}
