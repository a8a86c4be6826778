//! What is attached to what: policies to certificates and thing groups, certificates to things.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/attach-to-cert.html>

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::outcome::Outcome;
use super::super::paging::Page;
use super::super::touched::Record;
use super::super::validate;
use super::super::{Rejected, State};
use super::paged::ListQuery;
use super::policies::ListPoliciesResponse;
use crate::wire::model::{ThingGroupName, ThingName};

/// How many policies one target has at the most.
const MAX_POLICIES: usize = 10;

/// The body of AttachPolicy and DetachPolicy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyTargetRequest {
    /// The ARN of a certificate or a thing group.
    pub target: Option<String>,
}

/// The answer to ListTargetsForPolicy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListTargetsForPolicyResponse {
    /// ARNs.
    pub targets: Vec<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

/// The query of ListThingPrincipals and ListPrincipalThings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListPrincipalsQuery {
    /// 1 to 250.
    pub max_results: Option<i64>,
    /// From the page before.
    pub next_token: Option<String>,
}

/// The answer to ListThingPrincipals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListThingPrincipalsResponse {
    /// The ARNs of certificates.
    pub principals: Vec<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// The answer to ListPrincipalThings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPrincipalThingsResponse {
    /// Names.
    pub things: Vec<ThingName>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl State {
    /// Attaches a policy to a certificate or a thing group; once more is no error.
    pub fn attach_policy(&mut self, name: &str, request: &PolicyTargetRequest) -> Outcome<()> {
        Outcome::of(|effects| {
            let target = request.target.as_deref().unwrap_or_default();
            self.policy(name)?;
            self.check_target(target)?;
            let attached = self.credentials.attached.entry(target.to_owned()).or_default();
            if attached.len() >= MAX_POLICIES && !attached.contains(name) {
                return Err(Rejected::LimitExceeded(format!(
                    "{target} cannot have more than {MAX_POLICIES} policies attached."
                )));
            }
            attached.insert(name.to_owned());
            effects.touched.add(Record::AttachedPolicies(target.to_owned()));
            Ok(())
        })
    }

    /// Detaches a policy; one that is not attached is no error, one that does not exist neither: the
    /// operation declares none for it.
    pub fn detach_policy(&mut self, name: &str, request: &PolicyTargetRequest) -> Outcome<()> {
        Outcome::of(|effects| {
            let target = request.target.as_deref().unwrap_or_default();
            take(&mut self.credentials.attached, target, name);
            effects.touched.add(Record::AttachedPolicies(target.to_owned()));
            Ok(())
        })
    }

    /// Lists the policies of a target, those of the groups above a thing group too if `recursive`.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such target; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_attached_policies(
        &self,
        target: &str,
        recursive: bool,
        query: &ListQuery,
    ) -> Result<ListPoliciesResponse, Rejected> {
        let mut targets = vec![target.to_owned()];
        if let ("thinggroup", name) = self.check_target(target)?
            && recursive
        {
            let name = validate::name::<ThingGroupName>(name)?;
            targets.extend(
                self.path_up(&name).skip(1).map(|above| self.settings.arn("thinggroup", above.as_str())),
            );
        }
        let attached = targets.iter().filter_map(|target| self.credentials.attached.get(target));
        self.page_of_policies(query, attached.flatten().map(String::as_str))
    }

    /// Lists what a policy is attached to.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such policy; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_targets_for_policy(
        &self,
        name: &str,
        query: &ListQuery,
    ) -> Result<ListTargetsForPolicyResponse, Rejected> {
        self.page_of_targets(name, query, |_| true)
    }

    /// A page of what a policy is attached to, as far as it `counts`.
    pub(super) fn page_of_targets(
        &self,
        name: &str,
        query: &ListQuery,
        counts: impl Fn(&str) -> bool,
    ) -> Result<ListTargetsForPolicyResponse, Rejected> {
        self.policy(name)?;
        let attached = self.credentials.attached.iter().filter(|(_, names)| names.contains(name));
        // The order by name is the only one there is.
        let query = ListQuery { is_ascending_order: Some(true), ..query.clone() };
        let targets: Vec<&String> =
            attached.map(|(target, _)| target).filter(|target| counts(target)).collect();
        let (targets, next_marker) = self.cut(&query, targets, |target| (*target).clone())?;
        Ok(ListTargetsForPolicyResponse { targets: targets.into_iter().cloned().collect(), next_marker })
    }

    /// Attaches a certificate to a thing, which is its only one if it is an EXCLUSIVE_THING, until it is detached; once
    /// more is no error.
    pub fn attach_thing_principal(
        &mut self,
        thing: &str,
        principal: &str,
        principal_type: Option<&str>,
    ) -> Outcome<()> {
        Outcome::of(|effects| {
            let thing: ThingName = validate::name(thing)?;
            if !self.things.contains_key(&thing) {
                return Err(Rejected::ResourceNotFound(format!(
                    "Failed to attach the principal {principal} to thing {thing} because the thing does not exist in your account"
                )));
            }
            let id = self.principal(principal)?.to_owned();
            let exclusive = principal_type.map(|kind| kind == "EXCLUSIVE_THING");
            let was_exclusive = self.credentials.exclusive.contains(&id);
            if let Some(other) = self.things_of_certificate(&id).find(|other| **other != thing)
                && (was_exclusive || exclusive == Some(true))
            {
                let message = format!(
                    "The principal {principal} cannot belong to thing {thing} and to thing {other}, it is exclusive."
                );
                return Err(Rejected::InvalidRequest(message));
            }
            if was_exclusive && exclusive == Some(false) && self.choices.exclusive_attachment_stays {
                let message =
                    format!("The principal {principal} belongs to thing {thing} alone: detach it first.");
                return Err(Rejected::InvalidRequest(message));
            }
            match exclusive {
                Some(true) => _ = self.credentials.exclusive.insert(id.clone()),
                Some(false) => _ = self.credentials.exclusive.remove(&id),
                None => {}
            }
            self.credentials.attach(thing.clone(), id.clone());
            effects.touched.add(Record::ThingPrincipal(thing, id));
            Ok(())
        })
    }

    /// Detaches a certificate from a thing; one that is not attached is no error.
    pub fn detach_thing_principal(&mut self, thing: &str, principal: &str) -> Outcome<()> {
        Outcome::of(|effects| {
            let thing: ThingName = validate::name(thing)?;
            self.thing(&thing)?;
            let id = self.principal(principal)?.to_owned();
            take(&mut self.credentials.principals, &thing, &id);
            take(&mut self.credentials.things, &id, &thing);
            if !self.credentials.things.contains_key(&id) {
                self.credentials.exclusive.remove(&id);
            }
            effects.touched.add(Record::ThingPrincipal(thing, id));
            Ok(())
        })
    }

    /// Lists the certificates of a thing.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such thing; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_thing_principals(
        &self,
        thing: &str,
        query: &ListPrincipalsQuery,
    ) -> Result<ListThingPrincipalsResponse, Rejected> {
        let thing = validate::name(thing)?;
        if !self.things.contains_key(&thing) {
            // AWS leaves out the space.
            return Err(Rejected::ResourceNotFound(format!(
                "Failed to list principals for thing{thing} because the thing does not exist in your account"
            )));
        }
        let page: Page<String> = self.page(query.max_results, query.next_token.as_deref())?;
        let ids = self.credentials.principals.get(&thing).into_iter().flatten();
        let behind = ids.filter(|id| page.after.as_ref().is_none_or(|after| *id > after));
        let (ids, next_token) = page.cut(behind, |id| (*id).clone());
        let principals = ids.into_iter().map(|id| self.settings.arn("cert", id)).collect();
        Ok(ListThingPrincipalsResponse { principals, next_token })
    }

    /// Lists the things of a certificate.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such certificate; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_principal_things(
        &self,
        principal: &str,
        query: &ListPrincipalsQuery,
    ) -> Result<ListPrincipalThingsResponse, Rejected> {
        let id = self.principal(principal)?;
        let page: Page<ThingName> = self.page(query.max_results, query.next_token.as_deref())?;
        let behind = self
            .things_of_certificate(id)
            .filter(|name| page.after.as_ref().is_none_or(|after| *name > after))
            .cloned();
        let (things, next_token) = page.cut(behind, Clone::clone);
        Ok(ListPrincipalThingsResponse { things, next_token })
    }

    /// The things that a certificate is attached to.
    pub(super) fn things_of_certificate<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a ThingName> {
        self.credentials.things.get(id).into_iter().flatten()
    }

    /// Refuses to delete a thing while a certificate is attached to it.
    pub(in super::super) fn check_no_principals(&self, thing: &ThingName) -> Result<(), Rejected> {
        if self.credentials.principals.contains_key(thing) {
            let message = format!("Cannot delete. Thing {thing} is still attached to one or more principals");
            return Err(Rejected::InvalidRequest(message));
        }
        Ok(())
    }

    /// The certificate's id in a principal's ARN.
    pub(super) fn principal<'a>(&self, principal: &'a str) -> Result<&'a str, Rejected> {
        match self.settings.split_arn(principal) {
            Some(("cert", id)) if self.credentials.certificates.contains_key(id) => Ok(id),
            _ => Err(no_such_principal()),
        }
    }

    /// The kind and the name of a target that a policy can be attached to.
    fn check_target<'a>(&self, target: &'a str) -> Result<(&'a str, &'a str), Rejected> {
        match self.settings.split_arn(target) {
            Some(("cert", id)) if self.credentials.certificates.contains_key(id) => Ok(("cert", id)),
            Some(("cert", _)) => Err(no_such_principal()),
            Some(("thinggroup", name))
                if name.parse().is_ok_and(|name| self.groups.contains_key::<ThingGroupName>(&name)) =>
            {
                Ok(("thinggroup", name))
            }
            Some(("thinggroup", name)) => Err(Rejected::ResourceNotFound(format!(
                "Cannot find requested thing group for accountId: {} and thing group name: {name}",
                self.settings.account
            ))),
            _ => Err(Rejected::ResourceNotFound(format!("The target {target} cannot be found."))),
        }
    }
}

fn no_such_principal() -> Rejected {
    Rejected::ResourceNotFound("The certificate given in the principal does not exist.".to_owned())
}

/// Takes a value from a key's set, and the set away with its last value.
fn take<K, V, Q, W>(map: &mut BTreeMap<K, BTreeSet<V>>, key: &Q, value: &W)
where
    K: Borrow<Q> + Ord,
    V: Borrow<W> + Ord,
    Q: Ord + ?Sized,
    W: Ord + ?Sized,
{
    if let Some(values) = map.get_mut(key) {
        values.remove(value);
        if values.is_empty() {
            map.remove(key);
        }
    }
}
