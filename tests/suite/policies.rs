//! The policy files: what they allow, and the placeholders that a user replaces.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;
use serde_json::Value;

const FILES: [&str; 4] = [
    "device-policy.json",
    "device-policy-test-clients.json",
    "device-https-policy.json",
    "control-plane-policy.json",
];

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("policies").join(file)).unwrap()
}

fn statements(file: &str) -> Vec<Value> {
    let policy: Value = serde_json::from_str(&text(file)).unwrap();
    assert_eq!(policy["Version"], "2012-10-17", "{file}");
    policy["Statement"].as_array().unwrap().clone()
}

/// One string or a list of them, as policies write both.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap()).collect(),
        one => vec![one.as_str().unwrap()],
    }
}

#[test]
fn placeholders_are_the_four_that_the_page_names() {
    let placeholder = Regex::new(r"\$\{([^}]*)\}").unwrap();
    for file in FILES {
        let text = text(file);
        let found: BTreeSet<&str> =
            placeholder.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()).collect();
        assert_eq!(found, BTreeSet::from(["partition", "region", "account", "thing"]), "{file}");
    }
}

#[test]
fn every_statement_allows_and_only_what_has_no_resource_reaches_all() {
    for file in FILES {
        for statement in statements(file) {
            assert_eq!(statement["Effect"], "Allow", "{file}");
            if strings(&statement["Resource"]).contains(&"*") {
                let of_the_account = [
                    "iot:ListJobs",
                    "iot:ListJobTemplates",
                    "iot:ListManagedJobTemplates",
                    "iot:ListThings",
                    "iot:ListThingGroups",
                    "iot:DescribeEventConfigurations",
                    "iot:UpdateEventConfigurations",
                ];
                let actions = strings(&statement["Action"]);
                assert!(actions.iter().all(|action| of_the_account.contains(action)), "{file}: {actions:?}");
            }
        }
    }
}

#[test]
fn the_two_device_policies_differ_in_the_client_ids_alone() {
    let narrowed = text("device-policy.json").replace(":client/*\"", ":client/test-*\"");
    assert_eq!(narrowed, text("device-policy-test-clients.json"));
}

#[test]
fn what_may_be_subscribed_to_may_be_received() {
    let statements = statements("device-policy.json");
    let resources = |action: &str| {
        let statement = statements.iter().find(|statement| statement["Action"] == action).unwrap();
        strings(&statement["Resource"])
    };
    let received: Vec<String> =
        resources("iot:Receive").iter().map(|topic| topic.replace(":topic/", ":topicfilter/")).collect();
    assert_eq!(received, resources("iot:Subscribe"));
}

/// The page on policies says for every statement what it is for.
#[test]
fn the_page_explains_every_statement() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/docs/policies.md");
    let page = fs::read_to_string(page).unwrap();
    for file in FILES {
        for statement in statements(file) {
            let name = strings(statement.get("Sid").unwrap_or(&statement["Action"]))[0];
            assert!(page.contains(&format!("| `{name}`")), "{name} of {file}");
        }
    }
}
