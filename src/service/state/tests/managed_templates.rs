//! Job templates managed by AWS: as its guide prints them, and jobs made from them.

#![expect(clippy::needless_pass_by_value, reason = "requests are written where they are passed")]

use serde_json::{Value, json};

use super::bench::{Bench, from, message};
use crate::service::state::managed_templates::ListManagedJobTemplatesQuery;

/// What CreateJob takes to make a job from a managed template.
fn made_from(template: &str, parameters: Value) -> Value {
    let arn = format!("arn:aws:iot:us-east-1::jobtemplate/{template}");
    json!({ "document": null, "jobTemplateArn": arn, "documentParameters": parameters })
}

#[test]
fn aws_own_templates_are_listed_in_pages_and_found_by_name() {
    let bench = Bench::with_things([]);
    let list = |query: Value| bench.state.list_managed_job_templates(&from(query)).unwrap();
    let names = |query: Value| -> Vec<String> {
        list(query).managed_job_templates.into_iter().map(|template| template.template_name).collect()
    };
    let all = names(json!({}));
    let expected = [
        "AWS-Reboot",
        "AWS-Download-File",
        "AWS-Install-Application",
        "AWS-Remove-Application",
        "AWS-Start-Application",
        "AWS-Stop-Application",
        "AWS-Restart-Application",
        "AWS-Run-Command",
    ];
    assert_eq!(all, expected);
    assert_eq!(names(json!({ "templateName": "AWS-Stop-Application" })), ["AWS-Stop-Application"]);
    assert!(names(json!({ "templateName": "AWS" })).is_empty());
    let first = list(json!({ "maxResults": 5 }));
    assert_eq!(
        serde_json::to_value(&first.managed_job_templates[0]).unwrap(),
        json!({
            "templateArn": "arn:aws:iot:us-east-1::jobtemplate/AWS-Reboot:1.0",
            "templateName": "AWS-Reboot",
            "description": "A managed job template for rebooting the device.",
            "environments": ["LINUX"],
            "templateVersion": "1.0",
        })
    );
    let rest = ListManagedJobTemplatesQuery { next_token: first.next_token, ..Default::default() };
    let rest = bench.state.list_managed_job_templates(&rest).unwrap();
    assert_eq!((rest.managed_job_templates.len(), rest.next_token), (3, None));
}

#[test]
fn a_template_is_described_as_the_guide_prints_it() {
    let bench = Bench::with_things([]);
    let describe = |name: &str, version| bench.state.describe_managed_job_template(name, version);
    let described = serde_json::to_value(describe("AWS-Download-File", None).unwrap()).unwrap();
    assert_eq!(
        described["document"],
        r#"{"version":"1.0","steps":[{"action":{"name":"Download-File","type":"runHandler","input":{"handler":"download-file.sh","args":["${aws:iot:parameter:downloadUrl}","${aws:iot:parameter:filePath}"],"path":"${aws:iot:parameter:pathToHandler}"},"runAsUser":"${aws:iot:parameter:runAsUser}"}}]}"#
    );
    let parameters = described["documentParameters"].as_array().unwrap();
    let parameters: Vec<_> =
        parameters.iter().map(|one| [&one["key"], &one["regex"], &one["optional"]]).collect();
    assert_eq!(
        json!(parameters),
        json!([
            ["downloadUrl", "(.*?)", false],
            ["filePath", "(.*?)", false],
            ["runAsUser", "(.){0,256}", true],
            ["pathToHandler", "(.){0,4096}", true],
        ])
    );
    assert_eq!(
        describe("AWS-Reboot", Some("1.0")).unwrap().document,
        r#"{"version":"1.0","steps":[{"action":{"name":"Reboot","type":"runHandler","input":{"handler":"reboot.sh","path":"${aws:iot:parameter:pathToHandler}"},"runAsUser":"${aws:iot:parameter:runAsUser}"}}]}"#
    );
    let command = describe("AWS-Run-Command", None).unwrap();
    assert_eq!(
        command.document,
        r#"{"version":"1.0","steps":[{"action":{"name":"Run-Command","type":"runCommand","input":{"command":"${aws:iot:parameter:command}"},"runAsUser":"${aws:iot:parameter:runAsUser}"}}]}"#
    );
    let keys: Vec<_> = command.document_parameters.iter().map(|parameter| parameter.key).collect();
    assert_eq!(keys, ["command", "runAsUser"]);
    for (name, version, called) in [
        ("AWS-Shutdown", None, "AWS-Shutdown"),
        ("AWS-Reboot", Some("2.0"), "AWS-Reboot:2.0"),
        ("Reboot", None, "Reboot"),
    ] {
        let called = format!("Job Template {called} cannot be found.");
        assert_eq!(message(describe(name, version)), called);
    }
}

#[test]
fn a_job_made_from_a_managed_template_has_its_document_with_the_parameters() {
    let mut bench = Bench::with_things(["T"]);
    let given = json!({ "downloadUrl": "https://a/\"b\"\\c", "filePath": "/tmp/f", "runAsUser": "u" });
    let created = bench.create("J", "thing/T", made_from("AWS-Download-File:1.0", given.clone())).unwrap();
    assert_eq!(created["description"], "A managed job template for downloading a file.");
    assert_eq!(bench.job("J")["documentParameters"], given);
    let document = |before| bench.state.get_job_document("J", before).unwrap().document;
    let (before, substituted) = (document(true), document(false));
    let action = json!({
        "name": "Download-File", "type": "runHandler",
        "input": { "handler": "download-file.sh", "args": ["https://a/\"b\"\\c", "/tmp/f"], "path": "" },
        "runAsUser": "u",
    });
    let expected = json!({ "version": "1.0", "steps": [{ "action": action }] });
    assert_eq!(serde_json::from_str::<Value>(&substituted).unwrap(), expected);
    let template = bench.state.describe_managed_job_template("AWS-Download-File", None).unwrap();
    assert_eq!(before, template.document);
    let received = bench.device("start-next", json!({})).unwrap();
    assert_eq!(received["execution"]["jobDocument"], expected);

    // It may become a template of the account's own; that one has no parameters any more.
    let copy = json!({ "description": "c", "jobArn": "arn:aws:iot:us-east-1:123456789012:job/J" });
    bench.state.create_job_template(bench.now, "copy", from(copy)).reply.unwrap();
    assert_eq!(bench.state.describe_job_template("copy").unwrap().document, substituted);

    // A document of the job's own wins.
    let mut own = made_from("AWS-Reboot:1.0", json!({}));
    own["document"] = json!("{\"a\":1}");
    own["description"] = json!("mine");
    assert_eq!(bench.create("K", "thing/T", own).unwrap()["description"], "mine");
    for before in [true, false] {
        assert_eq!(bench.state.get_job_document("K", before).unwrap().document, "{\"a\":1}");
    }
}

/// A value is text, whatever it looks like.
#[test]
fn the_value_of_a_parameter_is_no_place_for_another() {
    let mut bench = Bench::with_things(["T"]);
    for (command, user) in
        [("${aws:iot:parameter:runAsUser}", "root"), ("ls", "${aws:iot:parameter:command}")]
    {
        let given = json!({ "command": command, "runAsUser": user });
        let id = if user == "root" { "J" } else { "K" };
        bench.create(id, "thing/T", made_from("AWS-Run-Command:1.0", given)).unwrap();
        let document = bench.state.get_job_document(id, false).unwrap().document;
        let action = &serde_json::from_str::<Value>(&document).unwrap()["steps"][0]["action"];
        assert_eq!((&action["input"]["command"], &action["runAsUser"]), (&json!(command), &json!(user)));
    }
}

#[test]
fn parameters_that_are_missing_unknown_or_too_long_are_refused() {
    let mut bench = Bench::with_things(["T"]);
    let mut refused = |body| message(bench.create("J", "thing/T", body));
    let named = |template: &str| format!("{template}:1.0");
    for (template, parameter) in [
        ("AWS-Download-File", "downloadUrl"),
        ("AWS-Install-Application", "packages"),
        ("AWS-Remove-Application", "packages"),
        ("AWS-Start-Application", "services"),
        ("AWS-Stop-Application", "services"),
        ("AWS-Restart-Application", "services"),
        ("AWS-Run-Command", "command"),
    ] {
        assert_eq!(
            refused(made_from(&named(template), json!({}))),
            format!("Document parameter {parameter} is required by the job template {template}.")
        );
    }
    assert_eq!(
        refused(made_from("AWS-Reboot:1.0", json!({ "when": "now" }))),
        "Document parameter when is not one of the job template AWS-Reboot."
    );
    assert_eq!(
        refused(made_from("AWS-Reboot:1.0", json!({ "runAsUser": "é".repeat(257) }))),
        "The value of the document parameter runAsUser must satisfy the regular expression (.){0,256}."
    );
    for unknown in ["AWS-Reboot:1.1", "AWS-Reboot", "Reboot:1.0", ""] {
        let message = format!("Job Template {unknown} cannot be found.");
        assert_eq!(refused(made_from(unknown, json!({}))), message);
    }
    let only = "Document parameters can only be used with the document of a job template managed by AWS.";
    let mut own = made_from("AWS-Reboot:1.0", json!({ "runAsUser": "u" }));
    own["document"] = json!("{}");
    assert_eq!(refused(own), only);
    assert_eq!(refused(json!({ "documentParameters": { "a": "b" } })), only);
    let long = made_from("AWS-Run-Command:1.0", json!({ "command": "\"".repeat(20_000) }));
    assert_eq!(refused(long), "Job document exceeds size limit 32768 bytes.");
    assert!(
        bench
            .create("J", "thing/T", made_from("AWS-Reboot:1.0", json!({ "runAsUser": "é".repeat(256) })))
            .is_ok()
    );
}
