//! How much memory job executions take.

use std::mem::forget;

use crate::account::{NOW, add_group, empty, finish, job};
use crate::process;

const EXECUTIONS: usize = 1_000_000;

/// What a million executions take, with the things that have them: of one job, and of a hundred.
pub(crate) fn measure(wanted: &dyn Fn(&str) -> bool, long: bool) {
    for jobs in [100, 1] {
        let things = EXECUTIONS / jobs;
        let what = format!("memory/{jobs} jobs for {things} things");
        if !long || !wanted(&what) {
            continue;
        }
        let memory = || process::memory(std::process::id());
        let Some(before) = memory() else { return };
        let mut state = empty();
        add_group(&mut state, "G", things);
        let with_things = memory().unwrap_or(before);
        for number in 0..jobs {
            state.create_job(NOW, &format!("J{number}"), job("thinggroup/G")).reply.unwrap();
            finish(&mut state);
        }
        let all = memory().unwrap_or(before);
        println!("{what}: {:.0} MB, {:.0} of them for the things", all - before, with_things - before);
        // What is given back may be used again, and then costs nothing.
        forget(state);
    }
}
