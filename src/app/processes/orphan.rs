//! A process that does not outlive us.

use tokio::process::Command;

/// Lets a process be killed when we end, however that comes about; known only on Linux, elsewhere it goes on.
///
/// What it has started itself goes on too. What counts is the thread that starts it: it must live as long as we do, as the main one.
#[cfg(target_os = "linux")]
pub(crate) fn ends_with_us(command: &mut Command) {
    use nix::errno::Errno;
    use nix::sys::prctl::set_pdeathsig;
    use nix::sys::signal::Signal;
    use nix::unistd::{getpid, getppid};

    let us = getpid();
    let bind = move || {
        set_pdeathsig(Signal::SIGKILL)?;
        // We may have ended before that.
        if getppid() == us { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    #[expect(
        unsafe_code,
        reason = "it runs between fork and exec: two system calls, no memory and no lock taken"
    )]
    unsafe {
        command.pre_exec(bind);
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn ends_with_us(_: &mut Command) {}
