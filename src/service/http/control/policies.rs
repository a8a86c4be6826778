//! Policies and what they are attached to.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html>

use super::super::{Offered, read, write};

pub(super) const OFFERED: Offered = &[
    ("CreatePolicy", |shared, call| {
        let request = call.body()?;
        write(shared, |state, now| state.create_policy(now, call.label("policyName"), request))
    }),
    ("GetPolicy", |shared, call| read(shared, |state, _| state.get_policy(call.label("policyName")))),
    ("ListPolicies", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_policies(&query))
    }),
    ("DeletePolicy", |shared, call| write(shared, |state, _| state.delete_policy(call.label("policyName")))),
    ("CreatePolicyVersion", |shared, call| {
        let (request, default) = (call.body()?, call.flag("setAsDefault"));
        write(shared, |state, now| {
            state.create_policy_version(now, call.label("policyName"), default, request)
        })
    }),
    ("GetPolicyVersion", |shared, call| {
        let version = call.label("policyVersionId");
        read(shared, |state, _| state.get_policy_version(call.label("policyName"), version))
    }),
    ("ListPolicyVersions", |shared, call| {
        read(shared, |state, _| state.list_policy_versions(call.label("policyName")))
    }),
    ("SetDefaultPolicyVersion", |shared, call| {
        let version = call.label("policyVersionId");
        write(shared, |state, now| state.set_default_policy_version(now, call.label("policyName"), version))
    }),
    ("DeletePolicyVersion", |shared, call| {
        let version = call.label("policyVersionId");
        write(shared, |state, _| state.delete_policy_version(call.label("policyName"), version))
    }),
    ("AttachPolicy", |shared, call| {
        let request = call.body()?;
        write(shared, |state, _| state.attach_policy(call.label("policyName"), &request))
    }),
    ("DetachPolicy", |shared, call| {
        let request = call.body()?;
        write(shared, |state, _| state.detach_policy(call.label("policyName"), &request))
    }),
    ("ListAttachedPolicies", |shared, call| {
        let (query, recursive) = (call.query()?, call.flag("recursive"));
        read(shared, |state, _| state.list_attached_policies(call.label("target"), recursive, &query))
    }),
    ("ListTargetsForPolicy", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_targets_for_policy(call.label("policyName"), &query))
    }),
];
