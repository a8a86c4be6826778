//! Failures as GitHub Actions shows them beside the lines of a script.

use super::step::Location;
use crate::app::output::printer::Printer;

/// Shows a failure beside its line, where this process is a step of a workflow.
pub(super) fn show(printer: &Printer, place: &Location, text: &str) {
    if is_wanted() {
        printer.diagnostic(&error(place, text));
    }
}

fn is_wanted() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// The workflow command that annotates a line with an error.
fn error(place: &Location, text: &str) -> String {
    let line = place.line.map_or_else(String::new, |line| format!(",line={line}"));
    format!("::error file={}{line}::{}", property(&place.file), data(text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_there_is_escaped() {
        let place = |line| Location { file: "a,b:c.jobs".into(), line };
        assert_eq!(
            error(&place(Some(3)), "100% lost:\n::x"),
            "::error file=a%2Cb%3Ac.jobs,line=3::100%25 lost:%0A::x"
        );
        assert_eq!(error(&place(None), "x"), "::error file=a%2Cb%3Ac.jobs::x");
    }
}
