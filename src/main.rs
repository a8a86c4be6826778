//! The `jobs-sandbox` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    jobs_sandbox::run()
}
