//! Policy documents are read or refused in one line, and each statement counts for itself.

use super::document::Statement;
use super::{Action, ConnectedThing, Context, Decision, Document, evaluate};

/// Reads an action, a resource and a client id in the first line, a document in each of the others.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let mut words = lines.next().unwrap_or_default().split(' ');
    let action = match words.next() {
        Some("Connect") => Action::Connect,
        Some("Publish") => Action::Publish,
        Some("RetainPublish") => Action::RetainPublish,
        Some("Receive") => Action::Receive,
        Some("UpdateJobExecution") => Action::UpdateJobExecution,
        _ => Action::Subscribe,
    };
    let resource = words.next().unwrap_or_default();
    let client_id = words.next().unwrap_or_default();
    let context = Context {
        client_id: Some(client_id.to_owned()),
        source_ip: Some([192, 0, 2, 1].into()),
        thing: (client_id == "T").then(|| ConnectedThing {
            name: "T".to_owned(),
            type_name: Some("lamp".to_owned()),
            attributes: [("room".to_owned(), "kitchen".to_owned())].into(),
        }),
        connect_attributes: if client_id.starts_with('w') { vec!["LastWill"] } else { Vec::new() },
        ..Context::default()
    };
    let documents: Vec<Document> = lines.filter_map(read).collect();
    check_evaluation(&documents, action, resource, &context);
}

fn read(text: &str) -> Option<Document> {
    let document = Document::parse(text);
    match &document {
        Ok(_) => assert_eq!(Document::parse_any_length(text), document),
        Err(malformed) => crate::service::one_line::assert_plain(&malformed.to_string()),
    }
    document.ok()
}

/// An added Deny never allows more, an added Allow never allows less, and no order changes anything: all
/// documents together decide what their statements decide one by one, where any Deny wins.
fn check_evaluation(documents: &[Document], action: Action, resource: &str, context: &Context) {
    let alone = |statement: &Statement| {
        let document = Document { statements: vec![statement.clone()] };
        evaluate([&document], action, resource, context)
    };
    let each: Vec<_> = documents.iter().flat_map(|document| &document.statements).map(alone).collect();
    let expected = [Decision::Denied, Decision::Allowed]
        .into_iter()
        .find(|decision| each.contains(decision))
        .unwrap_or(Decision::NotAllowed);
    assert_eq!(evaluate(documents, action, resource, context), expected);
    assert_eq!(evaluate(documents.iter().rev(), action, resource, context), expected);
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::{Value, json};

    const VARIABLES: [&str; 4] = [
        "${iot:ClientId}",
        "${iot:Connection.Thing.ThingName}",
        "${iot:Connection.Thing.Attributes[room]}",
        "${aws:SourceIp}",
    ];

    fn resource() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            3 => "[abT/*?]{1,3}",
            1 => select(&VARIABLES[..]).prop_map(str::to_owned),
            1 => select(vec!["${*}", "${", "}", "$", "é"]).prop_map(str::to_owned),
        ];
        vec(part, 0..4).prop_map(|parts| format!("arn:aws:iot:::topic/{}", parts.concat()))
    }

    fn condition() -> impl Strategy<Value = Value> {
        let operator = select(vec![
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLikeIfExists",
            "ForAllValues:StringNotLike",
            "ForAnyValue:StringEquals",
            "Bool",
            "NumericEquals",
            "DateLessThanIfExists",
            "NotIpAddress",
            "ArnLike",
            "StringNotEqualsIgnoreCase",
            "Null",
        ]);
        let key = select(vec![
            "iot:ClientId",
            "iot:ConnectAttributes",
            "aws:SourceIp",
            "iot:Certificate.Subject.CommonName.List",
            "iot:Connection.Thing.IsAttached",
            "iot:Connection.Thing.ThingTypeName",
            "other",
        ]);
        let value = select(vec![
            json!("true"),
            json!(true),
            json!(["LastWill", "T"]),
            json!("*"),
            json!(1),
            json!("192.0.2.0/24"),
            json!("2026-01-31"),
            json!("${iot:Connection.Thing.ThingName}"),
            json!([]),
        ]);
        (operator, key, value).prop_map(|(operator, key, value)| json!({ operator: { key: value } }))
    }

    fn statement() -> impl Strategy<Value = Value> {
        let action = select(vec!["iot:Publish", "iot:*", "*", "IOT:Pub*", "iot:Connect", "iot:?ublish"]);
        let conditions = prop_oneof![3 => Just(None), 1 => condition().prop_map(Some)];
        (select(vec!["Allow", "Deny"]), action, vec(resource(), 1..3), conditions, any::<bool>()).prop_map(
            |(effect, action, resources, condition, negated)| {
                let (of_action, of_resource) =
                    if negated { ("NotAction", "NotResource") } else { ("Action", "Resource") };
                let mut statement = json!({ "Effect": effect, of_action: action, of_resource: resources });
                statement
                    .as_object_mut()
                    .unwrap()
                    .extend(condition.map(|condition| ("Condition".to_owned(), condition)));
                statement
            },
        )
    }

    fn document() -> impl Strategy<Value = String> {
        vec(statement(), 0..3)
            .prop_map(|statements| json!({ "Version": "2012-10-17", "Statement": statements }).to_string())
    }

    /// A document with one character changed, or none at all.
    fn near_document() -> impl Strategy<Value = String> {
        let changed = (document(), any::<prop::sample::Index>(), any::<char>()).prop_map(
            |(document, at, character)| {
                let at = at.index(document.len());
                document
                    .char_indices()
                    .map(|(index, kept)| if index == at { character } else { kept })
                    .collect()
            },
        );
        prop_oneof![changed, r#"[{}\[\]":,a-zA-Z$*?.\\ ]{0,80}"#]
    }

    proptest! {
        #[test]
        fn each_statement_counts_for_itself(
            action in select(vec!["Publish", "Connect"]),
            topic in "[abT/]{0,4}",
            client in select(vec!["T", "a*", "w", ""]),
            documents in vec(prop_oneof![4 => document(), 1 => near_document()], 0..5),
        ) {
            let data = format!("{action} arn:aws:iot:::topic/{topic} {client}\n{}", documents.join("\n"));
            super::check(data.as_bytes());
        }
    }
}
