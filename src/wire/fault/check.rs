//! Refuses a fault that would never strike.

use super::definition::Fault;
use super::on::{MESSAGES, On};
use super::table::{fits, has_option};

/// Refuses kinds, messages and options that do not go together, by name.
pub(super) fn check(fault: &Fault) -> Result<(), String> {
    let Fault { kind, on, .. } = fault;
    if let Some(on) = on.as_ref().filter(|on| !fits(kind, on)) {
        let list = going(|on| fits(kind, on));
        return Err(format!("{kind} goes with --on {list}, not with {on}"));
    }
    let is_struck = |other: &On| on.as_ref() == Some(other) || fault.is_on(other);
    let struck: Vec<On> = messages().chain(on.clone()).filter(is_struck).collect();
    if struck.is_empty() {
        return Err(format!("{kind} needs --on with an operation of the API, such as --on CreateJob"));
    }
    let given = [
        ("--thing", fault.thing.is_some()),
        ("--client-id", fault.client_id.is_some()),
        ("--job", fault.job.is_some()),
        ("--status", fault.status.is_some()),
    ];
    let useless = |option: &str| !struck.iter().any(|on| has_option(option, on));
    let Some((option, _)) = given.into_iter().find(|(option, given)| *given && useless(option)) else {
        return Ok(());
    };
    let with = on.as_ref().map_or_else(|| kind.to_string(), ToString::to_string);
    let advice = match going(|on| fits(kind, on) && has_option(option, on)) {
        list if list.is_empty() => "leave it out".to_owned(),
        list => format!("it goes with --on {list}"),
    };
    Err(format!("{option} does not go with {with}: {advice}"))
}

fn messages() -> impl Iterator<Item = On> {
    MESSAGES.into_iter().filter_map(On::find)
}

/// The messages for which `fits` holds, as a list.
fn going(fits: impl Fn(&On) -> bool) -> String {
    let call = fits(&On::Call("UpdateJobExecution".to_owned()))
        .then(|| "an operation such as UpdateJobExecution".to_owned());
    let fitting = messages().filter(|on| fits(on)).map(|on| on.to_string());
    alternatives(&fitting.chain(call).collect::<Vec<_>>())
}

/// Words as a list of alternatives.
pub(super) fn alternatives(words: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match &words[..] {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        words => words.concat(),
    }
}
