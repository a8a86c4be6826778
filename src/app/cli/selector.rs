//! What selects AWS mode, where something is given besides that only the local service has.

use std::env;

use super::error::UsageError;

/// An option that selects AWS mode, itself or by the environment variable that stands in for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selector(pub(super) &'static str);

impl Selector {
    /// That `local`, which does what `does` says, goes with the local service alone.
    pub(super) fn excludes(self, local: &str, does: &str) -> UsageError {
        let Self(option) = self;
        let variable =
            format!("JOBS_SANDBOX_{}", option.trim_start_matches('-').replace('-', "_").to_uppercase());
        // Where it is set, to leave out the option would change nothing.
        UsageError(if env::var_os(&variable).is_some() {
            format!(
                "{local} {does}, but the environment variable {variable} selects AWS mode: leave out {local}, or unset \
                 the variable, as jobs_sandbox_off does for those of an env file"
            )
        } else {
            format!("{local} {does}, but {option} selects AWS mode: leave out one of the two")
        })
    }
}
