//! Standard input and output that were closed when this process began, as by `<&-` and `>&-`.
//!
//! Before `main`, Rust's runtime opens `/dev/null` in the place of a standard stream that is closed, so that no
//! other file gets its number. From then on results would be lost, and a script read as empty, without a word:
//! whether they were closed can only be seen before that.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::libc::{F_GETFD, STDIN_FILENO, STDOUT_FILENO, c_int, fcntl};

static INPUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);
static OUTPUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Called by the loader, before `main` and with nothing of the standard library set up: it uses none of it.
#[used]
#[expect(unsafe_code, reason = "the loader calls what stands in this section: functions without arguments")]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static BEFORE_MAIN: extern "C" fn() = {
    extern "C" fn look() {
        INPUT_WAS_CLOSED.store(is_closed(STDIN_FILENO), Ordering::Relaxed);
        OUTPUT_WAS_CLOSED.store(is_closed(STDOUT_FILENO), Ordering::Relaxed);
    }
    look
};

#[expect(unsafe_code, reason = "F_GETFD takes any number and changes nothing")]
fn is_closed(file: c_int) -> bool {
    unsafe { fcntl(file, F_GETFD) == -1 }
}

/// That there is something to read from.
///
/// # Errors
/// Where standard input was closed from the start.
pub(crate) fn check_input() -> io::Result<()> {
    check(&INPUT_WAS_CLOSED)
}

/// That there is something to write to.
///
/// # Errors
/// Where standard output was closed from the start.
pub(crate) fn check_output() -> io::Result<()> {
    check(&OUTPUT_WAS_CLOSED)
}

fn check(was_closed: &AtomicBool) -> io::Result<()> {
    if was_closed.load(Ordering::Relaxed) { Err(io::Error::other("it is closed")) } else { Ok(()) }
}

/// Standard output, to which nothing can be written where it was closed.
#[derive(Debug)]
pub(crate) struct Output(io::Stdout);

/// Standard output.
pub(crate) fn output() -> Output {
    Output(io::stdout())
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        check_output()?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
