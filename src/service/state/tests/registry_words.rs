//! The words in which AWS refuses what its model allows of the registry, tags and policies, each test by the rule that
//! it is about.

use serde_json::{Value, json};

use super::bench::{ARN, Bench, from, message};
use crate::service::state::Rejected;

#[test]
fn tags_are_refused_in_the_words_of_what_they_are_for() {
    let mut bench = Bench::with_things(["T"]);
    let aws = json!({ "tags": [{ "Key": "a", "Value": "" }, { "Key": "AWS:x", "Value": "v" }] });
    let said = r#"Tags cannot begin with "aws:", offending tag: AWS:x"#;
    assert_eq!(message(bench.create("J", "thing/T", aws)), said);
    let no_value = json!({ "tags": [{ "Key": "a" }] });
    let of_job = "Invalid tag parameter exception. Please check the input.";
    assert_eq!(message(bench.create("J", "thing/T", no_value.clone())), of_job);
    let group = bench.state.create_thing_group(bench.now, "G", uuid::Uuid::nil(), from(no_value)).reply;
    assert_eq!(message(group), "All tags in request should have keys and values.");
    bench
        .create(
            "J",
            "thing/T",
            json!({ "tags": [{ "Key": "a", "Value": "1" }, { "Key": "a", "Value": "2" }] }),
        )
        .unwrap();
    let arn = format!("{ARN}job/J");
    assert_eq!(bench.state.list_tags_for_resource(&arn).unwrap().tags[0].value.as_deref(), Some("2"));
    let mut tag = |arn: &str, tags: Value| {
        message(bench.state.tag_resource(from(json!({ "resourceArn": arn, "tags": tags }))).reply)
    };
    assert_eq!(tag(&arn, json!([{ "Key": "a" }])), "Invalid request exception. Please check the input.");
    assert_eq!(tag(&arn, json!([])), "The validated collection is empty");
    let many: Vec<_> = (0..51).map(|n| json!({ "Key": n.to_string(), "Value": "v" })).collect();
    let too_many = "Too many tags provided in the request. Please check the input.";
    assert_eq!(tag(&arn, json!(many)), too_many);
    let one = json!([{ "Key": "a", "Value": "v" }]);
    for (arn, said) in [
        ("J".to_owned(), "Invalid arn in request"),
        ("arn:aws:s3:::bucket".to_owned(), "Invalid arn in request"),
        (
            "arn:aws:iot:us-east-1:210987654321:job/J".to_owned(),
            "ResourceArn doesn't belong in requester's account",
        ),
        (format!("{ARN}thing/T"), "Invalid resource type in ARN: thing"),
        (format!("{ARN}cert/c"), "Invalid resource type in ARN: cert"),
        (format!("{ARN}job/X"), "Job X cannot be found."),
        (format!("{ARN}jobtemplate/X"), "Job Template X cannot be found."),
        (format!("{ARN}thinggroup/X"), "Thing Group X does not exist."),
        (format!("{ARN}policy/X"), "This resource is not found"),
    ] {
        assert_eq!(tag(&arn, one.clone()), said, "{arn}");
    }
    assert!(bench.state.list_tags_for_resource(&format!("{ARN}job/X")).unwrap().tags.is_empty());
}

#[test]
fn a_thing_group_is_the_same_again_with_the_same_tags() {
    let mut bench = Bench::with_things([]);
    let mut create = |more: Value| {
        let request = from(more);
        bench.state.create_thing_group(bench.now, "G", uuid::Uuid::nil(), request).reply
    };
    let tags = json!({ "tags": [{ "Key": "a", "Value": "1" }] });
    create(tags.clone()).unwrap();
    create(tags).unwrap();
    create(json!({ "tags": [{ "Key": "a", "Value": "1" }], "thingGroupProperties": { "attributePayload": { "attributes": {}, "merge": true } } })).unwrap();
    let differs = |what: &str| {
        Rejected::GroupAlreadyExists(format!(
            "{what} already exists in current account with different properties"
        ))
    };
    assert_eq!(create(json!({})).unwrap_err(), differs("Resource ARN"));
    let described = json!({ "thingGroupProperties": { "thingGroupDescription": "d" } });
    assert_eq!(create(described).unwrap_err(), differs("Thing Group G"));
}

#[test]
fn a_root_group_has_no_path() {
    let mut bench = Bench::with_things([]);
    bench.state.create_thing_group(bench.now, "G", uuid::Uuid::nil(), from(json!({}))).reply.unwrap();
    let described = serde_json::to_value(bench.state.describe_thing_group("G").unwrap()).unwrap();
    assert_eq!(described["thingGroupMetadata"].get("rootToParentThingGroups"), None);
    let child = from(json!({ "parentGroupName": "G" }));
    bench.state.create_thing_group(bench.now, "H", uuid::Uuid::nil(), child).reply.unwrap();
    assert_eq!(
        message(bench.state.delete_thing_group(bench.now, "G", None).reply),
        "Cannot delete thing group : G when there are still child groups attached to it"
    );
    assert_eq!(
        message(bench.state.delete_thing_group(bench.now, "H", Some(2)).reply),
        "The version for thing group H does not match the expected version."
    );
}

#[test]
fn a_membership_names_both_sides_once_or_alike() {
    let mut bench = Bench::with_things(["T"]);
    bench.state.create_thing_group(bench.now, "G", uuid::Uuid::nil(), from(json!({}))).reply.unwrap();
    let (thing, group) = (format!("{ARN}thing/T"), format!("{ARN}thinggroup/G"));
    for (body, said) in [
        (json!({}), "Both thingGroupArn and thingGroupName are empty. Need to specify at least one of them"),
        (
            json!({ "thingGroupName": "X" }),
            "Both thingArn and thingName are empty. Need to specify at least one of them",
        ),
        (json!({ "thingGroupArn": thing, "thingName": "X" }), "Invalid ThingGroupArn"),
        (json!({ "thingGroupArn": group, "thingArn": "T" }), "Invalid ThingArn"),
        (
            json!({ "thingGroupArn": group, "thingGroupName": "H" }),
            "ThingGroupName from thingGroupArn does not match specified thingGroupName in request",
        ),
        (
            json!({ "thingGroupName": "G", "thingArn": thing, "thingName": "U" }),
            "ThingName from thingArn does not match specified thingName in request",
        ),
        (json!({ "thingGroupName": "X", "thingName": "Y" }), "ThingGroup 123456789012:X not found."),
        (json!({ "thingGroupName": "G", "thingName": "Y" }), "Thing Y not found."),
    ] {
        let reply = bench.state.add_thing_to_thing_group(bench.now, &from(body.clone())).reply;
        assert_eq!(message(reply), said, "{body}");
    }
    let alike = json!({ "thingGroupArn": group, "thingGroupName": "G", "thingArn": thing, "thingName": "T" });
    let outcome = bench.state.add_thing_to_thing_group(bench.now, &from(alike));
    bench.take(outcome).unwrap();
}

#[test]
fn what_the_registry_does_not_know_is_named_by_each_operation_in_its_own_way() {
    let mut bench = Bench::with_things(["T"]);
    let unknown = format!("{ARN}cert/{}", "0".repeat(64));
    let state = &mut bench.state;
    let none = || from(json!({}));
    assert_eq!(message(state.describe_thing("X")), "Thing 123456789012:X not found.");
    assert_eq!(message(state.update_thing("X", from(json!({}))).reply), "Thing X not found.");
    assert_eq!(message(state.list_thing_groups_for_thing("X", &from(json!({})))), "thing does not exist");
    assert_eq!(
        message(state.list_thing_principals("X", &none())),
        "Failed to list principals for thingX because the thing does not exist in your account"
    );
    assert_eq!(
        message(state.attach_thing_principal("X", "arn", None).reply),
        "Failed to attach the principal arn to thing X because the thing does not exist in your account"
    );
    let certificate = "The certificate given in the principal does not exist.";
    assert_eq!(message(state.attach_thing_principal("T", &unknown, None).reply), certificate);
    assert_eq!(message(state.describe_thing_group("X")), "ThingGroup 123456789012:X not found.");
    assert_eq!(message(state.describe_certificate("00")), "CertificateId 00 does not exist");
    assert_eq!(message(state.get_policy("X")), "Policy default version not found");
    assert_eq!(message(state.list_policy_versions("X")), "Policy not found");
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let policy = json!({ "policyDocument": document });
    state.create_policy(bench.now, "P", from(policy)).reply.unwrap();
    assert_eq!(
        message(state.get_policy_version("P", "7")),
        "Policy version does not exist (name=P, versionId=7)"
    );
    let mut attach =
        |target: &str| message(state.attach_policy("P", &from(json!({ "target": target }))).reply);
    assert_eq!(attach(&unknown), certificate);
    assert_eq!(
        attach(&format!("{ARN}thinggroup/X")),
        "Cannot find requested thing group for accountId: 123456789012 and thing group name: X"
    );
}

#[test]
fn a_policy_in_use_is_not_deleted() {
    let mut bench = Bench::with_things([]);
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let policy = || from(json!({ "policyDocument": document }));
    let (now, state) = (bench.now, &mut bench.state);
    state.create_policy(now, "P", policy()).reply.unwrap();
    state.create_thing_group(now, "G", uuid::Uuid::nil(), from(json!({}))).reply.unwrap();
    let target = from(json!({ "target": format!("{ARN}thinggroup/G") }));
    state.attach_policy("P", &target).reply.unwrap();
    assert_eq!(
        message(state.delete_policy("P").reply),
        "The policy cannot be deleted as the policy is attached to one or more principals (name=P)"
    );
    state.create_policy_version(now, "P", false, policy()).reply.unwrap();
    assert_eq!(
        message(state.delete_policy("P").reply),
        "The policy cannot be deleted as multiple versions of the policy exist (name=P). Use DeletePolicyVersion \
         action to delete all non-default versions of the policy and retry."
    );
}

#[test]
fn a_thing_without_a_type_has_three_attributes_and_a_group_fifty() {
    let mut bench = Bench::with_things(["T"]);
    let attributes = |count: u32| {
        let attributes: serde_json::Map<_, _> = (0..count).map(|n| (n.to_string(), json!("v"))).collect();
        json!({ "attributes": attributes })
    };
    let said = "To use more than 3 attributes, a thing must have a type specified.";
    let four = json!({ "attributePayload": attributes(4) });
    let create = bench.state.create_thing(bench.now, "U", uuid::Uuid::nil(), &from(four.clone())).reply;
    assert_eq!(message(create), said);
    assert_eq!(message(bench.state.update_thing("T", from(four)).reply), said);
    bench.state.update_thing("T", from(json!({ "attributePayload": attributes(3) }))).reply.unwrap();
    let properties = json!({ "thingGroupProperties": { "attributePayload": attributes(51) } });
    let group = bench.state.create_thing_group(bench.now, "G", uuid::Uuid::nil(), from(properties)).reply;
    assert_eq!(
        message(group),
        "Too many attributes specified. The maximum number of attributes allowed for a thing group is 50"
    );
}
