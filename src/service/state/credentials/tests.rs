//! Certificates and policies by the rules of the API reference.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::attributes::AttributePayload;
use super::super::groups::{CreateThingGroupRequest, ThingInThingGroupRequest};
use super::super::things::CreateThingRequest;
use super::super::{Outcome, Rejected, Settings, State};
use super::attachments::{ListPrincipalsQuery, PolicyTargetRequest};
use super::certificate::CertificateRefusal;
use super::certificates::RegisterCertificateRequest;
use super::paged::ListQuery;
use super::policies::CreatePolicyRequest;
use crate::service::certificates::Authority;
use crate::service::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_748_981_603_000);
const LATER: Timestamp = Timestamp::from_millis(1_748_981_604_500);
const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

fn state() -> State {
    State::new(Settings { region: "us-east-1".into(), account: "123456789012".into() })
}

fn ok<T>(outcome: impl Into<Outcome<T>>) -> T {
    let outcome = outcome.into();
    assert!(outcome.effects.events.is_empty());
    outcome.reply.unwrap_or_else(|rejected| panic!("{rejected}"))
}

fn refused<T: std::fmt::Debug>(outcome: impl Into<Outcome<T>>) -> Rejected {
    outcome.into().reply.unwrap_err()
}

fn pem() -> String {
    Authority::new().unwrap().device().unwrap().certificate_pem
}

/// Registers a new certificate and returns its id.
fn register(state: &mut State, status: &str) -> String {
    let request = RegisterCertificateRequest { certificate_pem: Some(pem()), status: Some(status.into()) };
    ok(state.register_certificate(NOW, false, &request)).certificate_id
}

fn document(text: &str) -> CreatePolicyRequest {
    CreatePolicyRequest { policy_document: Some(text.into()), tags: None }
}

fn create_policy(state: &mut State, name: &str) {
    ok(state.create_policy(NOW, name, document(ALLOW_ALL)));
}

fn cert_arn(id: &str) -> String {
    format!("arn:aws:iot:us-east-1:123456789012:cert/{id}")
}

fn to(target: &str) -> PolicyTargetRequest {
    PolicyTargetRequest { target: Some(target.into()) }
}

fn create_thing(state: &mut State, name: &str) {
    let _ = ok(state.create_thing(NOW, name, Uuid::nil(), &CreateThingRequest::default()));
}

fn wire<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn a_certificate_is_known_by_its_sha_256_and_inactive_unless_told_otherwise() {
    let mut state = state();
    let pem = pem();
    let request = RegisterCertificateRequest { certificate_pem: Some(pem.clone()), ..Default::default() };
    let registered = ok(state.register_certificate(NOW, false, &request));
    let id = &registered.certificate_id;
    assert_eq!(registered.certificate_arn, cert_arn(id));
    assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let described = wire(&ok(state.describe_certificate(id)));
    let description = &described["certificateDescription"];
    assert_eq!(description["status"], "INACTIVE");
    assert_eq!(description["certificatePem"], pem);
    assert_eq!(description["ownedBy"], "123456789012");
    assert_eq!(description["creationDate"], json!(1_748_981_603.0));
    assert!(description["validity"]["notAfter"].as_f64() > description["validity"]["notBefore"].as_f64());

    let again = refused(state.register_certificate(NOW, true, &request));
    let Rejected::ResourceAlreadyExists { resource_id, .. } = again else { panic!("{again}") };
    assert_eq!(resource_id, *id);
}

#[test]
fn what_is_no_certificate_is_refused() {
    let mut state = state();
    let with = |pem: Option<&str>, status: Option<&str>| RegisterCertificateRequest {
        certificate_pem: pem.map(Into::into),
        status: status.map(Into::into),
    };
    let garbage = refused(state.register_certificate(NOW, false, &with(Some("garbage"), None)));
    assert!(matches!(garbage, Rejected::CertificateValidation(_)));
    let key = Authority::new().unwrap().device().unwrap().private_key_pem;
    let key = refused(state.register_certificate(NOW, false, &with(Some(&key), None)));
    assert!(matches!(key, Rejected::CertificateValidation(_)));
    let status = refused(state.register_certificate(NOW, false, &with(None, Some("PENDING_TRANSFER"))));
    assert!(matches!(status, Rejected::InvalidRequest(_)), "{status}");
}

#[test]
fn a_certificate_that_is_not_active_any_more_ends_its_connections() {
    let mut state = state();
    let id = register(&mut state, "ACTIVE");
    assert!(state.check_certificate(&id).is_ok());
    let mut ended = |status| {
        let outcome = state.update_certificate(LATER, &id, Some(status));
        outcome.reply.unwrap();
        outcome.effects.ended_certificates
    };
    assert!(ended("ACTIVE").is_empty());
    assert_eq!(ended("INACTIVE"), std::slice::from_ref(&id));
    assert!(state.check_certificate(&id).is_err());
    assert!(matches!(
        refused(state.update_certificate(LATER, &id, Some("PENDING_TRANSFER"))),
        Rejected::InvalidRequest(_)
    ));
    assert!(matches!(
        refused(state.update_certificate(LATER, &"0".repeat(64), Some("ACTIVE"))),
        Rejected::ResourceNotFound(_)
    ));
}

#[test]
fn a_certificate_in_use_is_not_deleted() {
    let mut state = state();
    let id = register(&mut state, "ACTIVE");
    create_thing(&mut state, "T");
    create_policy(&mut state, "P");
    ok(state.attach_policy("P", &to(&cert_arn(&id))));
    ok(state.attach_thing_principal("T", &cert_arn(&id), None));

    assert!(matches!(refused(state.delete_certificate(&id, true)), Rejected::CertificateState(_)));
    ok(state.update_certificate(LATER, &id, Some("REVOKED")));
    assert!(matches!(refused(state.delete_certificate(&id, true)), Rejected::DeleteConflict(_)));
    let thing = refused(state.delete_thing("T", None)).to_string();
    assert_eq!(thing, "Cannot delete. Thing T is still attached to one or more principals");
    ok(state.detach_thing_principal("T", &cert_arn(&id)));
    assert!(matches!(refused(state.delete_certificate(&id, false)), Rejected::DeleteConflict(_)));
    ok(state.delete_certificate(&id, true));
    assert!(matches!(state.check_certificate(&id), Err(CertificateRefusal::Unknown { .. })));
    ok(state.delete_policy("P"));
    ok(state.delete_thing("T", None));
}

#[test]
fn certificates_are_listed_newest_first_page_by_page() {
    let mut state = state();
    let mut ids: Vec<_> = (0..3).map(|_| register(&mut state, "INACTIVE")).collect();
    let mut query = ListQuery { is_ascending_order: Some(true), page_size: Some(2), marker: None };
    let mut listed = Vec::new();
    for _ in 0..2 {
        let page = ok(state.list_certificates(&query));
        listed.extend(page.certificates.into_iter().map(|certificate| certificate.certificate_id));
        query.marker = page.next_marker;
    }
    assert_eq!(query.marker, None);
    assert_eq!(listed, ids);
    ids.reverse();
    let all = ok(state.list_certificates(&ListQuery::default()));
    assert_eq!(all.certificates.into_iter().map(|one| one.certificate_id).collect::<Vec<_>>(), ids);
}

#[test]
fn a_policy_is_created_once_and_checked() {
    let mut state = state();
    let created = wire(&ok(state.create_policy(NOW, "P", document(ALLOW_ALL))));
    assert_eq!(
        created,
        json!({
            "policyName": "P",
            "policyArn": "arn:aws:iot:us-east-1:123456789012:policy/P",
            "policyDocument": ALLOW_ALL,
            "policyVersionId": "1",
        })
    );
    let again = refused(state.create_policy(NOW, "P", document(ALLOW_ALL))).to_string();
    assert_eq!(again, "Policy cannot be created - name already exists (name=P)");
    assert!(matches!(refused(state.create_policy(NOW, "Q", document("{}"))), Rejected::MalformedPolicy(_)));
    assert!(matches!(refused(state.get_policy("Q")), Rejected::ResourceNotFound(_)));
}

#[test]
fn a_policy_has_five_versions_at_the_most_and_one_of_them_counts() {
    let mut state = state();
    create_policy(&mut state, "P");
    let deny = ALLOW_ALL.replace("Allow", "Deny");
    for expected in ["2", "3", "4", "5"] {
        let version = ok(state.create_policy_version(LATER, "P", expected == "3", document(&deny)));
        assert_eq!((&*version.policy_version_id, version.is_default_version), (expected, expected == "3"));
    }
    let sixth = refused(state.create_policy_version(LATER, "P", false, document(&deny)));
    assert!(matches!(sixth, Rejected::VersionsLimitExceeded(_)));
    let policy = ok(state.get_policy("P"));
    assert_eq!((&*policy.default_version_id, policy.policy_document), ("3", deny));
    assert_eq!(policy.last_modified_date, LATER);

    assert!(matches!(refused(state.delete_policy_version("P", "3")), Rejected::DeleteConflict(_)));
    assert!(matches!(refused(state.delete_policy("P")), Rejected::DeleteConflict(_)));
    ok(state.set_default_policy_version(LATER, "P", "1"));
    ok(state.delete_policy_version("P", "5"));
    let next = ok(state.create_policy_version(LATER, "P", false, document(ALLOW_ALL)));
    assert_eq!(next.policy_version_id, "6", "numbers are not used again");
    let listed = ok(state.list_policy_versions("P")).policy_versions;
    assert_eq!(listed.iter().map(|one| &*one.version_id).collect::<Vec<_>>(), ["6", "4", "3", "2", "1"]);
    assert!(ok(state.get_policy_version("P", "1")).is_default_version);
    assert!(matches!(refused(state.get_policy_version("P", "5")), Rejected::ResourceNotFound(_)));
}

#[test]
fn policies_are_attached_to_certificates_and_groups() {
    let mut state = state();
    let id = register(&mut state, "ACTIVE");
    for (name, parent) in [("Parent", None), ("Child", Some("Parent"))] {
        let request =
            CreateThingGroupRequest { parent_group_name: parent.map(Into::into), ..Default::default() };
        let _ = ok(state.create_thing_group(NOW, name, Uuid::nil(), request));
    }
    let group = |name: &str| format!("arn:aws:iot:us-east-1:123456789012:thinggroup/{name}");
    for name in ["Own", "OfParent", "OfChild"] {
        create_policy(&mut state, name);
    }
    for (name, target) in [("Own", cert_arn(&id)), ("OfParent", group("Parent")), ("OfChild", group("Child"))]
    {
        ok(state.attach_policy(name, &to(&target)));
        ok(state.attach_policy(name, &to(&target)));
    }
    let attached = |state: &State, target: &str, recursive| {
        let listed = ok(state.list_attached_policies(target, recursive, &ListQuery::default())).policies;
        listed.into_iter().map(|policy| policy.policy_name).collect::<Vec<_>>()
    };
    assert_eq!(attached(&state, &group("Child"), false), ["OfChild"]);
    assert_eq!(attached(&state, &group("Child"), true), ["OfChild", "OfParent"]);
    let targets = ok(state.list_targets_for_policy("Own", &ListQuery::default())).targets;
    assert_eq!(targets, [cert_arn(&id)]);

    // A group's policies reach a certificate through its things.
    assert_eq!(state.policies_of_certificate(&id).len(), 1);
    create_thing(&mut state, "T");
    let member = ThingInThingGroupRequest {
        thing_group_name: Some("Child".into()),
        thing_name: Some("T".into()),
        ..Default::default()
    };
    let _ = state.add_thing_to_thing_group(NOW, &member);
    ok(state.attach_thing_principal("T", &cert_arn(&id), None));
    assert_eq!(state.policies_of_certificate(&id).len(), 3);

    assert!(matches!(refused(state.delete_policy("Own")), Rejected::DeleteConflict(_)));
    ok(state.detach_policy("Own", &to(&cert_arn(&id))));
    ok(state.detach_policy("Own", &to(&cert_arn(&id))));
    ok(state.delete_policy("Own"));
    for target in ["", "arn:aws:iot:us-east-1:123456789012:thing/T", &cert_arn(&"0".repeat(64))] {
        assert!(matches!(
            refused(state.attach_policy("OfChild", &to(target))),
            Rejected::ResourceNotFound(_)
        ));
    }
}

#[test]
fn a_target_has_ten_policies_at_the_most() {
    let mut state = state();
    let target = to(&cert_arn(&register(&mut state, "ACTIVE")));
    for number in 0..=10 {
        create_policy(&mut state, &format!("P{number}"));
    }
    for number in 0..10 {
        ok(state.attach_policy(&format!("P{number}"), &target));
    }
    assert!(matches!(refused(state.attach_policy("P10", &target)), Rejected::LimitExceeded(_)));
    ok(state.attach_policy("P3", &target));
}

#[test]
fn a_thing_is_the_client_that_is_named_like_it_and_shows_its_certificate() {
    let mut state = state();
    let (own, other) = (register(&mut state, "ACTIVE"), register(&mut state, "ACTIVE"));
    let attributes = [("room".to_owned(), Some("kitchen".to_owned()))].into();
    let request = CreateThingRequest {
        attribute_payload: Some(AttributePayload { attributes: Some(attributes), merge: None }),
        ..CreateThingRequest::default()
    };
    let _ = ok(state.create_thing(NOW, "T", Uuid::nil(), &request));
    assert_eq!(state.thing_of_connection(&own, "T"), None);
    ok(state.attach_thing_principal("T", &cert_arn(&own), None));
    let thing = state.thing_of_connection(&own, "T").unwrap();
    assert_eq!((&*thing.name, &*thing.attributes["room"]), ("T", "kitchen"));
    assert_eq!(state.thing_of_connection(&own, "U"), None);
    assert_eq!(state.thing_of_connection(&other, "T"), None);

    let query = ListPrincipalsQuery::default();
    assert_eq!(ok(state.list_thing_principals("T", &query)).principals, [cert_arn(&own)]);
    assert_eq!(wire(&ok(state.list_principal_things(&cert_arn(&own), &query))), json!({"things": ["T"]}));
    assert!(matches!(
        refused(state.attach_thing_principal("U", &cert_arn(&own), None)),
        Rejected::ResourceNotFound(_)
    ));
    assert!(matches!(
        refused(state.attach_thing_principal("T", "us-east-1:x", None)),
        Rejected::ResourceNotFound(_)
    ));
}

#[test]
fn an_exclusive_certificate_belongs_to_one_thing_whatever_its_client_is_called() {
    let mut state = state();
    let id = register(&mut state, "ACTIVE");
    let arn = cert_arn(&id);
    for thing in ["T", "U"] {
        let _ = ok(state.create_thing(NOW, thing, Uuid::nil(), &CreateThingRequest::default()));
    }
    let exclusive = Some("EXCLUSIVE_THING");
    let is_exclusive = |one, other| {
        format!("The principal {arn} cannot belong to thing {one} and to thing {other}, it is exclusive.")
    };
    ok(state.attach_thing_principal("T", &arn, exclusive));
    ok(state.attach_thing_principal("T", &arn, None));
    assert_eq!(refused(state.attach_thing_principal("U", &arn, None)).to_string(), is_exclusive("U", "T"));
    assert_eq!(state.thing_of_connection(&id, "some-client").unwrap().name, "T");
    ok(state.detach_thing_principal("T", &arn));
    assert_eq!(state.thing_of_connection(&id, "some-client"), None);
    ok(state.attach_thing_principal("U", &arn, None));
    assert_eq!(
        refused(state.attach_thing_principal("T", &arn, exclusive)).to_string(),
        is_exclusive("T", "U")
    );
    ok(state.attach_thing_principal("T", &arn, Some("NON_EXCLUSIVE_THING")));
}

/// Only DetachThingPrincipal lets go of it.
#[test]
fn a_certificate_that_belongs_to_one_thing_does_so_until_it_is_detached() {
    let mut state = state();
    let id = register(&mut state, "ACTIVE");
    let arn = cert_arn(&id);
    for thing in ["T", "U"] {
        let _ = ok(state.create_thing(NOW, thing, Uuid::nil(), &CreateThingRequest::default()));
    }
    let (exclusive, shared) = (Some("EXCLUSIVE_THING"), Some("NON_EXCLUSIVE_THING"));
    ok(state.attach_thing_principal("T", &arn, exclusive));
    assert_eq!(
        refused(state.attach_thing_principal("T", &arn, shared)).to_string(),
        format!("The principal {arn} belongs to thing T alone: detach it first.")
    );
    assert!(matches!(refused(state.attach_thing_principal("U", &arn, shared)), Rejected::InvalidRequest(_)));
    ok(state.detach_thing_principal("T", &arn));
    for thing in ["T", "U"] {
        ok(state.attach_thing_principal(thing, &arn, shared));
    }
    for thing in ["T", "U"] {
        ok(state.detach_thing_principal(thing, &arn));
    }
    state.choices.exclusive_attachment_stays = false;
    ok(state.attach_thing_principal("T", &arn, exclusive));
    for thing in ["T", "U"] {
        ok(state.attach_thing_principal(thing, &arn, shared));
    }
}
