//! How long things take, measured through the public face of the library.
//!
//!     cargo bench --bench benches                               # all, but for a million executions
//!     JOBS_SANDBOX_LONG_BENCHES=1 cargo bench --bench benches   # these too, for a machine with 2 GB to spare
//!
//! Policies and packets are not public: a round trip measures them. Nor is the prompt.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

mod account;
mod messages;
mod operations;
mod rollout;
mod round_trip;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    messages::measure(&mut criterion);
    operations::measure(&mut criterion);
    rollout::measure(&mut criterion);
    round_trip::measure(&mut criterion);
    criterion.final_summary();
}
