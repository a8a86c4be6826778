//! Whether policies allow an action on a resource.

use std::fmt;

use super::document::{Document, Effect};
use super::variable::Context;

/// What a client does that a policy must allow.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// Connect with a client id.
    Connect,
    /// Publish to a topic.
    Publish,
    /// Publish a retained message to a topic, in addition to [`Action::Publish`].
    RetainPublish,
    /// Receive a message from a topic.
    Receive,
    /// Subscribe to a topic filter.
    Subscribe,
    /// Describe a job execution over HTTPS.
    DescribeJobExecution,
    /// List the pending job executions of a thing over HTTPS.
    GetPendingJobExecutions,
    /// Start the next pending job execution of a thing over HTTPS.
    StartNextPendingJobExecution,
    /// Update a job execution over HTTPS.
    UpdateJobExecution,
}

impl Action {
    /// The action's name in a policy.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connect => "iot:Connect",
            Self::Publish => "iot:Publish",
            Self::RetainPublish => "iot:RetainPublish",
            Self::Receive => "iot:Receive",
            Self::Subscribe => "iot:Subscribe",
            Self::DescribeJobExecution => "iotjobsdata:DescribeJobExecution",
            Self::GetPendingJobExecutions => "iotjobsdata:GetPendingJobExecutions",
            Self::StartNextPendingJobExecution => "iotjobsdata:StartNextPendingJobExecution",
            Self::UpdateJobExecution => "iotjobsdata:UpdateJobExecution",
        }
    }

    /// The action that an operation of the data plane is over HTTPS.
    ///
    /// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-data-plane-jobs.html>
    pub(crate) fn of_data_plane(operation: &str) -> Option<Self> {
        let actions = [
            Self::DescribeJobExecution,
            Self::GetPendingJobExecutions,
            Self::StartNextPendingJobExecution,
            Self::UpdateJobExecution,
        ];
        actions.into_iter().find(|action| action.name().strip_prefix("iotjobsdata:") == Some(operation))
    }

    /// The type of the resources that the action is about, as ARNs write it.
    pub(crate) fn resource_type(self) -> &'static str {
        match self {
            Self::Connect => "client",
            Self::Subscribe => "topicfilter",
            Self::Publish | Self::RetainPublish | Self::Receive => "topic",
            Self::DescribeJobExecution
            | Self::GetPendingJobExecutions
            | Self::StartNextPendingJobExecution
            | Self::UpdateJobExecution => "thing",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The outcome of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// No statement speaks about it.
    NotAllowed,
    /// A statement denies it, whatever others allow.
    Denied,
}

impl Decision {
    /// Why the action is refused; none where it is allowed.
    pub(crate) fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Allowed => None,
            Self::NotAllowed => Some("no attached policy allows it"),
            Self::Denied => Some("an attached policy denies it"),
        }
    }
}

/// Evaluates all documents together: an explicit Deny wins, and what nothing allows is not allowed.
pub(crate) fn evaluate<'a>(
    documents: impl IntoIterator<Item = &'a Document>,
    action: Action,
    resource: &str,
    context: &Context,
) -> Decision {
    let name = action.name().to_ascii_lowercase();
    let mut decision = Decision::NotAllowed;
    for statement in documents.into_iter().flat_map(|document| &document.statements) {
        // An Allow that is found already needs no second one.
        if statement.effect == Effect::Allow && decision == Decision::Allowed {
            continue;
        }
        match statement.effect {
            _ if !statement.applies(&name, resource, context) => {}
            Effect::Deny => return Decision::Denied,
            Effect::Allow => decision = Decision::Allowed,
        }
    }
    decision
}

#[cfg(test)]
mod tests {
    use super::super::ConnectedThing;
    use super::*;

    const PREFIX: &str = "arn:aws:iot:us-east-1:123456789012:";

    fn document(statements: &str) -> Document {
        Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).unwrap()
    }

    fn allow(action: &str, resource: &str) -> Document {
        document(&format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{PREFIX}{resource}"}}"#))
    }

    fn allows(policy: &Document, action: Action, resource: &str) -> bool {
        evaluate([policy], action, &format!("{PREFIX}{resource}"), &Context::default()) == Decision::Allowed
    }

    #[test]
    fn filters_are_compared_as_text() {
        use Action::{Publish, Receive, Subscribe};
        for (action, resource, request, expected) in [
            (Subscribe, "filter/$aws/things/T/jobs/*/get/*", "filter/$aws/things/T/jobs/Job1/get/+", true),
            (Subscribe, "filter/$aws/things/T/jobs/get/*", "filter/$aws/things/T/jobs/get/+", true),
            (Subscribe, "filter/$aws/things/T/jobs/#", "filter/$aws/things/T/jobs/notify", false),
            (Subscribe, "filter/$aws/things/T/jobs/#", "filter/$aws/things/T/jobs/#", true),
            (Publish, "/$aws/things/T/jobs/*/get", "/$aws/things/T/jobs/$next/get", true),
            (Publish, "/$aws/things/T/jobs/*/get", "/$aws/things/T/jobs/get", false),
            (Receive, "/$aws/things/T/jobs/*/get/*", "/$aws/things/T/jobs/get/accepted", false),
            (Receive, "/$aws/things/T/*", "/$aws/things/T/jobs/notify-next", true),
        ] {
            let policy = allow(action.name(), &format!("topic{resource}"));
            assert_eq!(allows(&policy, action, &format!("topic{request}")), expected, "{resource} {request}");
        }
    }

    #[test]
    fn what_nothing_allows_is_not_allowed() {
        let policy = allow("iot:Publish", "topic/a");
        assert!(allows(&policy, Action::Publish, "topic/a"));
        assert!(!allows(&policy, Action::Publish, "topic/b"));
        assert!(!allows(&policy, Action::Receive, "topic/a"));
        assert_eq!(evaluate([], Action::Connect, "x", &Context::default()), Decision::NotAllowed);
    }

    #[test]
    fn actions_take_wildcards_and_any_case() {
        for action in ["iot:*", "IOT:pub*", "*", "iot:Publis?"] {
            assert!(allows(&allow(action, "*"), Action::Publish, "topic/a"), "{action}");
        }
        assert!(!allows(&allow("iot:Pub*", "*"), Action::RetainPublish, "topic/a"));
    }

    #[test]
    fn an_explicit_deny_wins_in_any_document_and_order() {
        let allowing = allow("iot:*", "*");
        let denying = document(
            r#"{"Effect":"Deny","Action":"iot:Publish","Resource":"arn:aws:iot:*:*:topic/secret/*"}"#,
        );
        for documents in [[&allowing, &denying], [&denying, &allowing]] {
            let decide = |topic: &str| {
                evaluate(documents, Action::Publish, &format!("{PREFIX}topic/{topic}"), &Context::default())
            };
            assert_eq!(decide("secret/1"), Decision::Denied);
            assert_eq!(decide("public"), Decision::Allowed);
        }
    }

    #[test]
    fn thing_variables_need_a_thing() {
        let policy = allow(
            "iot:Publish",
            "topic/${iot:Connection.Thing.ThingName}/${iot:Connection.Thing.Attributes[room]}",
        );
        let topic = format!("{PREFIX}topic/T/kitchen");
        let mut context = Context::default();
        assert_eq!(evaluate([&policy], Action::Publish, &topic, &context), Decision::NotAllowed);
        let attributes = [("room".to_owned(), "kitchen".to_owned())].into();
        context.thing = Some(ConnectedThing { name: "T".into(), type_name: None, attributes });
        assert_eq!(evaluate([&policy], Action::Publish, &topic, &context), Decision::Allowed);
    }

    #[test]
    fn a_deny_with_an_unresolved_variable_does_not_match() {
        let policy = document(
            r#"{"Effect":"Allow","Action":"*","Resource":"*"},
               {"Effect":"Deny","Action":"*","Resource":"arn:aws:iot:*:*:topic/${iot:Connection.Thing.ThingName}"}"#,
        );
        assert!(allows(&policy, Action::Publish, "topic/T"));
    }

    #[test]
    fn conditions_narrow_a_statement() {
        let policy = document(
            r#"{"Effect":"Allow","Action":"iot:Connect","Resource":"*","Condition":{
                 "Bool":{"iot:Connection.Thing.IsAttached":["true"]},
                 "StringLike":{"iot:ClientId":"room-*"},
                 "ForAllValues:StringEquals":{"iot:ConnectAttributes":["PersistentConnect"]}}}"#,
        );
        let connect = |context: &Context| evaluate([&policy], Action::Connect, "client", context);
        let mut context = Context {
            client_id: Some("room-1".into()),
            thing: Some(ConnectedThing::default()),
            ..Context::default()
        };
        assert_eq!(connect(&context), Decision::Allowed);
        context.connect_attributes = vec!["PersistentConnect"];
        assert_eq!(connect(&context), Decision::Allowed);
        context.connect_attributes = vec!["PersistentConnect", "LastWill"];
        assert_eq!(connect(&context), Decision::NotAllowed);
        context.connect_attributes.clear();
        context.client_id = Some("hall-1".into());
        assert_eq!(connect(&context), Decision::NotAllowed);
        context.client_id = Some("room-1".into());
        context.thing = None;
        assert_eq!(connect(&context), Decision::NotAllowed);
    }

    #[test]
    fn bool_takes_a_string_and_a_bool_of_json() {
        for (value, thing, expected) in [
            ("true", Some(ConnectedThing::default()), Decision::Allowed),
            (r#""TRUE""#, Some(ConnectedThing::default()), Decision::Allowed),
            ("false", Some(ConnectedThing::default()), Decision::NotAllowed),
        ] {
            let policy = document(&format!(
                r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{
                     "Bool":{{"iot:Connection.Thing.IsAttached":{value}}}}}}}"#
            ));
            let context = Context { thing, ..Context::default() };
            assert_eq!(evaluate([&policy], Action::Connect, "client", &context), expected, "{value}");
        }
    }

    #[test]
    fn not_action_and_not_resource_are_about_all_but_what_they_list() {
        let policy = document(&format!(
            r#"{{"Effect":"Allow","NotAction":["iot:Subscribe","iot:Conn*"],"NotResource":"{PREFIX}topic/a*"}}"#
        ));
        assert!(allows(&policy, Action::Publish, "topic/b"));
        assert!(!allows(&policy, Action::Publish, "topic/ab"));
        assert!(!allows(&policy, Action::Connect, "topic/b"));
        let unresolved = document(
            r#"{"Effect":"Allow","Action":"*","NotResource":"arn:aws:iot:*:*:topic/${iot:Connection.Thing.ThingName}"}"#,
        );
        assert!(!allows(&unresolved, Action::Publish, "topic/b"));
    }

    #[test]
    fn string_equals_takes_no_wildcards() {
        for (value, other) in [("a*", "ab"), ("a?", "ab")] {
            let policy = document(&format!(
                r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringEquals":{{"iot:ClientId":"{value}"}}}}}}"#
            ));
            let with = |client_id: &str| Context { client_id: Some(client_id.into()), ..Context::default() };
            assert_eq!(evaluate([&policy], Action::Connect, "x", &with(other)), Decision::NotAllowed);
            assert_eq!(evaluate([&policy], Action::Connect, "x", &with(value)), Decision::Allowed);
        }
    }

    #[test]
    fn an_absent_key_meets_negated_conditions_and_those_with_if_exists() {
        let met = |operator: &str, key: &str| {
            let policy = document(&format!(
                r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"{operator}":{{"{key}":"lamp"}}}}}}"#
            ));
            allows(&policy, Action::Connect, "client")
        };
        for (operator, expected) in [
            ("StringEquals", false),
            ("StringLike", false),
            ("Bool", false),
            ("StringNotEquals", true),
            ("StringNotLike", true),
            ("ForAllValues:StringEquals", true),
            ("ForAllValues:StringNotLike", true),
            ("ForAnyValue:StringEquals", false),
            ("ForAnyValue:StringNotLike", false),
        ] {
            for key in ["iot:Connection.Thing.ThingTypeName", "iot:ConnectAttributes", "other"] {
                assert_eq!(met(operator, key), expected, "{operator} {key}");
                assert!(met(&format!("{operator}IfExists"), key), "{operator}IfExists {key}");
            }
        }
    }

    #[test]
    fn if_exists_changes_nothing_for_a_key_that_is_there() {
        let context = Context { client_id: Some("lamp".into()), ..Context::default() };
        for operator in ["StringEquals", "StringLike", "StringNotEquals", "ForAnyValue:StringNotLike"] {
            for value in ["lamp", "door"] {
                let decide = |operator: &str| {
                    let policy = document(&format!(
                        r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"{operator}":{{"iot:ClientId":"{value}"}}}}}}"#
                    ));
                    evaluate([&policy], Action::Connect, "client", &context)
                };
                assert_eq!(decide(&format!("{operator}IfExists")), decide(operator), "{operator} {value}");
            }
        }
    }

    #[test]
    fn a_deny_of_all_but_one_thing_type_keeps_out_who_has_none() {
        let policy = document(
            r#"{"Effect":"Allow","Action":"iot:Connect","Resource":"*"},
               {"Effect":"Deny","Action":"iot:Connect","Resource":"*","Condition":{
                 "StringNotEquals":{"iot:Connection.Thing.ThingTypeName":"lamp"}}}"#,
        );
        assert!(!allows(&policy, Action::Connect, "client/T"));
    }
}
