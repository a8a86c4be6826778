//! Thing types, and which things can have one.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::{Bench, from, message};

impl Bench {
    /// A thing type without properties.
    pub(super) fn create_type(&mut self, name: &str) {
        self.state.create_thing_type(self.now, name, Uuid::new_v4(), from(json!({}))).reply.unwrap();
    }

    fn deprecate(&mut self, name: &str, undo: bool) {
        let request = from(json!({ "undoDeprecate": undo }));
        self.state.deprecate_thing_type(self.now, name, &request).reply.unwrap();
    }

    fn refused_thing(&mut self, name: &str, body: Value) -> String {
        message(self.state.create_thing(self.now, name, Uuid::new_v4(), &from(body)).reply)
    }

    fn refused_deletion(&mut self, name: &str) -> String {
        message(self.state.delete_thing_type(self.now, name).reply)
    }
}

#[test]
fn a_thing_type_is_created_once_with_its_properties() {
    let mut bench = Bench::with_things([]);
    let properties = json!({ "thingTypeDescription": "a light", "searchableAttributes": ["watt"] });
    let body = json!({ "thingTypeProperties": properties, "tags": [{ "Key": "k", "Value": "v" }] });
    let mut create = |body: &Value| {
        bench.state.create_thing_type(bench.now, "lamp", Uuid::new_v4(), from(body.clone())).reply
    };
    let made = create(&body).unwrap();
    assert_eq!(made.thing_type_arn, "arn:aws:iot:us-east-1:123456789012:thingtype/lamp");
    assert_eq!(create(&body).unwrap(), made, "the same again");
    let said = message(create(&json!({})));
    assert_eq!(said, "Thing Type lamp already exists in account with different properties");
    let many = json!({ "thingTypeProperties": { "searchableAttributes": ["a", "b", "c", "d"] } });
    assert!(message(create(&many)).starts_with("Too many searchable attributes specified."));
    let mqtt5 = json!({ "thingTypeProperties": { "mqtt5Configuration": {} } });
    let said = message(create(&mqtt5));
    assert_eq!(said, "The local Jobs service does not offer mqtt5Configuration of a thing type.");
    let described = serde_json::to_value(bench.state.describe_thing_type("lamp").unwrap()).unwrap();
    assert_eq!(described["thingTypeProperties"], properties);
    assert_eq!(described["thingTypeId"], made.thing_type_id);
    assert_eq!(described["thingTypeMetadata"]["deprecated"], false);
    assert_eq!(bench.state.list_tags_for_resource(&made.thing_type_arn).unwrap().tags.len(), 1);
}

#[test]
fn what_an_update_gives_replaces_what_was_stored() {
    let mut bench = Bench::with_things([]);
    bench.create_type("lamp");
    let mut update = |properties: Value| {
        let request = from(json!({ "thingTypeProperties": properties }));
        bench.state.update_thing_type("lamp", request).reply.unwrap();
        serde_json::to_value(bench.state.describe_thing_type("lamp").unwrap().thing_type_properties).unwrap()
    };
    update(json!({ "searchableAttributes": ["a", "b"] }));
    let updated = update(json!({ "thingTypeDescription": "a light" }));
    assert_eq!(updated, json!({ "thingTypeDescription": "a light", "searchableAttributes": ["a", "b"] }));
    assert_eq!(update(json!({ "searchableAttributes": [] }))["searchableAttributes"], json!([]));
}

#[test]
fn a_thing_has_a_type_that_exists_and_is_not_deprecated() {
    let mut bench = Bench::with_things(["T"]);
    let lamp = json!({ "thingTypeName": "lamp" });
    assert_eq!(bench.refused_thing("U", lamp.clone()), "Thing Type 123456789012:lamp not found.");
    let group = json!({ "billingGroupName": "g" });
    assert_eq!(bench.refused_thing("U", group), "Billing Group 123456789012:g not found.");
    let said = message(bench.state.update_thing("T", from(lamp.clone())).reply);
    assert_eq!(said, "Thing Type 123456789012:lamp not found.");
    bench.create_type("lamp");
    bench.state.update_thing("T", from(lamp.clone())).reply.unwrap();
    bench.deprecate("lamp", false);
    let deprecated = "Cannot associate a thing with the deprecated thing type : lamp";
    assert_eq!(bench.refused_thing("U", lamp.clone()), deprecated);
    bench.state.update_thing("T", from(lamp.clone())).reply.expect("it has that type already");
    bench
        .state
        .create_thing(bench.now, "T", Uuid::new_v4(), &from(lamp.clone()))
        .reply
        .expect("the same again");
    bench.deprecate("lamp", true);
    bench.state.create_thing(bench.now, "U", Uuid::new_v4(), &from(lamp)).reply.unwrap();
}

#[test]
fn a_thing_type_can_be_deleted_five_minutes_after_its_deprecation_once_no_thing_has_it() {
    let mut bench = Bench::with_things(["T"]);
    bench.create_type("lamp");
    bench.state.update_thing("T", from(json!({ "thingTypeName": "lamp" }))).reply.unwrap();
    let wait = "Cannot delete thing type : lamp. Please wait for 5 minutes after deprecation and then retry";
    assert_eq!(bench.refused_deletion("lamp"), wait);
    bench.deprecate("lamp", false);
    bench.wait_minutes(4);
    // Once more changes nothing.
    bench.deprecate("lamp", false);
    assert_eq!(bench.refused_deletion("lamp"), wait);
    bench.wait_minutes(1);
    assert!(bench.refused_deletion("lamp").ends_with("There are still things associated with it"));
    bench.state.update_thing("T", from(json!({ "removeThingType": true }))).reply.unwrap();
    bench.state.delete_thing_type(bench.now, "lamp").reply.unwrap();
    assert_eq!(bench.refused_deletion("lamp"), "Thing Type 123456789012:lamp not found.");
}

#[test]
fn thing_types_are_listed_page_by_page() {
    let mut bench = Bench::with_things([]);
    for name in ["c", "a", "b"] {
        bench.create_type(name);
    }
    let list = |query: Value| {
        let page = bench.state.list_thing_types(&from(query)).unwrap();
        let names: Vec<_> = page.thing_types.into_iter().map(|entry| entry.thing_type_name).collect();
        (names.concat(), page.next_token)
    };
    let (first, token) = list(json!({ "maxResults": 2 }));
    assert_eq!(first, "ab");
    assert_eq!(list(json!({ "nextToken": token })), ("c".to_owned(), None));
    assert_eq!(list(json!({ "thingTypeName": "b" })).0, "b");
}
