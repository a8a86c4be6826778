//! The report of a script as JUnit XML, for the CI systems that read it.

use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::report_file::ReportFile;
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

    /// Writes the report to its file.
    pub(super) async fn write(&self, file: ReportFile) -> io::Result<()> {
        let mut suite = self.suite.clone();
        suite.set_time(self.time);
        let mut report = quick_junit::Report::new("jobs-sandbox");
        report.set_time(self.time).add_test_suite(suite);
        file.put(&report.to_string().map_err(io::Error::other)?).await
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_report_names_line_time_and_failure() {
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
        report.write(ReportFile::open(&path).unwrap()).await.unwrap();
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
        assert!(ReportFile::open(dir.path()).is_err());
    }
}
