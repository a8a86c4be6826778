//! Things, thing groups, job templates and tags.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::{ARN, Bench, from, message};
use crate::service::state::Rejected;

fn create_thing(bench: &mut Bench, name: &str, body: Value) -> Result<Value, Rejected> {
    let outcome = bench.state.create_thing(bench.now, name, Uuid::from_u128(9), &from(body));
    bench.take(outcome)
}

fn create_group(bench: &mut Bench, name: &str, body: Value) -> Result<Value, Rejected> {
    let outcome = bench.state.create_thing_group(bench.now, name, Uuid::from_u128(9), from(body));
    bench.take(outcome)
}

#[test]
fn the_same_thing_again_is_no_error_another_one_is() {
    let mut bench = Bench::with_things([]);
    let body = json!({ "attributePayload": { "attributes": { "a": "1" } } });
    let first = create_thing(&mut bench, "T", body.clone()).unwrap();
    assert_eq!(first["thingArn"], format!("{ARN}thing/T"));
    assert_eq!(create_thing(&mut bench, "T", body).unwrap(), first);
    let other = create_thing(&mut bench, "T", json!({})).unwrap_err();
    assert!(matches!(other, Rejected::ResourceAlreadyExists { resource_id, .. } if resource_id == "T"));
    assert!(matches!(create_thing(&mut bench, "a b", json!({})), Err(Rejected::InvalidRequest(_))));
    let described = serde_json::to_value(bench.state.describe_thing("T").unwrap()).unwrap();
    assert_eq!(described["defaultClientId"], "T");
    assert_eq!((&described["version"], &described["attributes"]), (&json!(1), &json!({ "a": "1" })));
    assert!(matches!(bench.state.describe_thing("U"), Err(Rejected::ResourceNotFound(_))));
}

#[test]
fn a_thing_is_in_ten_groups_at_the_most_and_in_one_of_a_hierarchy() {
    let mut bench = Bench::with_things(["T"]);
    let join = |bench: &mut Bench, group: &str| {
        let membership = from(json!({ "thingName": "T", "thingGroupName": group }));
        bench.state.add_thing_to_thing_group(bench.now, &membership).reply
    };
    create_group(&mut bench, "root", json!({})).unwrap();
    for child in ["left", "right"] {
        create_group(&mut bench, child, json!({ "parentGroupName": "root" })).unwrap();
    }
    join(&mut bench, "left").unwrap();
    join(&mut bench, "left").unwrap();
    for other in ["root", "right"] {
        let said =
            format!("Thing T cannot be added to thing group {other}, it is in left of the same hierarchy.");
        assert_eq!(message(join(&mut bench, other)), said);
    }
    for number in 2..=11 {
        let group = format!("G{number}");
        create_group(&mut bench, &group, json!({})).unwrap();
        let joined = join(&mut bench, &group);
        if number == 11 {
            assert_eq!(message(joined), "Thing T cannot be in more than 10 thing groups.");
        } else {
            joined.unwrap();
        }
    }
    join(&mut bench, "G10").unwrap();
}

#[test]
fn a_hierarchy_of_groups_is_seven_levels_deep_at_the_most() {
    let mut bench = Bench::with_things([]);
    create_group(&mut bench, "level-1", json!({})).unwrap();
    for level in 2..=8 {
        let parent = json!({ "parentGroupName": format!("level-{}", level - 1) });
        let created = create_group(&mut bench, &format!("level-{level}"), parent);
        if level == 8 {
            assert_eq!(message(created), "A thing group hierarchy cannot be more than 7 levels deep.");
        } else {
            created.unwrap();
        }
    }
}

#[test]
fn update_thing_replaces_or_merges_attributes_and_counts_versions() {
    let mut bench = Bench::with_things(["T"]);
    let update = |bench: &mut Bench, body: Value| bench.state.update_thing("T", from(body)).reply;
    let attributes = |bench: &Bench| bench.state.describe_thing("T").unwrap().attributes;
    update(&mut bench, json!({ "attributePayload": { "attributes": { "a": "1", "b": "2" } } })).unwrap();
    update(&mut bench, json!({ "attributePayload": { "attributes": { "a": "", "c": "3" }, "merge": true } }))
        .unwrap();
    assert_eq!(attributes(&bench).into_keys().collect::<Vec<_>>(), ["b", "c"]);
    let wrong = update(&mut bench, json!({ "expectedVersion": 1 })).unwrap_err();
    let said = "The version for thing T does not match the expected version.";
    assert_eq!(wrong, Rejected::VersionConflict(said.into()));
    bench.create_type("lamp");
    update(&mut bench, json!({ "expectedVersion": 3, "thingTypeName": "lamp", "attributePayload": {} }))
        .unwrap();
    assert!(attributes(&bench).is_empty());
    let both = json!({ "thingTypeName": "lamp", "removeThingType": true });
    assert!(matches!(update(&mut bench, both), Err(Rejected::InvalidRequest(_))));
    update(&mut bench, json!({ "removeThingType": true })).unwrap();
    assert_eq!(bench.state.describe_thing("T").unwrap().thing_type_name, None);
    assert!(matches!(bench.state.delete_thing("T", Some(1)).reply, Err(Rejected::VersionConflict(_))));
    assert!(bench.state.delete_thing("T", Some(5)).reply.is_ok());
    assert!(bench.state.delete_thing("T", None).reply.is_ok(), "success either way");
}

#[test]
fn things_are_listed_by_attribute_and_type() {
    let mut bench = Bench::with_things([]);
    bench.create_type("lamp");
    bench.create_type("door");
    for (name, kind, color) in [("a", "lamp", "red"), ("b", "lamp", "reddish"), ("c", "door", "red")] {
        let body = json!({ "thingTypeName": kind, "attributePayload": { "attributes": { "color": color } } });
        create_thing(&mut bench, name, body).unwrap();
    }
    let list = |query: Value| -> Vec<String> {
        let page = bench.state.list_things(&from(query)).unwrap();
        page.things.into_iter().map(|thing| thing.thing_name.to_string()).collect()
    };
    assert_eq!(list(json!({})), ["a", "b", "c"]);
    assert_eq!(list(json!({ "thingTypeName": "lamp" })), ["a", "b"]);
    assert_eq!(list(json!({ "attributeName": "color", "attributeValue": "red" })), ["a", "c"]);
    let prefix =
        json!({ "attributeName": "color", "attributeValue": "red", "usePrefixAttributeValue": true });
    assert_eq!(list(prefix), ["a", "b", "c"]);
    assert_eq!(list(json!({ "attributeName": "size" })), [""; 0]);
}

#[test]
fn thing_groups_form_a_tree() {
    let mut bench = Bench::with_things(["T", "U"]);
    create_group(&mut bench, "root", json!({})).unwrap();
    create_group(&mut bench, "child", json!({ "parentGroupName": "root" })).unwrap();
    create_group(&mut bench, "leaf", json!({ "parentGroupName": "child" })).unwrap();
    let orphan = message(create_group(&mut bench, "x", json!({ "parentGroupName": "nope" })));
    assert_eq!(orphan, "Cannot create group using non-existing group as parent : nope");
    let differs = create_group(&mut bench, "child", json!({})).unwrap_err();
    assert_eq!(
        differs.to_string(),
        "Thing Group child already exists in current account with different properties"
    );
    let described = serde_json::to_value(bench.state.describe_thing_group("leaf").unwrap()).unwrap();
    let path = described["thingGroupMetadata"]["rootToParentThingGroups"].as_array().unwrap();
    assert_eq!(path.iter().map(|group| &group["groupName"]).collect::<Vec<_>>(), ["root", "child"]);

    let by_arn =
        json!({ "thingArn": format!("{ARN}thing/T"), "thingGroupArn": format!("{ARN}thinggroup/leaf") });
    for body in [by_arn.clone(), by_arn, json!({ "thingName": "U", "thingGroupName": "root" })] {
        let outcome = bench.state.add_thing_to_thing_group(bench.now, &from(body));
        bench.take(outcome).unwrap();
    }
    let things = |group: &str, recursive: bool| {
        let query = from(json!({ "recursive": recursive }));
        let page = bench.state.list_things_in_thing_group(group, &query).unwrap();
        page.things.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(things("root", false), ["U"]);
    assert_eq!(things("root", true), ["T", "U"]);
    let groups = |query: Value| {
        let page = bench.state.list_thing_groups(&from(query)).unwrap();
        page.thing_groups.iter().map(|group| group.group_name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(groups(json!({})), ["child", "leaf", "root"]);
    assert_eq!(groups(json!({ "recursive": false })), ["root"]);
    assert_eq!(groups(json!({ "parentGroup": "root" })), ["child", "leaf"]);
    assert_eq!(groups(json!({ "parentGroup": "root", "recursive": false })), ["child"]);
    assert_eq!(groups(json!({ "namePrefixFilter": "le" })), ["leaf"]);
    let of_thing = bench.state.list_thing_groups_for_thing("T", &from(json!({}))).unwrap();
    assert_eq!(of_thing.thing_groups.len(), 1);

    bench.create("J", "thinggroup/root", json!({})).unwrap();
    assert_eq!(bench.job("J")["jobProcessDetails"]["numberOfQueuedThings"], 2);
    assert!(message(bench.state.delete_thing_group(bench.now, "root", None).reply).contains("child groups"));
    assert!(bench.state.delete_thing_group(bench.now, "leaf", Some(1)).reply.is_ok());
    assert!(bench.state.delete_thing_group(bench.now, "leaf", None).reply.is_ok(), "success either way");
}

#[test]
fn a_membership_of_something_unknown_is_not_found() {
    let mut bench = Bench::with_things(["T"]);
    create_group(&mut bench, "G", json!({})).unwrap();
    for body in [
        json!({ "thingName": "X", "thingGroupName": "G" }),
        json!({ "thingName": "T", "thingGroupName": "X" }),
    ] {
        let reply = bench.state.add_thing_to_thing_group(bench.now, &from(body)).reply;
        assert!(matches!(reply, Err(Rejected::ResourceNotFound(_))));
    }
}

#[test]
fn a_job_made_from_a_template_takes_its_document_and_configurations() {
    let mut bench = Bench::with_things(["T"]);
    let template = json!({
        "description": "reboots", "document": "{\"a\": 1}",
        "timeoutConfig": { "inProgressTimeoutInMinutes": 7 },
    });
    let outcome = bench.state.create_job_template(bench.now, "tpl", from(template.clone()));
    let created = bench.take(outcome).unwrap();
    let arn = created["jobTemplateArn"].as_str().unwrap();
    let twice = bench.state.create_job_template(bench.now, "tpl", from(template)).reply;
    assert_eq!(message(twice), "Job Template tpl already exists.");
    let described = bench.state.describe_job_template("tpl").unwrap();
    let described = serde_json::to_value(described).unwrap();
    assert_eq!(described["presignedUrlConfig"], json!({ "roleArn": null, "expiresInSec": null }));
    assert_eq!(described["timeoutConfig"], json!({ "inProgressTimeoutInMinutes": 7 }));
    assert_eq!(described["documentSource"], json!(null));

    bench.create("J", "thing/T", json!({ "document": null, "jobTemplateArn": arn })).unwrap();
    assert_eq!(bench.state.get_job_document("J", false).unwrap().document, "{\"a\": 1}");
    assert_eq!(bench.job("J")["timeoutConfig"]["inProgressTimeoutInMinutes"], 7);
    assert_eq!(bench.job("J")["jobTemplateArn"], arn);
    let own = json!({ "document": null, "jobTemplateArn": arn, "timeoutConfig": { "inProgressTimeoutInMinutes": 9 } });
    bench.create("K", "thing/T", own).unwrap();
    assert_eq!(bench.job("K")["timeoutConfig"]["inProgressTimeoutInMinutes"], 9, "explicit members win");
    bench.create("L", "thing/T", json!({ "document": "{\"b\": 2}", "jobTemplateArn": arn })).unwrap();
    assert_eq!(bench.state.get_job_document("L", false).unwrap().document, "{\"b\": 2}", "the document too");
    let job =
        bench.create("M", "thing/T", json!({ "document": null, "jobTemplateArn": format!("{ARN}job/J") }));
    assert_eq!(message(job), "Resource type should be jobtemplate but found invalid resource type job");

    let copy = json!({ "description": "copy", "jobArn": format!("{ARN}job/K") });
    let outcome = bench.state.create_job_template(bench.now, "copy", from(copy));
    bench.take(outcome).unwrap();
    let copied = serde_json::to_value(bench.state.describe_job_template("copy").unwrap()).unwrap();
    assert_eq!(
        (&copied["document"], &copied["timeoutConfig"]["inProgressTimeoutInMinutes"]),
        (&json!("{\"a\": 1}"), &json!(9))
    );
    let own = json!({ "description": "own", "document": "{\"b\": 2}", "jobArn": format!("{ARN}job/K") });
    let outcome = bench.state.create_job_template(bench.now, "own", from(own));
    bench.take(outcome).unwrap();
    let own = serde_json::to_value(bench.state.describe_job_template("own").unwrap()).unwrap();
    assert_eq!(
        (&own["document"], &own["timeoutConfig"]["inProgressTimeoutInMinutes"]),
        (&json!("{\"b\": 2}"), &json!(9))
    );
    let list = bench.state.list_job_templates(&from(json!({}))).unwrap();
    assert_eq!(
        list.job_templates.iter().map(|it| it.job_template_id.as_str()).collect::<Vec<_>>(),
        ["own", "copy", "tpl"]
    );

    bench.state.delete_job_template("tpl").reply.unwrap();
    assert_eq!(message(bench.state.describe_job_template("tpl")), "Job Template tpl cannot be found.");
    assert!(bench.state.describe_job(bench.now, "J").is_ok(), "its jobs stay");
}

#[test]
fn templates_refuse_in_the_words_of_aws() {
    let mut bench = Bench::with_things([]);
    let mut refused =
        |body: Value| message(bench.state.create_job_template(bench.now, "tpl", from(body)).reply);
    assert_eq!(
        refused(json!({ "description": "d" })),
        "Neither job document nor job document source is specified."
    );
    assert_eq!(
        refused(json!({ "description": "d", "jobArn": format!("{ARN}job/X") })),
        "Job X cannot be found."
    );
}

#[test]
fn a_resource_has_fifty_tags_at_most() {
    let mut bench = Bench::with_things(["T"]);
    let tags = |count: u32| -> Vec<Value> {
        (0..count).map(|n| json!({ "Key": n.to_string(), "Value": "v" })).collect()
    };
    bench.create("fifty", "thing/T", json!({ "tags": tags(50) })).unwrap();
    let over = bench.create("over", "thing/T", json!({ "tags": tags(51) }));
    assert!(matches!(over, Err(Rejected::InvalidRequest(_))), "{over:?}");
    bench.create("none", "thing/T", json!({})).unwrap();
    let tag = |bench: &mut Bench, job: &str, count| {
        let arn = format!("{ARN}job/{job}");
        bench.state.tag_resource(from(json!({ "resourceArn": arn, "tags": tags(count) }))).reply
    };
    assert!(matches!(tag(&mut bench, "none", 51), Err(Rejected::InvalidRequest(_))));
    tag(&mut bench, "none", 50).unwrap();
    // The same keys again are no more than there were.
    tag(&mut bench, "fifty", 50).unwrap();
}

#[test]
fn resources_carry_tags_until_they_are_deleted() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", json!({ "tags": [{ "Key": "b", "Value": "2" }] })).unwrap();
    let arn = format!("{ARN}job/J");
    let tag =
        json!({ "resourceArn": arn, "tags": [{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "3" }] });
    bench.state.tag_resource(from(tag)).reply.unwrap();
    let tags =
        |bench: &Bench| serde_json::to_string(&bench.state.list_tags_for_resource(&arn).unwrap()).unwrap();
    assert_eq!(
        tags(&bench),
        r#"{"tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":"3"}],"nextToken":null}"#
    );
    bench.state.untag_resource(from(json!({ "resourceArn": arn, "tagKeys": ["b", "x"] }))).reply.unwrap();
    assert_eq!(tags(&bench), r#"{"tags":[{"Key":"a","Value":"1"}],"nextToken":null}"#);
    let many: Vec<Value> = (0..50).map(|n| json!({ "Key": n.to_string(), "Value": "v" })).collect();
    let over = bench.state.tag_resource(from(json!({ "resourceArn": arn, "tags": many }))).reply;
    assert!(matches!(over, Err(Rejected::LimitExceeded(_))));
    assert!(matches!(
        bench.state.tag_resource(from(json!({ "tags": [] }))).reply,
        Err(Rejected::InvalidRequest(_))
    ));
    let outcome = bench.state.delete_job(bench.now, "J", true);
    bench.take(outcome).unwrap();
    assert_eq!(tags(&bench), r#"{"tags":[],"nextToken":null}"#);
    assert!(matches!(bench.state.list_tags_for_resource("J"), Err(Rejected::InvalidRequest(_))));
}
