//! Policies of certificates by the operations that AWS has deprecated, and older programs use.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_AttachPrincipalPolicy.html>

use serde::Serialize;

use super::super::outcome::Outcome;
use super::super::{Rejected, State};
use super::attachments::PolicyTargetRequest;
use super::paged::ListQuery;
use super::policies::ListPoliciesResponse;

/// The answer to ListPolicyPrincipals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPolicyPrincipalsResponse {
    /// The ARNs of certificates.
    pub principals: Vec<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

impl State {
    /// Attaches a policy to a certificate; once more is no error.
    pub fn attach_principal_policy(&mut self, name: &str, principal: &str) -> Outcome<()> {
        match self.principal(principal) {
            Ok(_) => self.attach_policy(name, &target(principal)),
            Err(rejected) => Err(rejected).into(),
        }
    }

    /// Detaches a policy from a certificate; one that is not attached is no error.
    pub fn detach_principal_policy(&mut self, name: &str, principal: &str) -> Outcome<()> {
        match self.policy(name).and_then(|_| self.principal(principal)) {
            Ok(_) => self.detach_policy(name, &target(principal)),
            Err(rejected) => Err(rejected).into(),
        }
    }

    /// Lists the policies of a certificate.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such certificate; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_principal_policies(
        &self,
        principal: &str,
        query: &ListQuery,
    ) -> Result<ListPoliciesResponse, Rejected> {
        self.principal(principal)?;
        self.list_attached_policies(principal, false, query)
    }

    /// Lists the certificates that a policy is attached to.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such policy; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_policy_principals(
        &self,
        name: &str,
        query: &ListQuery,
    ) -> Result<ListPolicyPrincipalsResponse, Rejected> {
        let is_principal = |target: &str| self.principal(target).is_ok();
        let listed = self.page_of_targets(name, query, is_principal)?;
        Ok(ListPolicyPrincipalsResponse { principals: listed.targets, next_marker: listed.next_marker })
    }
}

fn target(principal: &str) -> PolicyTargetRequest {
    PolicyTargetRequest { target: Some(principal.to_owned()) }
}
