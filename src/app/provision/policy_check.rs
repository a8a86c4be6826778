//! `policy check` and `policy print`: whether a policy lets a device do what it must, and what one that does looks like.

use crate::app::cli::{PolicyCheckOptions, PolicyPrintOptions, PolicySource};
use crate::app::exit::ExitStatus;
use crate::app::output::escape;
use crate::service::Placeholders;
use crate::service::policy::{
    Action, ConnectedThing, Context, Decision, Document, MAX_DOCUMENT_CHARS, evaluate, length,
};
use crate::wire::model::ThingName;
use crate::wire::topics::device_filters;

/// Checks a policy: a line for each action that a device takes, and how long it is.
pub(crate) fn check(options: &PolicyCheckOptions, say: &dyn Fn(&str)) -> Result<ExitStatus, String> {
    let PolicyCheckOptions { file, document, thing, client_id } = options;
    let fill = Placeholders {
        partition: "aws",
        region: "us-east-1",
        account: "123456789012",
        thing: thing.as_str(),
    };
    let text = fill.fill(document);
    let policy =
        Document::parse_any_length(&text).map_err(|malformed| format!("{}: {malformed}", file.display()))?;
    let account = account_of(&text);
    let attached = ConnectedThing { name: thing.to_string(), ..ConnectedThing::default() };
    let context = Context {
        client_id: Some(client_id.clone()),
        // Where its certificate is attached to the thing, a client with the thing's name is that thing.
        thing: (client_id == thing.as_str()).then_some(attached),
        ..Context::default()
    };
    let decide = |action: Action, resource: &str| {
        let arn = format!("{account}:{}/{resource}", action.resource_type());
        (evaluate([&policy], action, &arn, &context), arn)
    };
    let mut to_add = Vec::new();
    let mut all_allowed = true;
    for (action, resource) in needed(thing, client_id) {
        let (decision, arn) = decide(action, &resource);
        let word = match decision {
            Decision::Allowed => "allowed",
            Decision::NotAllowed => "missing",
            Decision::Denied => "denied",
        };
        all_allowed &= decision == Decision::Allowed;
        if decision == Decision::NotAllowed {
            to_add.push(serde_json::json!({ "Effect": "Allow", "Action": action.name(), "Resource": arn }));
        }
        say(&row(word, action, &resource));
    }
    for (action, resource) in not_needed(thing) {
        if decide(action, &resource).0 == Decision::Allowed {
            say(&row("wider", action, &resource));
        }
    }
    for statement in to_add {
        say(&format!("add {statement}"));
    }
    let length = length(&text);
    say(&format!("{length} of {MAX_DOCUMENT_CHARS} characters, white space not counted"));
    let is_fine = all_allowed && length <= MAX_DOCUMENT_CHARS;
    Ok(if is_fine { ExitStatus::Success } else { ExitStatus::Failure })
}

fn row(word: &str, action: Action, resource: &str) -> String {
    format!("{word:7}  {:13}  {}/{}", action.name(), action.resource_type(), escape::line(resource))
}

/// The policy of a device; what is not known stays a placeholder.
pub(crate) fn print(options: &PolicyPrintOptions) -> String {
    let region = options.region.as_deref();
    let fill = Placeholders {
        partition: match region {
            None => "${partition}",
            Some(region) if region.starts_with("cn-") => "aws-cn",
            Some(region) if region.starts_with("us-gov-") => "aws-us-gov",
            Some(_) => "aws",
        },
        region: region.unwrap_or("${region}"),
        account: options.account.as_deref().unwrap_or("${account}"),
        thing: options.thing.as_str(),
    };
    PolicySource::Own(options.client_ids.clone()).document(&fill).0
}

/// What a device does, each action with its resource.
fn needed(thing: &ThingName, client_id: &str) -> Vec<(Action, String)> {
    const JOB: &str = "Job1";
    let topic = |end: String| format!("$aws/things/{thing}/jobs/{end}");
    let requests = ["get".to_owned(), "start-next".into(), format!("{JOB}/get"), "$next/get".into()];
    let requests: Vec<String> = requests.into_iter().chain([format!("{JOB}/update")]).collect();
    let answers =
        requests.iter().flat_map(|request| ["accepted", "rejected"].map(|end| format!("{request}/{end}")));
    let events = ["notify", "notify-next"].map(str::to_owned);
    let received: Vec<String> = events.into_iter().chain(answers).collect();
    let connect = (Action::Connect, client_id.to_owned());
    let publish = requests.into_iter().map(|end| (Action::Publish, topic(end)));
    let subscribe = device_filters(thing).into_iter().map(|filter| (Action::Subscribe, filter));
    let receive = received.into_iter().map(|end| (Action::Receive, topic(end)));
    [connect].into_iter().chain(publish).chain(subscribe).chain(receive).collect()
}

/// What no device for jobs does, of its own thing and of others; a policy that allows it is wider than it need be.
fn not_needed(thing: &ThingName) -> [(Action, String); 5] {
    let of_another = format!("$aws/things/{thing}-and-another/jobs/get");
    [
        (Action::Publish, of_another.clone()),
        (Action::Publish, format!("$aws/things/{thing}/jobs/notify")),
        (Action::Publish, "any".to_owned()),
        (Action::Subscribe, "#".to_owned()),
        (Action::Receive, format!("{of_another}/accepted")),
    ]
}

/// How the ARNs begin that the policy is about: the first that names its account, or any.
fn account_of(policy: &str) -> String {
    let arns = policy.split('"').filter(|text| text.starts_with("arn:"));
    let accounts = arns.filter_map(|arn| {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let is_known = parts.len() == 6 && !parts[..5].iter().any(|part| part.contains('*'));
        is_known.then(|| parts[..5].join(":"))
    });
    accounts.into_iter().next().unwrap_or_else(|| "arn:aws:iot:us-east-1:123456789012".to_owned())
}
