//! The report of a script as JUnit XML, for the CI systems that read it.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::app::output::escape;

/// The results of a script, one test case per command.
#[derive(Debug)]
pub(super) struct Report {
    script: String,
    suite: TestSuite,
    time: Duration,
}

impl Report {
    /// An empty report of the script with this name.
    #[must_use]
    pub(super) fn new(script: &str) -> Self {
        Self { script: script.to_owned(), suite: TestSuite::new(script), time: Duration::ZERO }
    }

    /// Adds a command that passed.
    pub(super) fn passed(&mut self, line: usize, command: &str, time: Duration) {
        self.add(Some(line), command, time, TestCaseStatus::success());
    }

    /// Adds a command that failed, or without a line the script as a whole.
    pub(super) fn failed(
        &mut self,
        line: Option<usize>,
        command: &str,
        time: Duration,
        title: &str,
        text: &str,
    ) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(title);
        status.set_message(text.lines().next().unwrap_or_default());
        status.set_description(text);
        self.add(line, command, time, status);
    }

    /// Writes the report to a file.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let mut suite = self.suite.clone();
        suite.set_time(self.time);
        let mut report = quick_junit::Report::new("jobs-sandbox");
        report.set_time(self.time).add_test_suite(suite);
        replace(path, &report.to_string().map_err(io::Error::other)?)
    }

    fn add(&mut self, line: Option<usize>, command: &str, time: Duration, status: TestCaseStatus) {
        let name = match line {
            None => self.script.clone(),
            Some(line) => format!("{line}: {}", escape::excerpt(command, 200)),
        };
        let mut case = TestCase::new(name, status);
        case.set_classname(self.script.as_str()).set_time(time);
        case.extra.insert("file".into(), self.script.as_str().into());
        if let Some(line) = line {
            case.extra.insert("line".into(), line.to_string().into());
        }
        self.suite.add_test_case(case);
        self.time += time;
    }
}

/// Puts a file in place of the one before at once: a disk that is full leaves that as it was.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let before = fs::metadata(path).ok();
    // A device or a pipe is written to.
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        return fs::write(path, text);
    }
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mode = before.as_ref().map_or(0o666, |before| before.permissions().mode());
    let beside = tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(folder);
    // Where nothing can be made beside it, a report is better than none.
    let Ok(mut beside) = beside else { return fs::write(path, text) };
    beside.write_all(text.as_bytes())?;
    if let Some(before) = before {
        // What the umask took away.
        beside.as_file().set_permissions(before.permissions())?;
    }
    beside.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_line_time_and_failure() {
        let mut report = Report::new("smoke.jobs");
        report.passed(1, "help", Duration::from_millis(5));
        report.failed(
            Some(2),
            "delete-job <J>\u{1}\u{fffe}",
            Duration::from_millis(7),
            "Rejected",
            "no\nbecause & so",
        );
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.xml");
        report.write(&path).unwrap();
        let xml = fs::read_to_string(&path).unwrap();
        for part in [
            r#"<testsuite name="smoke.jobs" tests="2" skipped="0" errors="0" failures="1" time="0.012">"#,
            r#"<testcase name="1: help" classname="smoke.jobs" time="0.005" file="smoke.jobs" line="1"/>"#,
            r#"name="2: delete-job &lt;J&gt;\u{1}\u{fffe}""#,
            r#"<failure message="no" type="Rejected">"#,
            "because &amp; so",
        ] {
            assert!(xml.contains(part), "{part} in {xml}");
        }
        assert!(report.write(dir.path()).is_err());
    }

    #[test]
    fn a_report_replaces_the_one_before_in_one_step() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.xml");
        let link = dir.path().join("link.xml");
        fs::write(&path, "the one before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let before = fs::File::open(&path).unwrap();
        Report::new("smoke.jobs").write(&link).unwrap();
        assert_eq!(io::read_to_string(before).unwrap(), "the one before");
        assert!(fs::read_to_string(&path).unwrap().contains("smoke.jobs"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing stays beside it");
    }
}
