//! Where the commands of a script come from.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc;

use crate::app::command::{Entry, entries};

/// Where commands come from.
#[derive(Debug)]
pub(crate) struct Source {
    name: Arc<str>,
    kind: SourceKind,
}

#[derive(Debug)]
enum SourceKind {
    Commands(Vec<String>),
    File(File),
    Stdin,
}

impl Source {
    /// Commands given one by one.
    #[must_use]
    pub(crate) fn commands(commands: Vec<String>) -> Self {
        Self { name: "-c".into(), kind: SourceKind::Commands(commands) }
    }

    /// The lines of a file.
    pub(crate) fn file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self { name: path.display().to_string().into(), kind: SourceKind::File(file) })
    }

    /// The lines of standard input.
    #[must_use]
    pub(crate) fn stdin() -> Self {
        Self { name: "stdin".into(), kind: SourceKind::Stdin }
    }

    /// What errors call it.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether it is standard input.
    pub(super) fn is_stdin(&self) -> bool {
        matches!(self.kind, SourceKind::Stdin)
    }

    /// Whether all of it is there already, so that reading it waits for nobody.
    pub(super) fn is_complete(&self) -> bool {
        match &self.kind {
            SourceKind::Commands(_) => true,
            SourceKind::File(file) => file.metadata().is_ok_and(|metadata| metadata.is_file()),
            SourceKind::Stdin => false,
        }
    }

    /// All of its commands.
    pub(super) fn read(self) -> io::Result<Vec<Entry>> {
        let mut all = Vec::new();
        self.read_into(|entry| {
            all.push(entry);
            true
        });
        all.into_iter().collect()
    }

    /// Its commands, read ahead on a thread of its own, since reading may block forever.
    pub(super) fn start(self) -> mpsc::Receiver<io::Result<Entry>> {
        let (sender, receiver) = mpsc::channel(16);
        // Sending fails once the script has stopped, which is no error here.
        thread::spawn(move || self.read_into(|entry| sender.blocking_send(entry).is_ok()));
        receiver
    }

    /// Hands on command after command as long as `take` wants another one.
    fn read_into(self, take: impl FnMut(io::Result<Entry>) -> bool) {
        match self.kind {
            SourceKind::Commands(commands) => read_commands(commands, take),
            SourceKind::File(file) => read_lines(BufReader::new(file), take),
            SourceKind::Stdin => read_lines(io::stdin().lock(), take),
        }
    }
}

fn read_lines(input: impl io::BufRead, mut take: impl FnMut(io::Result<Entry>) -> bool) {
    for entry in entries(input) {
        let failed = entry.is_err();
        if !take(entry) || failed {
            return;
        }
    }
}

/// Each `-c` is complete in itself: JSON unfinished in one does not continue in the next.
fn read_commands(commands: Vec<String>, mut take: impl FnMut(io::Result<Entry>) -> bool) {
    for (index, command) in commands.into_iter().enumerate() {
        for entry in entries(command.as_bytes()) {
            if !take(entry.map(|entry| Entry { line: index + 1, ..entry })) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(entries: impl IntoIterator<Item = Entry>) -> Vec<(usize, String, bool)> {
        entries.into_iter().map(|entry| (entry.line, entry.text, entry.parsed.is_ok())).collect()
    }

    #[tokio::test]
    async fn each_c_stands_by_itself() {
        let commands =
            || Source::commands(["create-job J {", "help", "clock\nquit"].map(str::to_owned).to_vec());
        let expected = [
            (1, "create-job J {".to_owned(), false),
            (2, "help".to_owned(), true),
            (3, "clock".to_owned(), true),
            (3, "quit".to_owned(), true),
        ];
        assert_eq!(texts(commands().read().unwrap()), expected);
        let mut receiver = commands().start();
        let mut streamed = Vec::new();
        while let Some(entry) = receiver.recv().await {
            streamed.push(entry.unwrap());
        }
        assert_eq!(texts(streamed), expected);
    }

    #[test]
    fn a_file_is_read_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("smoke.jobs");
        std::fs::write(&path, "help\n# nothing\nquit").unwrap();
        let source = Source::file(&path).unwrap();
        assert!(source.is_complete());
        assert_eq!(
            texts(source.read().unwrap()),
            [(1, "help".to_owned(), true), (3, "quit".to_owned(), true)]
        );
        assert!(Source::file(dir.path()).is_err());
    }
}
