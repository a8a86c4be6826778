//! What Tab offers: commands, options and their values, names, titles and file paths.

use std::fs;
use std::path::Path;

use rustyline::completion::Pair;

use crate::app::command::table::{commands, titles as all_titles};
use crate::app::command::titles::{self, MESSAGE};
use crate::app::command::{CommandGroup, CompletionContext, Scan, Shape, scan};
use crate::app::output::escape;
use crate::app::output::known_names::{KnownNames, Named};
use crate::app::output::played::Played;

/// At most this many files are offered.
const MAX_FILES: usize = 500;

const FILE: &str = "file://";

/// How a path with spaces begins.
const QUOTED_FILE: &str = "\"file://";

/// Where the word before the cursor begins, and its possible completions.
pub(super) fn candidates(text: &str, known_names: &KnownNames, played: &Played) -> (usize, Vec<Pair>) {
    let scan = scan(text);
    let word = &text[scan.start..];
    let mut words = match scan.context {
        CompletionContext::Nothing => Vec::new(),
        CompletionContext::Command => {
            commands().map(|spec| with_space(spec.name, !spec.takes_nothing())).collect()
        }
        CompletionContext::Value(flag) => {
            flag.value.map_or_else(Vec::new, |(_, shape)| values(shape, word, known_names, played))
        }
        CompletionContext::Argument(_) if word.starts_with("--") => flags(&scan),
        CompletionContext::Argument(shape) => {
            let values = shape.map_or_else(Vec::new, |shape| values(shape, word, known_names, played));
            let is_free = matches!(shape, Some(Shape::NewJob | Shape::NewNamed(_)));
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

fn values(shape: Shape, word: &str, known_names: &KnownNames, played: &Played) -> Vec<Pair> {
    let spaced = |words: &[&str]| words.iter().map(|word| with_space(word, true)).collect();
    match shape {
        Shape::Job => names(known_names, played, Named::Job),
        Shape::JobOrNext => {
            let jobs = names(known_names, played, Named::Job);
            jobs.into_iter().chain([with_space("$next", true)]).collect()
        }
        Shape::Named(named) => names(known_names, played, named),
        Shape::Targets => targets(word, known_names, played),
        Shape::Thing => played.all().iter().map(|thing| with_space(thing.as_str(), true)).collect(),
        Shape::OneOf(words) => spaced(words),
        Shape::Suggested(words) => words.iter().map(|word| with_space(word, !word.ends_with('='))).collect(),
        Shape::Document | Shape::Json | Shape::EventConfigurations | Shape::Payload
            if word.starts_with(FILE) =>
        {
            files(&word[FILE.len()..], false)
        }
        Shape::Document | Shape::Json | Shape::EventConfigurations | Shape::Payload
            if word.starts_with(QUOTED_FILE) =>
        {
            let begun = serde_json::from_str::<String>(&format!("{word}\""));
            begun.map_or_else(|_| Vec::new(), |begun| files(&begun[FILE.len()..], true))
        }
        Shape::Document | Shape::Json | Shape::EventConfigurations | Shape::Payload => {
            vec![with_space(FILE, false)]
        }
        Shape::Title => all_titles().map(|title| with_space(&title, true)).collect(),
        Shape::HelpTopic => {
            let groups = CommandGroup::ALL.map(CommandGroup::topic);
            let topics = commands().map(|spec| spec.name).chain(["script"]).chain(groups);
            topics.map(|name| with_space(name, false)).collect()
        }
        Shape::Command => commands().map(|spec| with_space(spec.name, !spec.takes_nothing())).collect(),
        Shape::Advance => spaced(&["+1m", "+10m", "+1h", "+1d"]),
        Shape::Filter => spaced(
            &titles::kinds().filter(|kind| *kind != &MESSAGE).map(|kind| kind.filter).collect::<Vec<_>>(),
        ),
        Shape::NewJob
        | Shape::NewNamed(_)
        | Shape::Topic
        | Shape::Details
        | Shape::Number(..)
        | Shape::StepTimeout
        | Shape::Text
        | Shape::Duration
        | Shape::Predicate
        | Shape::Goal
        | Shape::NewName
        | Shape::Path
        | Shape::RestOfLine
        | Shape::RestOrJson => Vec::new(),
    }
}

fn names(known_names: &KnownNames, played: &Played, named: Named) -> Vec<Pair> {
    let mut all = known_names.of(named);
    if matches!(named, Named::Thing) {
        all.extend(played.all().iter().map(ToString::to_string));
    }
    all.sort();
    all.dedup();
    all.iter().map(|name| with_space(name, true)).collect()
}

/// The things and groups that may stand behind those which are listed already.
fn targets(word: &str, known_names: &KnownNames, played: &Played) -> Vec<Pair> {
    let listed = &word[..word.rfind(',').map_or(0, |comma| comma + 1)];
    let kinds = [Named::ThingGroup, Named::Thing];
    let names = kinds.into_iter().flat_map(|named| names(known_names, played, named));
    let whole = |pair: Pair| Pair { replacement: format!("{listed}{}", pair.replacement), ..pair };
    names.filter(|pair| !listed.split(',').any(|name| name == pair.display)).map(whole).collect()
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
        let known_names = KnownNames::default();
        let body = r#"{"jobs":{"QUEUED":[{"jobId":"Job1"},{"jobId":"Other"}]}}"#.to_owned();
        let others = r#"{"jobTemplateId":"Reboot","things":["Mill","Press"],"groupName":"Line1"}"#.to_owned();
        for body in [body, others] {
            known_names.learn(&Message::new(MessageKind::Event, "JobExecutionsChangedEvent", Some(body)));
        }
        let played = Played::default();
        for name in ["Pump", "Fan"] {
            played.play(&name.parse().unwrap());
        }
        candidates(text, &known_names, &played).1.into_iter().map(|pair| pair.replacement).collect()
    }

    #[test]
    fn each_position_is_offered_what_fits_there() {
        assert_eq!(
            offered("creat"),
            ["create-job ", "create-job-template ", "create-thing ", "create-thing-group "]
        );
        assert_eq!(offered("! cancel-job-"), ["cancel-job-execution "]);
        assert_eq!(offered("qu"), ["quit"]);
        assert_eq!(offered("delete-job "), ["Job1 ", "Other "]);
        assert!(offered("create-job ").is_empty());
        assert_eq!(offered("delete-job J"), ["Job1 "]);
        assert_eq!(offered("describe-job-execution $"), ["$next "]);
        assert_eq!(offered("update-job-execution Job1 S"), ["SUCCEEDED "]);
        assert_eq!(offered("delete-job Job1 "), ["--force"]);
        assert_eq!(
            offered("list-jobs --t"),
            ["--target-selection ", "--thing-group-name ", "--thing-group-id ", "--table"]
        );
        assert_eq!(offered("describe-job-template "), ["Reboot "]);
        assert!(offered("create-job-template ").is_empty() && offered("create-thing ").is_empty());
        assert_eq!(offered("describe-thing "), ["Fan ", "Mill ", "Press ", "Pump "]);
        assert_eq!(offered("cancel-job-execution Job1 --thing-name P"), ["Press ", "Pump "]);
        assert_eq!(offered("delete-thing-group "), ["Line1 "]);
        assert_eq!(offered("list-jobs --thing-group-name "), ["Line1 "]);
        assert_eq!(offered("create-job J {} --targets "), ["Line1 ", "Fan ", "Mill ", "Press ", "Pump "]);
        assert_eq!(
            offered("create-job J {} --targets Mill,"),
            ["Mill,Line1 ", "Mill,Fan ", "Mill,Press ", "Mill,Pump "]
        );
        assert_eq!(offered("create-job J {} --target-selection C"), ["CONTINUOUS "]);
        assert_eq!(offered("create-job J {} --abort-config "), ["file://"]);
        assert_eq!(offered("list-jobs --status COMPLETED --tab"), ["--table"]);
        assert_eq!(offered("list-jobs --status C"), ["CANCELED ", "COMPLETED "]);
        assert_eq!(offered("create-job J "), ["file://"]);
        assert_eq!(offered("expect Next"), ["NextJobExecutionChangedEvent "]);
        assert_eq!(offered("help update-j"), ["update-job", "update-job-execution"]);
        assert_eq!(offered("help thi"), ["thing", "things"]);
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
