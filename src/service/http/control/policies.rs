//! Policies and what they are attached to.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html>

use super::super::handler::{Handlers, read, write};
use super::super::label::Label;

/// The headers of the operations that AWS has deprecated.
const PRINCIPAL: &str = "x-amzn-iot-principal";
const POLICY: &str = "x-amzn-iot-policy";

pub(super) const HANDLERS: Handlers = &[
    ("CreatePolicy", |shared, call| {
        let request = call.body()?;
        write(shared, |state, now| state.create_policy(now, call.label(Label::PolicyName), request))
    }),
    ("GetPolicy", |shared, call| read(shared, |state, _| state.get_policy(call.label(Label::PolicyName)))),
    ("ListPolicies", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_policies(&query))
    }),
    ("DeletePolicy", |shared, call| {
        write(shared, |state, _| state.delete_policy(call.label(Label::PolicyName)))
    }),
    ("CreatePolicyVersion", |shared, call| {
        let (request, default) = (call.body()?, call.flag("setAsDefault"));
        write(shared, |state, now| {
            state.create_policy_version(now, call.label(Label::PolicyName), default, request)
        })
    }),
    ("GetPolicyVersion", |shared, call| {
        let version = call.label(Label::PolicyVersionId);
        read(shared, |state, _| state.get_policy_version(call.label(Label::PolicyName), version))
    }),
    ("ListPolicyVersions", |shared, call| {
        read(shared, |state, _| state.list_policy_versions(call.label(Label::PolicyName)))
    }),
    ("SetDefaultPolicyVersion", |shared, call| {
        let version = call.label(Label::PolicyVersionId);
        write(shared, |state, now| {
            state.set_default_policy_version(now, call.label(Label::PolicyName), version)
        })
    }),
    ("DeletePolicyVersion", |shared, call| {
        let version = call.label(Label::PolicyVersionId);
        write(shared, |state, _| state.delete_policy_version(call.label(Label::PolicyName), version))
    }),
    ("AttachPolicy", |shared, call| {
        let request = call.body()?;
        write(shared, |state, _| state.attach_policy(call.label(Label::PolicyName), &request))
    }),
    ("DetachPolicy", |shared, call| {
        let request = call.body()?;
        write(shared, |state, _| state.detach_policy(call.label(Label::PolicyName), &request))
    }),
    ("ListAttachedPolicies", |shared, call| {
        let (query, recursive) = (call.query()?, call.flag("recursive"));
        read(shared, |state, _| state.list_attached_policies(call.label(Label::Target), recursive, &query))
    }),
    ("AttachPrincipalPolicy", |shared, call| {
        let (name, principal) = (call.label(Label::PolicyName), call.header(PRINCIPAL));
        write(shared, |state, _| state.attach_principal_policy(name, principal))
    }),
    ("DetachPrincipalPolicy", |shared, call| {
        let (name, principal) = (call.label(Label::PolicyName), call.header(PRINCIPAL));
        write(shared, |state, _| state.detach_principal_policy(name, principal))
    }),
    ("ListPrincipalPolicies", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_principal_policies(call.header(PRINCIPAL), &query))
    }),
    ("ListPolicyPrincipals", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_policy_principals(call.header(POLICY), &query))
    }),
    ("ListTargetsForPolicy", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_targets_for_policy(call.label(Label::PolicyName), &query))
    }),
];
