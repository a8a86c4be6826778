//! What Tab offers: commands, options, statuses, job ids, things, titles and file paths.

use std::fs;
use std::path::Path;

use rustyline::completion::Pair;

use crate::app::command::table::{commands, titles as all_titles};
use crate::app::command::titles::{self, MESSAGE};
use crate::app::command::{CompletionContext, Scan, Shape, scan};
use crate::app::output::escape;
use crate::app::output::known_jobs::KnownJobs;
use crate::app::output::played::Played;

/// At most this many files are offered.
const MAX_FILES: usize = 500;

const FILE: &str = "file://";

/// How a path with spaces begins.
const QUOTED_FILE: &str = "\"file://";

/// Where the word before the cursor begins, and its possible completions.
pub(super) fn candidates(text: &str, known_jobs: &KnownJobs, played: &Played) -> (usize, Vec<Pair>) {
    let scan = scan(text);
    let word = &text[scan.start..];
    let mut words = match scan.context {
        CompletionContext::Nothing => Vec::new(),
        CompletionContext::Command => {
            commands().map(|spec| with_space(spec.name, !spec.takes_nothing())).collect()
        }
        CompletionContext::Value(flag) => {
            flag.value.map_or_else(Vec::new, |(_, shape)| values(shape, word, known_jobs, played))
        }
        CompletionContext::Argument(_) if word.starts_with("--") => flags(&scan),
        CompletionContext::Argument(shape) => {
            let values = shape.map_or_else(Vec::new, |shape| values(shape, word, known_jobs, played));
            let is_free = shape == Some(Shape::NewJob);
            if values.is_empty() && word.is_empty() && !is_free { flags(&scan) } else { values }
        }
    };
    // A path may need quotes only now.
    let begun = if word.starts_with(FILE) { "" } else { word };
    words.retain(|pair| pair.replacement.starts_with(begun) && pair.replacement != word);
    (scan.start, words)
}

fn flags(scan: &Scan) -> Vec<Pair> {
    let all = scan.spec.map_or(&[][..], |spec| spec.flags);
    all.iter()
        .filter(|flag| !scan.flags.contains(&flag.name))
        .map(|flag| with_space(flag.name, flag.value.is_some()))
        .collect()
}

fn values(shape: Shape, word: &str, known_jobs: &KnownJobs, played: &Played) -> Vec<Pair> {
    let spaced = |words: &[&str]| words.iter().map(|word| with_space(word, true)).collect();
    match shape {
        Shape::Job => jobs(known_jobs).iter().map(|job| with_space(job, true)).collect(),
        Shape::JobOrNext => {
            let jobs = jobs(known_jobs);
            jobs.iter().map(String::as_str).chain(["$next"]).map(|job| with_space(job, true)).collect()
        }
        Shape::Thing => played.all().iter().map(|thing| with_space(thing.as_str(), true)).collect(),
        Shape::OneOf(words) => spaced(words),
        Shape::Suggested(words) => words.iter().map(|word| with_space(word, !word.ends_with('='))).collect(),
        Shape::Document | Shape::EventConfigurations | Shape::Payload if word.starts_with(FILE) => {
            files(&word[FILE.len()..], false)
        }
        Shape::Document | Shape::EventConfigurations | Shape::Payload if word.starts_with(QUOTED_FILE) => {
            let begun = serde_json::from_str::<String>(&format!("{word}\""));
            begun.map_or_else(|_| Vec::new(), |begun| files(&begun[FILE.len()..], true))
        }
        Shape::Document | Shape::EventConfigurations | Shape::Payload => vec![with_space(FILE, false)],
        Shape::Title => all_titles().map(|title| with_space(&title, true)).collect(),
        Shape::HelpTopic => {
            commands().map(|spec| spec.name).chain(["script"]).map(|name| with_space(name, false)).collect()
        }
        Shape::Command => commands().map(|spec| with_space(spec.name, !spec.takes_nothing())).collect(),
        Shape::Advance => spaced(&["+1m", "+10m", "+1h", "+1d"]),
        Shape::Filter => spaced(
            &titles::kinds().filter(|kind| *kind != &MESSAGE).map(|kind| kind.filter).collect::<Vec<_>>(),
        ),
        Shape::NewJob
        | Shape::Topic
        | Shape::Details
        | Shape::Number(..)
        | Shape::StepTimeout
        | Shape::Text
        | Shape::PresignedUrlConfig
        | Shape::Duration
        | Shape::Predicate
        | Shape::Goal
        | Shape::NewName
        | Shape::Path
        | Shape::RestOfLine
        | Shape::RestOrJson => Vec::new(),
    }
}

fn jobs(known_jobs: &KnownJobs) -> Vec<String> {
    let mut jobs = known_jobs.jobs();
    jobs.sort();
    jobs
}

/// The files that complete a path; one with a space in it is put into quotes.
fn files(begun: &str, quoted: bool) -> Vec<Pair> {
    let (folder, name) = begun.split_at(begun.rfind('/').map_or(0, |slash| slash + 1));
    let Ok(entries) = fs::read_dir(if folder.is_empty() { Path::new(".") } else { Path::new(folder) }) else {
        return Vec::new();
    };
    let mut files: Vec<Pair> = entries
        .flatten()
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let typable = !file.contains(escape::is_unsafe);
            let hidden = file.starts_with('.') && !name.starts_with('.');
            if !typable || hidden || !file.starts_with(name) {
                return None;
            }
            let is_folder = entry.path().is_dir();
            let display = if is_folder { file + "/" } else { file };
            let mut replacement = format!("{FILE}{folder}{display}");
            if quoted || replacement.contains(char::is_whitespace) {
                replacement = serde_json::Value::from(replacement).to_string();
                if is_folder {
                    // It goes on.
                    replacement.pop();
                }
            }
            Some(Pair { replacement, display })
        })
        .take(MAX_FILES)
        .collect();
    files.sort_by(|a, b| a.display.cmp(&b.display));
    files
}

fn with_space(word: &str, space: bool) -> Pair {
    let replacement = if space { format!("{word} ") } else { word.to_owned() };
    Pair { display: word.to_owned(), replacement }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::output::message::{Message, MessageKind};

    fn offered(text: &str) -> Vec<String> {
        let known_jobs = KnownJobs::default();
        let body = r#"{"jobs":{"QUEUED":[{"jobId":"Job1"},{"jobId":"Other"}]}}"#.to_owned();
        known_jobs.learn(&Message::new(MessageKind::Event, "JobExecutionsChangedEvent", Some(body)));
        let played = Played::default();
        for name in ["Pump", "Fan"] {
            played.play(&name.parse().unwrap());
        }
        candidates(text, &known_jobs, &played).1.into_iter().map(|pair| pair.replacement).collect()
    }

    #[test]
    fn each_position_is_offered_what_fits_there() {
        assert_eq!(offered("creat"), ["create-job "]);
        assert_eq!(offered("! delete"), ["delete-job "]);
        assert_eq!(offered("qu"), ["quit"]);
        assert_eq!(offered("delete-job "), ["Job1 ", "Other "]);
        assert!(offered("create-job ").is_empty());
        assert_eq!(offered("delete-job J"), ["Job1 "]);
        assert_eq!(offered("describe-job-execution $"), ["$next "]);
        assert_eq!(offered("update-job-execution Job1 S"), ["SUCCEEDED "]);
        assert_eq!(offered("delete-job Job1 "), ["--force"]);
        assert_eq!(offered("list-jobs "), ["--status ", "--table", "--until ", "--within "]);
        assert_eq!(offered("list-jobs --status COMPLETED --t"), ["--table"]);
        assert_eq!(offered("list-jobs --status C"), ["CANCELED ", "COMPLETED "]);
        assert_eq!(offered("create-job J "), ["file://"]);
        assert_eq!(offered("expect Next"), ["NextJobExecutionChangedEvent "]);
        assert_eq!(offered("help update-j"), ["update-job-execution"]);
        assert_eq!(offered("trace o"), ["on ", "off "]);
        assert_eq!(offered("thing "), ["Pump ", "Fan "]);
        assert_eq!(offered("subscribe $aws/events/p"), ["$aws/events/presence/# "]);
        assert_eq!(offered("publish t "), ["file://"]);
        assert_eq!(offered("publish t --qos "), ["0 ", "1 "]);
        assert_eq!(offered("fault add re"), ["refuse=", "reset ", "refuse-connect="]);
        assert_eq!(offered("fault add reset --on not"), ["notify ", "notify-next "]);
        assert!(offered("nope x").is_empty());
        assert!(offered("# creat").is_empty());
    }

    #[test]
    fn files_are_offered_after_the_scheme() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["doc.json", "dir ty.json", ".hidden"] {
            fs::write(dir.path().join(name), "{}").unwrap();
        }
        fs::create_dir(dir.path().join("docs")).unwrap();
        let base = format!("create-job J file://{}/", dir.path().display());
        let names = |rest: &str| {
            let cut =
                |path: String| path.rsplit_once(&format!("{}/", dir.path().display())).unwrap().1.to_owned();
            offered(&format!("{base}{rest}")).into_iter().map(cut).collect::<Vec<_>>()
        };
        assert_eq!(names(""), ["dir ty.json\"", "doc.json", "docs/"]);
        assert_eq!(names("docs"), ["docs/"]);
        assert_eq!(names(".h"), [".hidden"]);
    }

    #[test]
    fn a_file_with_a_space_in_its_name_is_put_into_quotes() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("my docs")).unwrap();
        fs::write(dir.path().join("my docs/a \"b\".json"), "{}").unwrap();
        let path = dir.path().display();
        assert_eq!(offered(&format!("create-job J file://{path}/my")), [format!("\"file://{path}/my docs/")]);
        let whole = format!("\"file://{path}/my docs/a \\\"b\\\".json\"");
        assert_eq!(offered(&format!("create-job J \"file://{path}/my docs/")), [whole.as_str()]);
        assert_eq!(offered(&format!("create-job J \"file://{path}/my docs/a \\\"")), [whole]);
    }
}
