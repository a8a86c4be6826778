//! Job documents: typed or from a file, and shown.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde_json::value::RawValue;

use super::Failure;
use crate::app::command::{JobDocument, MAX_COMMAND_BYTES};
use crate::app::output::json_text::{self, Layout};

/// The text of a job document, which is JSON.
pub(super) async fn read(document: &JobDocument) -> Result<String, Failure> {
    let path = match document {
        JobDocument::Json(json) => return Ok(json.clone()),
        JobDocument::File(path) => path.clone(),
    };
    // On a separate thread: a pipe or a dead mount may block forever, and Ctrl-C must still work.
    let read = tokio::task::spawn_blocking(move || from_file(&path)).await;
    read.unwrap_or_else(|error| {
        Err(Failure::new("UsageError", format!("cannot take the job document: {error}")))
    })
}

fn from_file(path: &Path) -> Result<String, Failure> {
    let failed = |why: &dyn Display| {
        Failure::new("UsageError", format!("cannot take the job document from {}: {why}", path.display()))
    };
    let text = read_file(path).map_err(|error| failed(&error))?;
    if text.len() > MAX_COMMAND_BYTES {
        return Err(failed(&"it is larger than 1 MiB"));
    }
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => Ok(text.trim_matches([' ', '\t', '\r', '\n']).to_owned()),
        Err(error) => Err(failed(&format!("it is not JSON: {error}"))),
    }
}

/// The text of a file, cut off just beyond the limit.
fn read_file(path: &Path) -> io::Result<String> {
    let home = path.strip_prefix("~").ok().zip(std::env::home_dir());
    let path = home.map_or_else(|| path.to_owned(), |(below, home)| home.join(below));
    let mut text = String::new();
    File::open(path)?.take(MAX_COMMAND_BYTES as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// The document that an answer to GetJobDocument carries in a string, laid out for a person; `None` if it is
/// not JSON.
pub(super) fn shown(answer: &str, layout: Layout) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    let document = answer.get("document")?.as_str()?;
    serde_json::from_str::<&RawValue>(document).ok()?;
    Some(json_text::document(document, layout) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_shown_as_such() {
        let show = |answer: &str| shown(answer, Layout { now: Some(0), ..Layout::default() });
        let answer = r#"{"document":"{\n\"timestamp\":1,\"a\":\"\\u001b\"}"}"#;
        assert_eq!(show(answer).unwrap(), "{\n  \"timestamp\": 1,\n  \"a\": \"\\u001b\"\n}\n");
        assert_eq!(show(r#"{"document":"no JSON"}"#), None);
        assert_eq!(show("{}"), None);
    }

    #[test]
    fn a_document_comes_from_a_file_that_holds_json() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("doc.json");
        let read = || from_file(&path).map_err(|failure| failure.what);
        assert!(read().unwrap_err().starts_with("cannot take the job document from "));
        std::fs::write(&path, "{\"a\" : 1.0}\r\n").unwrap();
        assert_eq!(read().unwrap(), "{\"a\" : 1.0}");
        std::fs::write(&path, "{").unwrap();
        assert!(read().unwrap_err().contains("it is not JSON"));
        std::fs::write(&path, [0xff]).unwrap();
        assert!(read().is_err());
        std::fs::write(&path, " ".repeat(MAX_COMMAND_BYTES + 1)).unwrap();
        assert!(read().unwrap_err().ends_with("it is larger than 1 MiB"));
    }
}
