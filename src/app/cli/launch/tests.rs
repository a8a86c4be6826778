use std::iter;

use super::*;

/// Parses a command line, ignoring environment variables.
fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
    let without_environment = |argument: Arg| argument.env(Resettable::Reset);
    let command = Cli::command().mut_args(without_environment);
    let matches = command.try_get_matches_from(iter::once(&"jobs-sandbox").chain(arguments))?;
    Cli::from_arg_matches(&matches)
}

fn launch(arguments: &[&str]) -> Result<Launch, UsageError> {
    parse(arguments).expect("clap accepts the arguments").launch()
}

fn session(arguments: &[&str]) -> SessionOptions {
    match launch(arguments).unwrap() {
        Launch::Session(options) => *options,
        other => panic!("not a session: {other:?}"),
    }
}

#[test]
fn without_connection_options_the_local_service_is_used() {
    let options = session(&[]);
    assert!(
        matches!(options.mode, Mode::Local(local) if local.region == LOCAL_REGION && local.mqtt_port == 0)
    );
    assert_eq!(options.thing.as_str(), "MyThing");
    assert!(options.client_id.starts_with("test-"));
}

#[test]
fn any_connection_option_selects_aws_mode_and_what_is_missing_is_named() {
    for arguments in [&["--port", "8883"][..], &["--ca-file", ""], &["--control-endpoint-url", "http://h"]] {
        let error = launch(arguments).unwrap_err().to_string();
        assert!(error.contains("--endpoint, --cert, --key, --thing"), "{error}");
    }
    let error = launch(&["--endpoint", "h", "--cert", "c", "--key", "", "--thing", "T"]).unwrap_err();
    assert!(error.to_string().starts_with("AWS mode needs --key too"), "{error}");
}

#[test]
fn options_of_the_local_service_do_not_fit_aws_mode() {
    for (arguments, said) in [
        (
            &["--endpoint", "h", "--dir", "d"][..],
            "--dir belongs to the local service, but --endpoint selects AWS mode",
        ),
        (
            &["--port", "1", "--", "./device"],
            "of this process, but --port selects AWS mode: leave out one of the two",
        ),
    ] {
        let error = launch(arguments).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn aws_mode_takes_the_region_from_the_endpoint() {
    let endpoint = "a1b2-ats.iot.eu-west-1.amazonaws.com";
    let options = session(&["--endpoint", endpoint, "--cert", "c", "--key", "k", "--thing", "T"]);
    let Mode::Aws(aws) = options.mode else { panic!("not AWS mode") };
    assert_eq!(aws.region.as_deref(), Some("eu-west-1"));
    assert_eq!(aws.port, 8883);
}

#[test]
fn serve_creates_each_thing_once() {
    let Launch::Serve(options, None) = launch(&["serve", "--thing", "A", "--thing", "B"]).unwrap() else {
        panic!("not serve")
    };
    assert_eq!((options.things.len(), options.mqtt_port, options.http_port), (2, 8883, 9443));
    assert!(launch(&["serve", "--thing", "A", "--thing", "A"]).is_err());
}

#[test]
fn commands_come_from_the_line_a_file_or_standard_input() {
    assert!(
        matches!(session(&["-c", "help", "-c", "quit"]).input, Input::Commands(lines) if lines.len() == 2)
    );
    assert!(matches!(session(&["-f", "x", "-f", "y"]).input, Input::Files(files) if files.len() == 2));
    assert!(matches!(session(&["-f", "-"]).input, Input::Stdin));
    assert!(parse(&["-c", "help", "-f", "x"]).is_err());
}

#[test]
fn run_needs_a_connection_and_a_handler() {
    let connection = ["run", "--endpoint", "h", "--cert", "c", "--key", "k", "--thing", "T"];
    let line = [&connection[..], &["--once", "--step-timeout-in-minutes", "10080", "--", "./h", "--once"]];
    let Launch::Run(options) = launch(&line.concat()).unwrap() else { panic!("not run") };
    assert_eq!((options.server.port, options.thing.as_str()), (8883, "T"));
    assert_eq!((options.executor.once, options.executor.step_timeout_in_minutes), (true, Some(10080)));
    assert_eq!((options.handler, options.arguments), ("./h".into(), vec!["--once".into()]));
    for more in [&[][..], &["--client-id", "$x", "--", "h"]] {
        assert!(launch(&[&connection[..], more].concat()).is_err(), "{more:?}");
    }
    // It has no control plane, and no region.
    for option in ["--step-timeout-in-minutes=0", "--step-timeout-in-minutes=10081", "--region=us-east-1"] {
        assert!(parse(&[&connection[..], &[option, "--", "h"]].concat()).is_err(), "{option}");
    }
}

#[test]
fn bad_values_are_refused() {
    for arguments in [
        &["--timeout", "0s"][..],
        &["--timeout", "30"],
        &["--account", "12"],
        &["serve", "--region", "nowhere"],
        &["serve", "--thing", "a b"],
    ] {
        assert!(parse(arguments).is_err(), "{arguments:?}");
    }
    assert!(launch(&["--client-id", "$x"]).is_err());
    assert!(launch(&["--thing", "a b"]).is_err());
    assert!(launch(&["--region", "x"]).is_err());
}
