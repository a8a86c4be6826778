//! Random operations on what the naive model does not know: the registry's details, templates, tags, credentials.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::from;
use super::operate::done;
use super::operations::{ARN, GROUPS, JOBS, THINGS};
use crate::service::certificates::Authority;
use crate::service::state::credentials::attachments::PolicyTargetRequest;
use crate::service::state::{Effects, State};
use crate::service::time::Timestamp;

const NAMES: [&str; 2] = ["x", "y"];
const STATUSES: [&str; 3] = ["ACTIVE", "INACTIVE", "REVOKED"];
const RESOURCES: [&str; 5] = ["job/J1", "thinggroup/g", "thingtype/x", "jobtemplate/x", "policy/x"];
pub(super) const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Certificates in PEM, each with its id.
pub(super) static CERTIFICATES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let make = |_| {
        let device = Authority::new().unwrap().device().unwrap();
        let mut state = State::new(super::kept::settings());
        let request = from(json!({ "certificatePem": device.certificate_pem }));
        let registered = state.register_certificate(Timestamp::default(), false, &request).reply.unwrap();
        (device.certificate_pem, registered.certificate_id)
    };
    (0..2).map(make).collect()
});

#[derive(Debug, Clone)]
pub(super) enum RegistryOp {
    UpdateThing { thing: usize, typed: bool, merge: bool },
    CreateType(usize),
    UpdateType(usize),
    Deprecate { name: usize, undo: bool },
    DeleteType(usize),
    UpdateGroup(usize),
    CreateTemplate(usize),
    DeleteTemplate(usize),
    CreateWindowedJob { job: usize, minute: i64 },
    Tag(usize),
    Untag(usize),
    Register { certificate: usize, active: bool },
    SetStatus { certificate: usize, status: usize },
    DeleteCertificate { certificate: usize, force: bool },
    CreatePolicy(usize),
    AddVersion { name: usize, default: bool },
    SetDefault { name: usize, version: u64 },
    DeleteVersion { name: usize, version: u64 },
    DeletePolicy(usize),
    Attach { name: usize, target: usize },
    Detach { name: usize, target: usize },
    AttachThing { thing: usize, certificate: usize },
    DetachThing { thing: usize, certificate: usize },
    InstallDevice(usize),
    Reset,
}

pub(super) fn registry_op() -> impl Strategy<Value = RegistryOp> {
    use RegistryOp::{
        AddVersion, Attach, AttachThing, CreatePolicy, CreateTemplate, CreateType, CreateWindowedJob,
        DeleteCertificate, DeletePolicy, DeleteTemplate, DeleteType, DeleteVersion, Deprecate, Detach,
        DetachThing, InstallDevice, Register, Reset, SetDefault, SetStatus, Tag, Untag, UpdateGroup,
        UpdateThing, UpdateType,
    };
    let (thing, name, flag) = (0..THINGS.len(), 0..NAMES.len(), any::<bool>());
    let (pair, target) = ((thing.clone(), 0..2_usize), (name.clone(), 0..4_usize));
    let registry = prop_oneof![
        (thing, flag, flag).prop_map(|(thing, typed, merge)| UpdateThing { thing, typed, merge }),
        name.clone().prop_map(CreateType),
        name.clone().prop_map(UpdateType),
        (name.clone(), flag).prop_map(|(name, undo)| Deprecate { name, undo }),
        name.clone().prop_map(DeleteType),
        (0..GROUPS.len()).prop_map(UpdateGroup),
        name.clone().prop_map(CreateTemplate),
        name.clone().prop_map(DeleteTemplate),
        (0..JOBS.len(), 0..60_i64).prop_map(|(job, minute)| CreateWindowedJob { job, minute }),
        (0..RESOURCES.len()).prop_map(Tag),
        (0..RESOURCES.len()).prop_map(Untag),
    ];
    let credentials = prop_oneof![
        (0..2_usize, flag).prop_map(|(certificate, active)| Register { certificate, active }),
        (0..2_usize, 0..STATUSES.len()).prop_map(|(certificate, status)| SetStatus { certificate, status }),
        (0..2_usize, flag).prop_map(|(certificate, force)| DeleteCertificate { certificate, force }),
        name.clone().prop_map(CreatePolicy),
        (name.clone(), flag).prop_map(|(name, default)| AddVersion { name, default }),
        (name.clone(), 1..4_u64).prop_map(|(name, version)| SetDefault { name, version }),
        (name.clone(), 1..4_u64).prop_map(|(name, version)| DeleteVersion { name, version }),
        name.prop_map(DeletePolicy),
        target.clone().prop_map(|(name, target)| Attach { name, target }),
        target.prop_map(|(name, target)| Detach { name, target }),
        pair.clone().prop_map(|(thing, certificate)| AttachThing { thing, certificate }),
        pair.prop_map(|(thing, certificate)| DetachThing { thing, certificate }),
        (0..2_usize).prop_map(InstallDevice),
    ];
    prop_oneof![20 => registry, 20 => credentials, 1 => Just(Reset)]
}

/// What a policy can be attached to.
fn target(number: usize) -> String {
    match number {
        0 | 1 => format!("{ARN}cert/{}", CERTIFICATES[number].1),
        group => format!("{ARN}thinggroup/{}", GROUPS[group - 2]),
    }
}

/// Does an operation; what it creates gets `new_id`.
pub(super) fn operate(
    state: &mut State,
    now: Timestamp,
    new_id: Uuid,
    op: &RegistryOp,
) -> (Result<Value, (String, Option<Value>)>, Effects) {
    let policy = || from(json!({ "policyDocument": POLICY, "tags": [{ "Key": "k", "Value": "v" }] }));
    match *op {
        RegistryOp::UpdateThing { thing, typed, merge } => {
            let mut body =
                json!({ "attributePayload": { "attributes": { NAMES[thing % 2]: "v" }, "merge": merge } });
            if typed {
                body["thingTypeName"] = json!(NAMES[0]);
            }
            done(state.update_thing(THINGS[thing], from(body)))
        }
        RegistryOp::CreateType(name) => {
            let body = json!({ "thingTypeProperties": { "searchableAttributes": ["a"] } });
            done(state.create_thing_type(now, NAMES[name], new_id, from(body)))
        }
        RegistryOp::UpdateType(name) => {
            let body = json!({ "thingTypeProperties": { "thingTypeDescription": new_id } });
            done(state.update_thing_type(NAMES[name], from(body)))
        }
        RegistryOp::Deprecate { name, undo } => {
            done(state.deprecate_thing_type(now, NAMES[name], &from(json!({ "undoDeprecate": undo }))))
        }
        RegistryOp::DeleteType(name) => done(state.delete_thing_type(now, NAMES[name])),
        RegistryOp::UpdateGroup(group) => {
            let body = json!({ "thingGroupProperties": { "thingGroupDescription": new_id } });
            done(state.update_thing_group(GROUPS[group], from(body)))
        }
        RegistryOp::CreateTemplate(name) => {
            let windows = json!([{ "startTime": "cron(0 3 ? * MON *)", "durationInMinutes": 9 }]);
            let body = json!({ "document": "{}", "description": "d", "maintenanceWindows": windows,
                "timeoutConfig": { "inProgressTimeoutInMinutes": 3 } });
            done(state.create_job_template(now, NAMES[name], from(body)))
        }
        RegistryOp::DeleteTemplate(name) => done(state.delete_job_template(NAMES[name])),
        RegistryOp::CreateWindowedJob { job, minute } => {
            let hour = |hours: i64| super::operate::text(super::operations::whole_minutes(now, hours * 60));
            let windows =
                json!([{ "startTime": format!("cron({minute} * * * ? *)"), "durationInMinutes": 20 }]);
            let body = json!({ "targets": [format!("{ARN}thinggroup/g")], "document": "{}",
                "targetSelection": "CONTINUOUS", "tags": [{ "Key": "k", "Value": "v" }], "namespaceId": "n",
                "jobExecutionsRolloutConfig": { "maximumPerMinute": 1 },
                "schedulingConfig": { "startTime": hour(1), "endTime": hour(4), "maintenanceWindows": windows } });
            done(state.create_job(now, JOBS[job], from(body)))
        }
        RegistryOp::Tag(resource) => {
            let body = json!({ "resourceArn": format!("{ARN}{}", RESOURCES[resource]),
                "tags": [{ "Key": "k", "Value": new_id }] });
            done(state.tag_resource(from(body)))
        }
        RegistryOp::Untag(resource) => {
            let body = json!({ "resourceArn": format!("{ARN}{}", RESOURCES[resource]), "tagKeys": ["k"] });
            done(state.untag_resource(from(body)))
        }
        RegistryOp::Register { certificate, active } => {
            let request = from(json!({ "certificatePem": CERTIFICATES[certificate].0 }));
            done(state.register_certificate(now, active, &request))
        }
        RegistryOp::SetStatus { certificate, status } => {
            done(state.update_certificate(now, &CERTIFICATES[certificate].1, Some(STATUSES[status])))
        }
        RegistryOp::DeleteCertificate { certificate, force } => {
            done(state.delete_certificate(&CERTIFICATES[certificate].1, force))
        }
        RegistryOp::CreatePolicy(name) => done(state.create_policy(now, NAMES[name], policy())),
        RegistryOp::AddVersion { name, default } => {
            done(state.create_policy_version(now, NAMES[name], default, policy()))
        }
        RegistryOp::SetDefault { name, version } => {
            done(state.set_default_policy_version(now, NAMES[name], &version.to_string()))
        }
        RegistryOp::DeleteVersion { name, version } => {
            done(state.delete_policy_version(NAMES[name], &version.to_string()))
        }
        RegistryOp::DeletePolicy(name) => done(state.delete_policy(NAMES[name])),
        RegistryOp::Attach { name, target: number } => {
            done(state.attach_policy(NAMES[name], &PolicyTargetRequest { target: Some(target(number)) }))
        }
        RegistryOp::Detach { name, target: number } => {
            done(state.detach_policy(NAMES[name], &PolicyTargetRequest { target: Some(target(number)) }))
        }
        RegistryOp::AttachThing { thing, certificate } => {
            // One of them belongs to one thing alone, once it belongs to the last.
            let kind = (thing == THINGS.len() - 1).then_some("EXCLUSIVE_THING");
            done(state.attach_thing_principal(THINGS[thing], &target(certificate), kind))
        }
        RegistryOp::DetachThing { thing, certificate } => {
            done(state.detach_thing_principal(THINGS[thing], &target(certificate)))
        }
        RegistryOp::InstallDevice(certificate) => {
            let policies = [(NAMES[0].to_owned(), POLICY.to_owned())];
            done(state.install_device(now, &CERTIFICATES[certificate].0, &policies))
        }
        RegistryOp::Reset => (Ok(Value::Null), state.reset(now, State::new(super::kept::settings())).1),
    }
}
