//! Policies and what they are attached to.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html>

use super::super::handler::{Handlers, run};

pub(super) const HANDLERS: Handlers = &[
    ("CreatePolicy", |shared, call| {
        let request = call.body()?;
        run(shared, |state, now| state.create_policy(now, call.label("policyName"), request))
    }),
    ("GetPolicy", |shared, call| run(shared, |state, _| state.get_policy(call.label("policyName")))),
    ("ListPolicies", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_policies(&query))
    }),
    ("DeletePolicy", |shared, call| run(shared, |state, _| state.delete_policy(call.label("policyName")))),
    ("CreatePolicyVersion", |shared, call| {
        let (request, default) = (call.body()?, call.flag("setAsDefault"));
        run(shared, |state, now| state.create_policy_version(now, call.label("policyName"), default, request))
    }),
    ("GetPolicyVersion", |shared, call| {
        let version = call.label("policyVersionId");
        run(shared, |state, _| state.get_policy_version(call.label("policyName"), version))
    }),
    ("ListPolicyVersions", |shared, call| {
        run(shared, |state, _| state.list_policy_versions(call.label("policyName")))
    }),
    ("SetDefaultPolicyVersion", |shared, call| {
        let version = call.label("policyVersionId");
        run(shared, |state, now| state.set_default_policy_version(now, call.label("policyName"), version))
    }),
    ("DeletePolicyVersion", |shared, call| {
        let version = call.label("policyVersionId");
        run(shared, |state, _| state.delete_policy_version(call.label("policyName"), version))
    }),
    ("AttachPolicy", |shared, call| {
        let request = call.body()?;
        run(shared, |state, _| state.attach_policy(call.label("policyName"), &request))
    }),
    ("DetachPolicy", |shared, call| {
        let request = call.body()?;
        run(shared, |state, _| state.detach_policy(call.label("policyName"), &request))
    }),
    ("ListAttachedPolicies", |shared, call| {
        let (query, recursive) = (call.query()?, call.flag("recursive"));
        run(shared, |state, _| state.list_attached_policies(call.label("target"), recursive, &query))
    }),
    ("ListTargetsForPolicy", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_targets_for_policy(call.label("policyName"), &query))
    }),
];
