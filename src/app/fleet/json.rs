//! A rehearsal as one JSON object a line.

use serde::Serialize;
use serde_json::json;

use crate::service::rehearsal::{Minute, Rehearsal};

#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    minute: &'a Minute,
}

/// A line for each minute in which something changed, and a summary.
pub(super) fn render(rehearsal: &Rehearsal) -> String {
    let line = |minute| serde_json::to_string(&Line { r#type: "minute", minute }).expect("it holds numbers");
    let minutes = rehearsal.minutes.iter().map(|minute| line(minute) + "\n");
    let worst =
        rehearsal.worst_minute().map(|(minute, failures)| json!({ "minute": minute, "failures": failures }));
    let summary = json!({
        "type": "summary",
        "status": rehearsal.status,
        "endedAfterSeconds": rehearsal.ended.map(|ended| ended.as_secs()),
        "comment": rehearsal.comment,
        "things": rehearsal.things,
        "rolledOut": rehearsal.reached,
        "had": rehearsal.answered,
        "neverSaw": rehearsal.things - rehearsal.answered,
        "worstMinute": worst,
    });
    minutes.chain([summary.to_string() + "\n"]).collect()
}
