//! Documents: typed or from a file, and shown.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::Failure;
use crate::app::command::{JobDocument, MAX_COMMAND_BYTES, Names, Place, json_fault, substitute};
use crate::app::output::escape;
use crate::app::output::json_text::{self, Layout};
use crate::wire::system_error::in_words;

/// The text of a document, which is JSON; with `names`, those in its file are replaced. `what` says what it is.
pub(super) async fn read(
    what: &str,
    document: &JobDocument,
    names: Option<Names>,
) -> Result<String, Failure> {
    let path = match document {
        JobDocument::Json(_) if names.is_some() => {
            let why = "--substitute is for a document in a file: what stands here has its names replaced";
            return Err(Failure::new("UsageError", why));
        }
        JobDocument::Json(json) => return Ok(json.clone()),
        JobDocument::File(path) => path.clone(),
    };
    let about = what.to_owned();
    aside(what, move || from_file(&about, &path, names.as_ref())).await
}

/// The bytes of a file, at most so many.
pub(super) async fn read_bytes(what: &'static str, path: &Path, limit: usize) -> Result<Bytes, Failure> {
    let path = path.to_owned();
    aside(what, move || {
        let bytes = read_file(&path, limit).map_err(|error| cannot_take(what, &path, &in_words(&error)))?;
        if bytes.len() > limit {
            return Err(cannot_take(what, &path, &format!("it is larger than {} KiB", limit / 1024)));
        }
        Ok(bytes.into())
    })
    .await
}

/// Reads on a separate thread: a pipe or a dead mount may block forever, and Ctrl-C must still work.
async fn aside<T: Send + 'static>(
    what: &str,
    read: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|error| Err(Failure::new("UsageError", format!("cannot take {what}: {error}"))))
}

fn cannot_take(what: &str, path: &Path, why: &dyn Display) -> Failure {
    Failure::new("UsageError", format!("cannot take {what} from {}: {why}", path.display()))
}

fn from_file(what: &str, path: &Path, names: Option<&Names>) -> Result<String, Failure> {
    let failed = |why: &dyn Display| cannot_take(what, path, why);
    let bytes = read_file(path, MAX_COMMAND_BYTES).map_err(|error| failed(&in_words(&error)))?;
    if bytes.len() > MAX_COMMAND_BYTES {
        return Err(failed(&"it is larger than 1 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed(&"it is not UTF-8 text"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let wrong = |text: &str, at: usize, what: &str| {
        let place = Place::new(text, at);
        let failure = failed(&format!("{what}{}", place.line_note()));
        Err(Failure { place: Some(Box::new(place)), ..failure })
    };
    let text = match names.map(|names| substitute(text, names)) {
        Some(Ok(text)) => Cow::Owned(text),
        Some(Err((at, problem))) => return wrong(text, at, &problem),
        None => Cow::Borrowed(text),
    };
    match json_fault(&text) {
        Some(fault) => wrong(&text, fault.at, &format!("it is not JSON: {}", fault.problem)),
        None => Ok(text.trim_matches([' ', '\t', '\r', '\n']).to_owned()),
    }
}

/// What a document is that is no object, and what was probably meant.
pub(super) fn doubt(document: &str) -> Option<String> {
    let example = "devices mostly expect an object, such as {\"ToDo\": \"Reboot\"}";
    let kind = match document.bytes().next()? {
        b'{' => return None,
        b'[' => "an array",
        b'"' => "a string",
        b't' => "true",
        b'f' => "false",
        b'n' => "null",
        _ => "a number",
    };
    let text: String = serde_json::from_str(document).unwrap_or_default();
    Some(if text.trim_start().starts_with(['{', '[']) && json_fault(&text).is_none() {
        format!(
            "{kind} that holds JSON: to send the JSON itself, leave out the quotes around it and the backslashes"
        )
    } else if Path::new(&text).extension().is_some_and(|extension| extension == "json") {
        format!("{kind}: a file is named file://{}", escape::excerpt(&text, 80))
    } else {
        format!("{kind}: {example}")
    })
}

/// The contents of a file, cut off just beyond the limit.
fn read_file(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let home = path.strip_prefix("~").ok().zip(std::env::home_dir());
    let path = home.map_or_else(|| path.to_owned(), |(below, home)| home.join(below));
    let mut bytes = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
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
        let read = || from_file("the job document", &path, None).map_err(|failure| failure.what);
        assert!(read().unwrap_err().starts_with("cannot take the job document from "));
        std::fs::write(&path, "{\"a\" : 1.0}\r\n").unwrap();
        assert_eq!(read().unwrap(), "{\"a\" : 1.0}");
        std::fs::write(&path, "{").unwrap();
        assert!(read().unwrap_err().contains("it is not JSON"));
        std::fs::write(&path, [0xff]).unwrap();
        assert!(read().unwrap_err().ends_with("it is not UTF-8 text"));
        std::fs::write(&path, " ".repeat(MAX_COMMAND_BYTES + 1)).unwrap();
        assert!(read().unwrap_err().ends_with("it is larger than 1 MiB"));
    }
}
