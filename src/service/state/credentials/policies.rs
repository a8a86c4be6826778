//! The operations on policies and their versions.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html>

use serde::{Deserialize, Serialize};

use super::super::outcome::{Effects, Outcome};
use super::super::tags::{self, Tag};
use super::super::touched::Record;
use super::super::{Rejected, State};
use super::paged::ListQuery;
use super::policy::{Policy, PolicyVersion};
use super::records::Credentials;
use crate::service::policy::{Document, Malformed};
use crate::service::time::Timestamp;

/// The body of CreatePolicy and CreatePolicyVersion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CreatePolicyRequest {
    /// JSON in a string.
    pub policy_document: Option<String>,
    /// Labels; of a new policy only.
    pub tags: Option<Vec<Tag>>,
}

/// The answer to CreatePolicy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePolicyResponse {
    /// 1 to 128 characters of `[\w+=,.@-]`.
    pub policy_name: String,
    /// `arn:aws:iot:<region>:<account>:policy/<name>`.
    pub policy_arn: String,
    /// As it was given.
    pub policy_document: String,
    /// `1`
    pub policy_version_id: String,
}

/// The answer to GetPolicy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPolicyResponse {
    /// 1 to 128 characters of `[\w+=,.@-]`.
    pub policy_name: String,
    /// `arn:aws:iot:<region>:<account>:policy/<name>`.
    pub policy_arn: String,
    /// The default version's.
    pub policy_document: String,
    /// Which version counts.
    pub default_version_id: String,
    /// When it was created.
    pub creation_date: Timestamp,
    /// When it last changed.
    pub last_modified_date: Timestamp,
}

/// The answer to CreatePolicyVersion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePolicyVersionResponse {
    /// `arn:aws:iot:<region>:<account>:policy/<name>`.
    pub policy_arn: String,
    /// As it was given.
    pub policy_document: String,
    /// The number of the version, from `1`.
    pub policy_version_id: String,
    /// Whether it counts now.
    pub is_default_version: bool,
}

/// The answer to GetPolicyVersion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPolicyVersionResponse {
    /// `arn:aws:iot:<region>:<account>:policy/<name>`.
    pub policy_arn: String,
    /// 1 to 128 characters of `[\w+=,.@-]`.
    pub policy_name: String,
    /// As it was given.
    pub policy_document: String,
    /// The number of the version, from `1`.
    pub policy_version_id: String,
    /// Whether it counts now.
    pub is_default_version: bool,
    /// When it was created.
    pub creation_date: Timestamp,
    /// When the policy last changed.
    pub last_modified_date: Timestamp,
}

/// The answer to ListPolicyVersions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPolicyVersionsResponse {
    /// Newest first.
    pub policy_versions: Vec<PolicyVersionSummary>,
}

/// A version in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyVersionSummary {
    /// The number of the version, from `1`.
    pub version_id: String,
    /// Whether it counts now.
    pub is_default_version: bool,
    /// When it was created.
    pub create_date: Timestamp,
}

/// The answer to ListPolicies and ListAttachedPolicies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPoliciesResponse {
    /// Newest first, unless asked otherwise.
    pub policies: Vec<PolicyNameAndArn>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

/// A policy in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyNameAndArn {
    /// 1 to 128 characters of `[\w+=,.@-]`.
    pub policy_name: String,
    /// `arn:aws:iot:<region>:<account>:policy/<name>`.
    pub policy_arn: String,
}

impl State {
    /// Creates a policy.
    pub fn create_policy(
        &mut self,
        now: Timestamp,
        name: &str,
        request: CreatePolicyRequest,
    ) -> Outcome<CreatePolicyResponse> {
        Outcome::of(|effects| {
            let (text, document) = read_document(request.policy_document)?;
            tags::check(request.tags.as_deref(), tags::OF_RESOURCE)?;
            let policy_arn = self.settings.arn("policy", name);
            if self.credentials.policies.contains_key(name) {
                return Err(Rejected::ResourceAlreadyExists {
                    message: format!("Policy cannot be created - name already exists (name={name})"),
                    resource_id: name.to_owned(),
                    resource_arn: policy_arn,
                });
            }
            self.add_policy(effects, now, name, &text, document);
            self.tags.set(&policy_arn, request.tags.unwrap_or_default());
            effects.touched.add(Record::Tags(policy_arn.clone()));
            Ok(CreatePolicyResponse {
                policy_name: name.to_owned(),
                policy_arn,
                policy_document: text,
                policy_version_id: "1".to_owned(),
            })
        })
    }

    /// Adds a policy, or replaces one that the service makes itself.
    pub(super) fn add_policy(
        &mut self,
        effects: &mut Effects,
        now: Timestamp,
        name: &str,
        text: &str,
        document: Document,
    ) {
        let Credentials { created, policies, .. } = &mut self.credentials;
        *created += 1;
        policies.insert(name.to_owned(), Policy::new(now, *created, text, document));
        effects.touched.add(Record::Account);
        effects.touched.add(Record::Policy(name.to_owned()));
    }

    /// Returns a policy and its default version.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such policy.
    pub fn get_policy(&self, name: &str) -> Result<GetPolicyResponse, Rejected> {
        let unknown = || Rejected::ResourceNotFound("Policy default version not found".to_owned());
        let policy = self.credentials.policies.get(name).ok_or_else(unknown)?;
        let text = policy.versions.get(&policy.default_version).map(|version| version.text.clone());
        Ok(GetPolicyResponse {
            policy_name: name.to_owned(),
            policy_arn: self.settings.arn("policy", name),
            policy_document: text.unwrap_or_default(),
            default_version_id: policy.default_version.to_string(),
            creation_date: policy.created,
            last_modified_date: policy.modified,
        })
    }

    /// Lists the policies.
    ///
    /// # Errors
    /// [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_policies(&self, query: &ListQuery) -> Result<ListPoliciesResponse, Rejected> {
        self.page_of_policies(query, self.credentials.policies.keys().map(String::as_str))
    }

    /// A page of the policies that are named.
    pub(super) fn page_of_policies<'a>(
        &'a self,
        query: &ListQuery,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<ListPoliciesResponse, Rejected> {
        let sequence = |name: &&str| self.credentials.policies.get(*name).map_or(0, |policy| policy.sequence);
        let mut names: Vec<&str> = names.collect();
        names.sort_by_key(sequence);
        names.dedup();
        let (names, next_marker) = self.cut(query, names, sequence)?;
        let entry = |name: &str| PolicyNameAndArn {
            policy_name: name.to_owned(),
            policy_arn: self.settings.arn("policy", name),
        };
        Ok(ListPoliciesResponse { policies: names.into_iter().map(entry).collect(), next_marker })
    }

    /// Adds a version to a policy; it counts at once if the request says so.
    pub fn create_policy_version(
        &mut self,
        now: Timestamp,
        name: &str,
        set_as_default: bool,
        request: CreatePolicyRequest,
    ) -> Outcome<CreatePolicyVersionResponse> {
        Outcome::of(|effects| {
            let (text, document) = read_document(request.policy_document)?;
            let policy = self.policy_mut(effects, name)?;
            let version = policy.add(now, &text, document)?;
            if set_as_default {
                policy.default_version = version;
            }
            Ok(CreatePolicyVersionResponse {
                policy_arn: self.settings.arn("policy", name),
                policy_document: text,
                policy_version_id: version.to_string(),
                is_default_version: set_as_default,
            })
        })
    }

    /// Returns one version of a policy.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such policy or version.
    pub fn get_policy_version(
        &self,
        name: &str,
        version: &str,
    ) -> Result<GetPolicyVersionResponse, Rejected> {
        let policy = self.policy(name)?;
        let (number, version) = find_version(policy, name, version)?;
        Ok(GetPolicyVersionResponse {
            policy_arn: self.settings.arn("policy", name),
            policy_name: name.to_owned(),
            policy_document: version.text.clone(),
            policy_version_id: number.to_string(),
            is_default_version: policy.default_version == number,
            creation_date: version.created,
            last_modified_date: policy.modified,
        })
    }

    /// Lists the versions of a policy.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such policy.
    pub fn list_policy_versions(&self, name: &str) -> Result<ListPolicyVersionsResponse, Rejected> {
        let policy = self.policy(name)?;
        let summary = |(number, version): (&u64, &PolicyVersion)| PolicyVersionSummary {
            version_id: number.to_string(),
            is_default_version: policy.default_version == *number,
            create_date: version.created,
        };
        Ok(ListPolicyVersionsResponse {
            policy_versions: policy.versions.iter().rev().map(summary).collect(),
        })
    }

    /// Makes one version of a policy count.
    pub fn set_default_policy_version(&mut self, now: Timestamp, name: &str, version: &str) -> Outcome<()> {
        Outcome::of(|effects| {
            let policy = self.policy_mut(effects, name)?;
            let (number, _) = find_version(policy, name, version)?;
            policy.default_version = number;
            policy.modified = now;
            Ok(())
        })
    }

    /// Deletes a version that does not count.
    pub fn delete_policy_version(&mut self, name: &str, version: &str) -> Outcome<()> {
        Outcome::of(|effects| {
            let policy = self.policy_mut(effects, name)?;
            let (number, _) = find_version(policy, name, version)?;
            if policy.default_version == number {
                let message = "Cannot delete the default version of a policy".to_owned();
                return Err(Rejected::DeleteConflict(message));
            }
            policy.versions.remove(&number);
            Ok(())
        })
    }

    /// Deletes a policy that is attached to nothing and has no version but the default one.
    pub fn delete_policy(&mut self, name: &str) -> Outcome<()> {
        Outcome::of(|effects| {
            let policy = self.policy(name)?;
            if policy.versions.len() > 1 {
                return Err(Rejected::DeleteConflict(format!(
                    "The policy cannot be deleted as multiple versions of the policy exist (name={name}). Use \
                     DeletePolicyVersion action to delete all non-default versions of the policy and retry."
                )));
            }
            if self.credentials.attached.values().any(|names| names.contains(name)) {
                return Err(Rejected::DeleteConflict(format!(
                    "The policy cannot be deleted as the policy is attached to one or more principals (name={name})"
                )));
            }
            self.credentials.policies.remove(name);
            let arn = self.settings.arn("policy", name);
            self.tags.remove(&arn);
            effects.touched.add(Record::Policy(name.to_owned()));
            effects.touched.add(Record::Tags(arn));
            Ok(())
        })
    }

    /// Whether a policy exists.
    pub(in super::super) fn has_policy(&self, name: &str) -> bool {
        self.credentials.policies.contains_key(name)
    }

    pub(super) fn policy(&self, name: &str) -> Result<&Policy, Rejected> {
        self.credentials.policies.get(name).ok_or_else(no_such_policy)
    }

    /// A policy that is about to be edited.
    fn policy_mut(&mut self, effects: &mut Effects, name: &str) -> Result<&mut Policy, Rejected> {
        effects.touched.add(Record::Policy(name.to_owned()));
        self.credentials.policies.get_mut(name).ok_or_else(no_such_policy)
    }
}

fn no_such_policy() -> Rejected {
    Rejected::ResourceNotFound("Policy not found".to_owned())
}

pub(super) fn malformed(malformed: &Malformed) -> Rejected {
    Rejected::MalformedPolicy(malformed.to_string())
}

fn find_version<'a>(
    policy: &'a Policy,
    name: &str,
    version: &str,
) -> Result<(u64, &'a PolicyVersion), Rejected> {
    let found = version.parse().ok().and_then(|number| policy.versions.get_key_value(&number));
    found.map(|(number, version)| (*number, version)).ok_or_else(|| {
        Rejected::ResourceNotFound(format!(
            "Policy version does not exist (name={name}, versionId={version})"
        ))
    })
}

fn read_document(text: Option<String>) -> Result<(String, Document), Rejected> {
    let text = text.unwrap_or_default();
    let document = Document::parse(&text).map_err(|error| malformed(&error))?;
    Ok((text, document))
}
