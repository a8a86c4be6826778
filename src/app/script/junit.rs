//! The report of scripts as JUnit XML, for the CI systems that read it.

use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::report_file::ReportFile;
use super::step::Location;
use crate::app::dispatch::Failure;
use crate::app::output::escape;

/// How many characters of a command name its test case.
const MAX_TITLE: usize = 80;

/// The results of scripts: a test suite for each file, a test case for each test, or for each command of a script
/// without tests.
#[derive(Debug, Default)]
pub(super) struct Report {
    suites: Vec<TestSuite>,
}

/// What was printed meanwhile.
#[derive(Debug, Clone, Default)]
pub(super) struct Output {
    /// By us, on standard output.
    pub out: String,
    /// By the device program, and what the service saw of it.
    pub device: String,
}

/// A test, or a command of a script without tests.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub name: String,
    pub place: Location,
}

impl Case {
    /// The case of one command, named by what it does and not by its document.
    pub(super) fn command(place: Location, text: &str) -> Self {
        let title = title(text);
        let name = place.line.map_or_else(|| place.to_string(), |line| format!("{line}: {title}"));
        Self { name, place }
    }
}

impl Report {
    /// The cases that follow are of this script.
    pub(super) fn begin(&mut self, script: &str) {
        self.suites.push(TestSuite::new(script));
    }

    /// Adds a case that passed, with what it printed.
    pub(super) fn passed(&mut self, case: &Case, time: Duration, output: &Output) {
        self.add(case, time, TestCaseStatus::success(), output);
    }

    /// Adds a case that was not run.
    pub(super) fn skipped(&mut self, case: &Case) {
        self.add(case, Duration::ZERO, TestCaseStatus::skipped(), &Output::default());
    }

    /// Adds a case that failed, with what it printed.
    pub(super) fn failed(&mut self, case: &Case, time: Duration, failures: &[Failure], output: &Output) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let texts: Vec<String> = failures.iter().map(text_of).collect();
        let text = texts.join("\n");
        status.set_type(failures.first().map_or("Failed", |failure| failure.title));
        status.set_message(text.lines().next().unwrap_or_default());
        status.set_description(&text);
        self.add(case, time, status, output);
    }

    /// Adds a script of which nothing was carried out.
    pub(super) fn failed_whole(&mut self, script: &str, failure: &Failure) {
        self.begin(script);
        let case = Case::command(Location { file: script.into(), line: None }, "");
        self.failed(&case, Duration::ZERO, std::slice::from_ref(failure), &Output::default());
    }

    /// Writes the report to its file.
    pub(super) async fn write(&self, file: ReportFile) -> io::Result<()> {
        let mut report = quick_junit::Report::new("jobs-sandbox");
        let time_of =
            |suite: &TestSuite| suite.test_cases.iter().filter_map(|case| case.time).sum::<Duration>();
        for suite in &self.suites {
            let mut suite = suite.clone();
            suite.set_time(time_of(&suite));
            report.add_test_suite(suite);
        }
        report.set_time(self.suites.iter().map(time_of).sum::<Duration>());
        file.put(&report.to_string().map_err(io::Error::other)?).await
    }

    fn add(&mut self, case: &Case, time: Duration, status: TestCaseStatus, output: &Output) {
        if self.suites.is_empty() {
            self.begin(&case.place.file);
        }
        let Some(suite) = self.suites.last_mut() else { return };
        let mut added = TestCase::new(case.name.as_str(), status);
        added.set_classname(&*case.place.file).set_time(time);
        added.extra.insert("file".into(), (&*case.place.file).into());
        if let Some(line) = case.place.line {
            added.extra.insert("line".into(), line.to_string().into());
        }
        if !output.out.is_empty() {
            added.set_system_out(output.out.as_str());
        }
        if !output.device.is_empty() {
            added.set_system_err(output.device.as_str());
        }
        suite.add_test_case(added);
    }
}

/// A failure with all that is known about it.
fn text_of(failure: &Failure) -> String {
    [std::slice::from_ref(&failure.what), &failure.details].concat().join("\n")
}

/// A command without the JSON in it.
fn title(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let words = line
        .split_whitespace()
        .take_while(|word| !word.starts_with(['{', '[', '"']) || word.starts_with("{{"));
    escape::excerpt(&words.collect::<Vec<_>>().join(" "), MAX_TITLE)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_report_names_line_time_and_failure() {
        let mut report = Report::default();
        let case =
            |line, text: &str| Case::command(Location { file: "smoke.jobs".into(), line: Some(line) }, text);
        report.begin("smoke.jobs");
        let output = Output { out: "─── X ───\n".into(), device: "it said\n".into() };
        report.passed(&case(1, "create-job {{J}} {\"a\": 1}"), Duration::from_millis(5), &output);
        let refused = Failure::new("Rejected", "no\nbecause & so");
        let refused = Failure { details: vec!["more".to_owned()], ..refused };
        report.failed(
            &case(2, "delete-job <J>\u{1}\u{fffe}"),
            Duration::from_millis(7),
            &[refused],
            &Output::default(),
        );
        report.skipped(&case(3, "quit"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.xml");
        report.write(ReportFile::open(&path).unwrap()).await.unwrap();
        let xml = fs::read_to_string(&path).unwrap();
        for part in [
            r#"<testsuite name="smoke.jobs" tests="3" skipped="1" errors="0" failures="1" time="0.012">"#,
            r#"<testcase name="1: create-job {{J}}" classname="smoke.jobs" time="0.005" file="smoke.jobs" line="1">"#,
            "<system-out>─── X ───\n</system-out>",
            "<system-err>it said\n</system-err>",
            r#"name="2: delete-job &lt;J&gt;\u{1}\u{fffe}""#,
            r#"<failure message="no" type="Rejected">"#,
            "because &amp; so\nmore",
            "<skipped/>",
        ] {
            assert!(xml.contains(part), "{part} in {xml}");
        }
        assert!(ReportFile::open(dir.path()).is_err());
    }
}
