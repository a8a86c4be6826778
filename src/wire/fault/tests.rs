use proptest::prelude::*;

use super::*;

fn fault(words: &str) -> Fault {
    words.parse().unwrap_or_else(|error| panic!("{words}: {error}"))
}

fn refused(words: &str) -> String {
    words.parse::<Fault>().expect_err(words).to_string()
}

/// Each kind with each message that it goes with, as the page on faults has it.
pub(crate) fn pairs() -> Vec<(&'static str, Vec<&'static str>)> {
    let requests = ["get", "start-next", "describe", "update"];
    let events = ["notify", "notify-next"];
    let with = |more: &[&'static str]| [&requests[..], more].concat();
    vec![
        ("refuse=RequestThrottled", requests.to_vec()),
        ("refuse=NotAuthorized", vec!["subscribe", "publish"]),
        ("refuse=TopicFilterInvalid", vec!["subscribe"]),
        ("refuse=PayloadFormatInvalid", vec!["publish"]),
        ("refuse=ThrottlingException", vec!["CreateJob"]),
        ("refuse=503", vec!["CreateJob"]),
        ("drop-request", with(&["subscribe", "publish", "CreateJob"])),
        ("drop-answer", with(&["subscribe", "CreateJob"])),
        ("drop-event", events.to_vec()),
        ("duplicate", with(&events)),
        ("delay=1s", with(&["notify", "notify-next", "connect", "subscribe", "CreateJob"])),
        ("corrupt", with(&["notify", "notify-next", "CreateJob"])),
        ("disconnect", with(&["notify", "notify-next", "connect", "subscribe", "publish"])),
        ("disconnect=QuotaExceeded", with(&["notify", "notify-next", "connect", "subscribe", "publish"])),
        ("reset", with(&["notify", "notify-next", "connect", "subscribe", "publish", "CreateJob"])),
        ("silence", with(&["notify", "notify-next", "connect", "subscribe", "publish", "CreateJob"])),
        ("takeover", with(&["notify", "notify-next", "connect", "subscribe", "publish"])),
        ("no-connack", vec!["connect"]),
        ("refuse-connect=ServerBusy", vec!["connect"]),
        ("no-puback", with(&["publish"])),
    ]
}

#[test]
fn kinds_go_with_the_messages_of_the_table_and_with_no_others() {
    for (kind, going) in pairs() {
        for on in MESSAGES.into_iter().chain(["CreateJob"]) {
            let words = format!("{kind} --on {on}");
            if going.contains(&on) {
                assert_eq!(fault(&words).to_string(), words);
            } else {
                let said = refused(&words);
                assert!(said.starts_with(&format!("{kind} goes with --on ")), "{said}");
                assert!(said.ends_with(&format!(", not with {on}")), "{said}");
            }
        }
    }
    assert!(pairs().iter().all(|(kind, _)| KINDS.iter().any(|word| kind.starts_with(word))));
    assert!(KINDS.iter().all(|word| pairs().iter().any(|(kind, _)| kind.starts_with(word))));
}

#[test]
fn without_on_it_is_for_all_over_mqtt_that_the_kind_goes_with() {
    let on = |words: &str, on: &str| fault(words).is_on(&On::find(on).unwrap());
    assert!(on("drop-answer", "update") && on("drop-answer", "subscribe"));
    assert!(!on("drop-answer", "notify") && !on("drop-answer", "UpdateJobExecution"));
    assert!(on("refuse=NotAuthorized", "update") && on("no-puback --on publish", "get"));
    assert!(!on("refuse=RequestThrottled", "subscribe") && !on("no-puback --on update", "publish"));
    assert_eq!(
        refused("refuse=ThrottlingException"),
        "refuse=ThrottlingException needs --on with an operation of the API, such as --on CreateJob"
    );
}

#[test]
fn what_is_wrong_is_said_in_a_person_s_words() {
    for (words, said) in [
        ("", "a fault begins with its kind, such as drop-answer"),
        ("drop-answer=1", "drop-answer takes no value"),
        ("drop-answer now", "\"now\" does not belong there: options begin with --"),
        ("drop-answer --on", "\"--on\" needs a value"),
        ("drop-answer --on --always", "\"--on\" needs a value"),
        ("drop-answer --always=yes", "--always takes no value"),
        ("drop-answer --on get --on get", "\"--on\" is given twice"),
        ("drop-answer --times 0", "--times is a whole number from 1 to 1000000, not \"0\""),
        ("drop-answer --times 2 --always", "--times and --always exclude each other"),
        ("drop-answer --chance 20", "--chance is 1% to 100%, not \"20\""),
        ("drop-answer --seed 7", "--seed goes with --chance"),
        ("drop-answer --job a/b", "--job: a job id must be 1 to 64 characters of [a-zA-Z0-9_-], not \"a/b\""),
        ("delay=2", "delay= takes 1ms to 10m, such as delay=2s, not \"2\""),
        ("delay=1h", "delay= takes 1ms to 10m, such as delay=2s, not \"1h\""),
        ("drop-answer --client-id \u{1b}[2J", "a fault has no control characters"),
        ("drop-event --job J --on notify", "--job does not go with notify: it goes with --on notify-next"),
        ("no-connack --thing T", "--thing does not go with no-connack: leave it out"),
        ("refuse=503 --on CreateJob --client-id c", "--client-id does not go with CreateJob: leave it out"),
        (
            "drop-answer --status FAILED --on get",
            "--status does not go with get: it goes with --on update or an operation such as UpdateJobExecution",
        ),
    ] {
        assert_eq!(refused(words), said, "{words}");
    }
    assert!(refused("drop-anser").starts_with("a fault is refuse, drop-request, "));
    assert!(refused("drop-answer --onn get").starts_with("a fault has no option \"--onn\": it has --on, "));
    assert!(refused("drop-answer --on updat").starts_with("--on is get, start-next, "));
    assert_eq!(
        refused("refuse=Throttled"),
        "refuse= takes a code such as RequestThrottled for a request over MQTT, NotAuthorized for a SUBSCRIBE or PUBLISH, \
         ThrottlingException or a status from 400 to 599 for a call over HTTP, not \"Throttled\""
    );
    assert!(refused("disconnect=ServerUnavailable").starts_with("disconnect= takes UnspecifiedError, "));
    assert!(refused(&"x".repeat(1001)).contains("1000 bytes"));
}

/// The page on faults lists every code, each in its row.
#[test]
fn the_page_tells_every_code() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.github/docs/faults.md")).unwrap();
    let row =
        |begin: &str| page.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("{begin}"));
    let told = |begin: &str| row(begin).split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let reasons = |packet| Reason::all_in(packet).map(|reason| reason.to_string()).collect::<Vec<_>>();
    assert_eq!(told("| A request over MQTT |"), code::JOBS_CODES);
    assert_eq!(told("| SUBACK |"), reasons(reason::Packet::Suback));
    assert_eq!(told("| PUBACK |"), reasons(reason::Packet::Puback));
    assert_eq!(told("| CONNACK |"), reasons(reason::Packet::Connack));
    assert_eq!(told("| DISCONNECT |"), reasons(reason::Packet::Disconnect));
    assert_eq!(told("| An operation |"), code::EXCEPTIONS.map(|(name, _)| name));
}

#[test]
fn a_star_stands_for_anything() {
    for (pattern, fitting, others) in [
        ("*", &["", "x"][..], &[][..]),
        ("a", &["a"], &["ab", ""]),
        ("a*", &["a", "ab"], &["ba"]),
        ("*a", &["a", "ba"], &["ab"]),
        ("ab*ba", &["abba", "ab-ba"], &["aba"]),
        ("a*b*c", &["abc", "a-b-b-c", "aXbYc"], &["acb", "ac"]),
        ("**", &["", "x"], &[]),
    ] {
        let pattern = Pattern::new(pattern);
        assert!(fitting.iter().all(|id| pattern.matches(id)), "{pattern}");
        assert!(!others.iter().any(|id| pattern.matches(id)), "{pattern}");
    }
}

proptest! {
    #[test]
    fn the_words_make_the_fault_that_writes_them(
        pair in prop::sample::select(pairs()),
        on in any::<prop::sample::Index>(),
        options in prop::collection::vec(prop_oneof![
            Just("--thing T:1_-".to_owned()),
            "--client-id [!-~]{1,12}",
            Just("--job Job-1".to_owned()),
            Just("--status TIMED_OUT".to_owned()),
            (1..1_000_000u32).prop_map(|times| format!("--times {times}")),
            Just("--always".to_owned()),
            (0..1_000_000u32).prop_map(|after| format!("--after={after}")),
            (1..=100u8, any::<u64>()).prop_map(|(chance, seed)| format!("--chance {chance}% --seed {seed}")),
        ], 0..6),
        delay in 1..600_000u64,
    ) {
        let (kind, going) = pair;
        let kind = if kind == "delay=1s" { format!("delay={delay}ms") } else { kind.to_owned() };
        let words = format!("{kind} --on {} {}", going[on.index(going.len())], options.join("  "));
        if let Ok(fault) = words.parse::<Fault>() {
            let written = fault.to_string();
            prop_assert_eq!(written.parse::<Fault>(), Ok(fault), "{}", written);
        }
    }

    #[test]
    fn any_text_is_a_fault_or_refused_on_one_safe_line(text in ".{0,60}|(drop-answer|[a-z=-]{1,9}) --[a-z]{2,6}.{0,20}") {
        if let Err(error) = text.parse::<Fault>() {
            prop_assert!(!error.to_string().contains(|c: char| c.is_control()));
        }
    }
}
