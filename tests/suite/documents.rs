//! Job documents as people write and paste them: what is meant is sent, what is doubtful is said, and what cannot
//! be read is shown with its place.

use crate::support::Sandbox;

const USAGE: &str = "usage: create-job <jobId> <jobDocument-as-JSON> [options] (help create-job lists them)";

#[test]
fn a_string_that_names_a_file_is_the_file() {
    let output = Sandbox::json()
        .file("a b.json", "\u{feff}{\"Todo\":\"Reboot\"}\n")
        .script("create-job J \"file://a b.json\"\nget-job-document J\n")
        .run();
    assert_eq!(output.messages().pop().unwrap().value()["document"], r#"{"Todo":"Reboot"}"#);
}

#[test]
fn a_document_that_is_no_object_is_sent_with_a_warning() {
    for (document, said) in [
        (
            r#""{\"Todo\":\"Reboot\"}""#,
            "is a string that holds JSON: to send the JSON itself, leave out the quotes around it and the backslashes",
        ),
        (r#""foo.json""#, "is a string: a file is named file://foo.json"),
        (r#""Reboot""#, r#"is a string: devices mostly expect an object, such as {"ToDo": "Reboot"}"#),
        ("[1]", r#"is an array: devices mostly expect an object, such as {"ToDo": "Reboot"}"#),
        ("1", r#"is a number: devices mostly expect an object, such as {"ToDo": "Reboot"}"#),
        ("true", r#"is true: devices mostly expect an object, such as {"ToDo": "Reboot"}"#),
        ("null", r#"is null: devices mostly expect an object, such as {"ToDo": "Reboot"}"#),
    ] {
        for argument in [document, "file://doc"] {
            let output = Sandbox::json()
                .file("doc", document)
                .script(format!("create-job J {argument}\nget-job-document J\n"))
                .stderr_any()
                .run();
            let warning = format!("warning: the document of J {said}\n");
            assert!(output.stderr.contains(&warning), "{}", output.stderr);
            assert_eq!(output.messages().pop().unwrap().value()["document"], document);
        }
    }
}

#[test]
fn what_is_not_json_is_shown_with_its_place() {
    for (document, problem, place) in [
        ("'{\"a\":1}'", "no shell reads this line: leave out the quotes around it", 0),
        ("{'a':1}", "a name needs double quotes (\"), not '", 1),
        ("{\"a\":'x'}", "a string needs double quotes (\"), not '", 5),
        ("{“a”:1}", "a name needs straight double quotes (\"), not “", 1),
        ("{\"a\":“b”}", "a string needs straight double quotes (\"), not “", 5),
        ("foo.json", "a file is named file://foo.json", 0),
        ("a=b", "a member is written {\"a\": \"b\"}", 0),
        ("{\"a\":1,}", "a comma too many: nothing follows it", 6),
        ("{a:1}", "a name needs double quotes: \"a\"", 1),
        ("{\\\"a\\\":1}", "a quote needs no backslash: no shell reads this line", 1),
    ] {
        let typed = format!("create-job J {document}");
        let caret = " ".repeat("create-job J ".len() + place);
        let said = format!(
            "stdin:1: create-job: the job document is not JSON: {problem}; {USAGE}\n    {typed}\n    {caret}^\n"
        );
        let output = Sandbox::new().script(format!("{typed}\n")).status(1).stdout("").stderr_any().run();
        assert!(output.stderr.ends_with(&said), "{}\nis not\n{said}", output.stderr);
    }
}

#[test]
fn the_place_in_a_document_of_several_lines_is_on_its_line() {
    let script = "create-job J {\n  \"a\": 1,\n  \"é\": oops\n}\n";
    let output = Sandbox::new().script(script).status(1).stderr_any().run();
    let said = format!(
        "stdin:1: create-job: the job document is not JSON: a string needs double quotes: \"oops\" (on line 3); {USAGE}\n      \"é\": oops\n           ^\n"
    );
    assert!(output.stderr.contains(&said), "{}", output.stderr);
}

#[test]
fn the_place_in_a_file_is_shown_too() {
    let output = Sandbox::new()
        .file("doc.json", "{\n  \"a\": 1\n  \"b\": 2\n}\n")
        .script("create-job J file://doc.json\n")
        .status(1)
        .stderr_any()
        .run();
    let said = "stdin:1: cannot take the job document from doc.json: it is not JSON: a comma or } is missing here (on line 3)\n      \"b\": 2\n      ^\n";
    assert!(output.stderr.ends_with(said), "{}", output.stderr);
}

#[test]
fn a_file_name_with_a_space_and_no_quotes_is_explained() {
    let output = Sandbox::new().script("create-job J file://a b.json\n").status(1).stderr_any().run();
    let said = "extra argument \"b.json\" (a name with spaces goes into quotes: \"file://a b.json\")";
    assert!(output.stderr.contains(said), "{}", output.stderr);
}

#[test]
fn a_file_that_cannot_be_read_is_told_in_words() {
    let output = Sandbox::new().args(["-c", "create-job J file://absent.json"]).status(1).stderr_any().run();
    let said = "-c:1: cannot take the job document from absent.json: No such file or directory\n";
    assert!(output.stderr.ends_with(said), "{}", output.stderr);
}
