//! From the arguments and options of a command to the operation that it calls.

use super::arguments::{ArgumentValue, ParsedArguments};
use super::line::{Call, Command, Member, SWITCHES};
use crate::client::control_plane::{Operation, Request, camel_case};

impl ParsedArguments {
    /// A call of an operation: the arguments are members of these names, and each option is one of its own name.
    pub(super) fn call(&mut self, operation: Operation, arguments: &[&str]) -> Command {
        let switches = SWITCHES.into_iter().filter(|name| self.switch(name)).collect();
        let given = std::mem::take(&mut self.positionals);
        let mut members: Vec<_> =
            arguments.iter().map(ToString::to_string).zip(given.into_iter().map(member)).collect();
        for (option, value) in self.flags.drain(..) {
            let name = option.trim_start_matches('-');
            let value = value.map_or_else(|| Member::Json("true".to_owned()), member);
            members.push((camel_case(name), value));
        }
        Command::Call(Box::new(Call { operation, members, switches }))
    }

    /// A new job: its time-out and its retries have a short option each beside AWS's own.
    pub(super) fn create_job(&mut self) -> Command {
        let timeout = self.number("--timeout-minutes").map(Request::timeout_config);
        let retries = self.number("--retries").map(Request::retry_config);
        for (short, long, config) in [
            ("--timeout-minutes", "--timeout-config", &timeout),
            ("--retries", "--job-executions-retry-config", &retries),
        ] {
            if config.is_some() && self.has(long) {
                self.contradict(&format!("{short} is short for {long}: give one of them"));
            }
        }
        if self.has("--substitute") && self.positionals.len() < 2 {
            self.contradict("--substitute is for a document, and there is none");
        }
        let command = self.call(Operation::CreateJob, &["jobId", "document"]);
        let Command::Call(mut call) = command else { return command };
        let short = [("timeoutConfig", timeout), ("jobExecutionsRetryConfig", retries)];
        call.members.extend(
            short.into_iter().filter_map(|(name, json)| Some((name.to_owned(), Member::Json(json?)))),
        );
        Command::Call(call)
    }

    /// An option that AWS's CLI wants.
    pub(super) fn require(&mut self, option: &str) {
        if !self.has(option) {
            self.contradict(&format!("{option} is missing"));
        }
    }

    /// Whether there are arguments besides options.
    pub(super) fn has_arguments(&self) -> bool {
        !self.positionals.is_empty()
    }

    fn has(&self, option: &str) -> bool {
        self.flags.iter().any(|(flag, _)| *flag == option)
    }
}

fn member(value: ArgumentValue) -> Member {
    let text = |text: &str| Member::Json(serde_json::Value::from(text).to_string());
    match value {
        ArgumentValue::Job(job) => text(job.as_str()),
        ArgumentValue::Text(word) => text(&word),
        ArgumentValue::Choice(word) => text(word),
        ArgumentValue::Number(number) => Member::Json(number.to_string()),
        ArgumentValue::Details(details) => Member::Json(serde_json::json!(details).to_string()),
        ArgumentValue::Document(document) => Member::Document(document),
        ArgumentValue::Targets(targets) => Member::Targets(targets),
        other => unreachable!("no member has another shape: {other:?}"),
    }
}
