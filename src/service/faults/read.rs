//! The words, held to what this service has.

use crate::service::http::offered;
use crate::wire::fault::{Fault, On};

/// Reads the words of a fault.
///
/// # Errors
/// One line: what is wrong with them, or which operation or part of it the service does not have.
pub(crate) fn read_fault(words: &str) -> Result<Fault, String> {
    let fault: Fault = words.parse().map_err(|error: crate::wire::fault::InvalidFault| error.to_string())?;
    if let Some(On::Call(operation)) = &fault.on {
        let Some(path) = offered(operation) else {
            return Err(format!("--on {operation}: the local service offers no operation of that name"));
        };
        for (option, given, label) in
            [("--thing", fault.thing.is_some(), "{thingName}"), ("--job", fault.job.is_some(), "{jobId}")]
        {
            if given && !path.contains(label) {
                return Err(format!("{option} does not go with {operation}, whose path {path} names none"));
            }
        }
    }
    Ok(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_those_that_are_offered() {
        for words in [
            "refuse=503 --on CreateJob --job J",
            "drop-answer --on UpdateJobExecution --job J --thing T --status FAILED",
            "reset --on ListJobs",
        ] {
            assert_eq!(
                read_fault(words).unwrap().to_string(),
                words.replace("--job J --thing T", "--thing T --job J")
            );
        }
        for (words, said) in [
            (
                "reset --on CreateStream",
                "--on CreateStream: the local service offers no operation of that name",
            ),
            ("reset --on ListJobs --job J", "--job does not go with ListJobs, whose path /jobs names none"),
            (
                "reset --on CreateJob --thing T",
                "--thing does not go with CreateJob, whose path /jobs/{jobId} names none",
            ),
            ("drop-event --on get", "drop-event goes with --on notify or notify-next, not with get"),
        ] {
            assert_eq!(read_fault(words).unwrap_err(), said);
        }
    }
}
