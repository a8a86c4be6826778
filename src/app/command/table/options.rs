//! Options that several commands have.

use crate::app::command::spec::{Flag, Shape};
use crate::app::output::known_names::Named;

/// An option whose value is JSON, or a file with it.
pub(super) const fn json(name: &'static str, help: &'static str) -> Flag {
    Flag { name, value: Some(("<JSON>", Shape::Json)), help }
}

/// An option whose value is a word, or a JSON string for several.
pub(super) const fn text(name: &'static str, value: &'static str, help: &'static str) -> Flag {
    Flag { name, value: Some((value, Shape::Text)), help }
}

/// An option whose value is one of these words.
pub(super) const fn one_of(
    name: &'static str,
    value: &'static str,
    words: &'static [&'static str],
    help: &'static str,
) -> Flag {
    Flag { name, value: Some((value, Shape::OneOf(words))), help }
}

/// An option without a value.
pub(super) const fn switch(name: &'static str, help: &'static str) -> Flag {
    Flag { name, value: None, help }
}

pub(super) const TABLE: Flag =
    switch("--table", "as a table that fits the terminal; without effect in JSON output");
pub(super) const UNTIL: Flag = Flag {
    name: "--until",
    value: Some(("<path=value ... | refused>", Shape::Goal)),
    help: "ask again until the answer is like this, conditions as for expect, or until it is refused",
};
pub(super) const WITHIN: Flag = Flag {
    name: "--within",
    value: Some(("<duration>", Shape::Duration)),
    help: "how long --until waits, 10s unless given",
};
pub(super) const YES: Flag =
    switch("--yes", "on AWS: do not ask before something changes on more than one thing");

pub(super) const TARGETS: Flag = Flag {
    name: "--targets",
    value: Some(("<a,b,...>", Shape::Targets)),
    help: "names or ARNs of things and groups; thing/NAME or thinggroup/NAME where both have the name",
};
pub(super) const THING_NAME: Flag = Flag {
    name: "--thing-name",
    value: Some(("<thingName>", Shape::Named(Named::Thing))),
    help: "the thing; this one unless given",
};
pub(super) const EXPECTED_VERSION: Flag = Flag {
    name: "--expected-version",
    value: Some(("<n>", Shape::Number(0, i64::MAX))),
    help: "refuse unless it is at this version",
};

pub(super) const DESCRIPTION: Flag =
    text("--description", "<text>", "for people: a word, or a JSON string for several");
pub(super) const COMMENT: Flag = text("--comment", "<text>", "why: a word, or a JSON string for several");
pub(super) const DOCUMENT_SOURCE: Flag =
    text("--document-source", "<URL>", "where the document is in S3, in place of a document here");
pub(super) const PRESIGNED_URLS: Flag = json(
    "--presigned-url-config",
    "{\"roleArn\": ..., \"expiresInSec\": n} for the presigned URLs in the document",
);
pub(super) const ROLLOUT: Flag = json(
    "--job-executions-rollout-config",
    "how fast it goes out: {\"maximumPerMinute\": n}, or {\"exponentialRate\": ...}",
);
pub(super) const ABORT: Flag =
    json("--abort-config", "when it is canceled by itself: {\"criteriaList\": [{\"failureType\": ...}]}");
pub(super) const TIMEOUT: Flag = json("--timeout-config", "{\"inProgressTimeoutInMinutes\": n}");
pub(super) const RETRY: Flag = json(
    "--job-executions-retry-config",
    "{\"criteriaList\": [{\"failureType\": ..., \"numberOfRetries\": n}]}",
);
pub(super) const TAGS: Flag = json("--tags", "[{\"Key\": ..., \"Value\": ...}]");
