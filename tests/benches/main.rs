//! How long things take, measured through the public face of the library.
//!
//!     cargo bench --bench benches                               # all, but for a million executions or things
//!     JOBS_SANDBOX_LONG_BENCHES=1 cargo bench --bench benches   # these too, for a machine with 2 GB to spare
//!
//! For what is not public, `jobs_sandbox::bench` has a function; side_by_side compares with programs of others.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

mod account;
mod commands;
mod fleet;
mod kept;
mod memory;
mod messages;
mod operations;
mod policies;
#[path = "side_by_side/process.rs"]
#[expect(dead_code, reason = "shared with side_by_side, which needs more of it")]
mod process;
mod rollout;
mod round_trip;

use criterion::Criterion;

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let long = std::env::var_os("JOBS_SANDBOX_LONG_BENCHES").is_some();
    let wanted = |name: &str| name.contains(&filter);
    // Before anything has used memory and given it back.
    memory::measure(&wanted, long);
    let mut criterion = Criterion::default().configure_from_args();
    commands::measure(&mut criterion);
    fleet::measure(&mut criterion);
    messages::measure(&mut criterion);
    operations::measure(&mut criterion);
    policies::measure(&mut criterion);
    rollout::measure(&mut criterion);
    round_trip::measure(&mut criterion);
    criterion.final_summary();
    // Rates and ratios, which are none of criterion's measures.
    fleet::measure_most(&wanted, long);
    kept::measure(&wanted, long);
}
