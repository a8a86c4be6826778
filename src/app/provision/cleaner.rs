//! Deletes what was made for a device, in the order that AWS wants, and nothing that somebody else uses too.

use super::calls::{Calls, Error, text, texts};
use super::provisioner::{check_account, lost_certificate};
use super::requests;
use crate::app::device_folder::{DeviceFolder, Manifest, Origin, Resource};
use crate::client::control_plane::{ControlPlane, Operation, Request};

/// What is to be deleted, and what not.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The calls, in order, and what each makes an end of.
    pub(super) calls: Vec<(Request, Option<Kind>)>,
    /// What stays although it was made for the device, and why.
    pub(super) stays: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Thing,
    Certificate,
    Policy,
}

impl Kind {
    fn of(self, manifest: &mut Manifest) -> &mut Resource {
        match self {
            Self::Thing => &mut manifest.thing,
            Self::Certificate => &mut manifest.certificate,
            Self::Policy => &mut manifest.policy,
        }
    }
}

/// Finds out what is to be deleted; changes nothing in the account.
pub(super) async fn plan(
    folder: &DeviceFolder,
    manifest: &mut Manifest,
    jobs_too: bool,
    plane: &ControlPlane,
    say: &dyn Fn(&str),
) -> Result<Plan, Error> {
    let calls = Calls::new(plane, say);
    let mut plan = Plan::default();
    check_account(&calls, manifest).await?;
    let key = folder.key()?;
    if manifest.certificate.origin == Origin::Begun {
        let found = lost_certificate(&calls, key.as_deref().unwrap_or_default()).await?;
        manifest.certificate = found.map_or_else(Resource::default, |found| Resource {
            name: text(&found, "/certificateId"),
            arn: Some(text(&found, "/certificateArn")),
            origin: Origin::Made,
        });
        folder.put_manifest(manifest)?;
    }
    if jobs_too {
        plan.jobs(&calls, folder, manifest).await?;
    }
    let certificate_stays = plan.certificate(&calls, manifest).await?;
    plan.policy(&calls, manifest, certificate_stays).await?;
    plan.thing(&calls, manifest).await?;
    Ok(plan)
}

/// Carries a plan out. What is gone already is no error; the manifest forgets what is gone after each call.
pub(super) async fn carry_out(
    folder: &DeviceFolder,
    manifest: &mut Manifest,
    plan: &Plan,
    plane: &ControlPlane,
    say: &dyn Fn(&str),
) -> Result<(), Error> {
    let calls = Calls::new(plane, say);
    for (request, ends) in &plan.calls {
        calls.find(request).await?;
        if let Some(kind) = ends {
            kind.of(manifest).gone();
            folder.put_manifest(manifest)?;
        }
    }
    Ok(())
}

impl Plan {
    fn call(&mut self, request: Request) {
        self.calls.push((request, None));
    }

    fn stay(&mut self, what: &str, name: &str, user: &str) {
        self.stays.push(format!("the {what} {name} stays: {user} uses it too"));
    }

    /// The jobs that sessions with this device have created and that are for its thing alone.
    async fn jobs(
        &mut self,
        calls: &Calls<'_>,
        folder: &DeviceFolder,
        manifest: &Manifest,
    ) -> Result<(), Error> {
        for id in folder.jobs()? {
            let id = id.as_str();
            let describe = requests::job(Operation::DescribeJob, id);
            let Some(described) = calls.find(&describe).await? else { continue };
            let targets = texts(&described["job"], "targets", None);
            let own = manifest.thing.arn.as_ref();
            if let Some(other) = targets.iter().find(|target| Some(*target) != own) {
                self.stay("job", id, other);
            } else {
                self.call(requests::job(Operation::DeleteJob, id).json("force", "true"));
            }
        }
        Ok(())
    }

    /// Whether it stays: it has another thing, or another policy.
    async fn certificate(&mut self, calls: &Calls<'_>, manifest: &mut Manifest) -> Result<bool, Error> {
        let Resource { name: id, arn, origin } = manifest.certificate.clone();
        let (Origin::Made, Some(arn)) = (origin, arn) else { return Ok(false) };
        let describe = requests::certificate(Operation::DescribeCertificate, &id);
        let Some(described) = calls.find(&describe).await? else {
            manifest.certificate.gone();
            return Ok(false);
        };
        let things = texts(&calls.make(&requests::things_of(&arn)).await?, "things", None);
        let policies =
            texts(&calls.make(&requests::policies_of(&arn)).await?, "policies", Some("policyName"));
        let (thing, policy) = (&manifest.thing.name, &manifest.policy.name);
        if things.contains(thing) {
            self.call(requests::principal_of(Operation::DetachThingPrincipal, thing, &arn));
        }
        let other_things =
            things.iter().filter(|other| *other != thing).map(|other| format!("the thing {other}"));
        let other_policies =
            policies.iter().filter(|other| *other != policy).map(|other| format!("the policy {other}"));
        if let Some(other) = other_things.chain(other_policies).next() {
            self.stay("certificate", &id, &other);
            return Ok(true);
        }
        if policies.contains(policy) {
            self.call(requests::policy_of(Operation::DetachPolicy, policy, &arn));
        }
        if text(&described, "/certificateDescription/status") == "ACTIVE" {
            let update = requests::certificate(Operation::UpdateCertificate, &id);
            self.call(update.text("newStatus", "INACTIVE"));
        }
        let delete = requests::certificate(Operation::DeleteCertificate, &id);
        self.calls.push((delete, Some(Kind::Certificate)));
        Ok(false)
    }

    async fn policy(
        &mut self,
        calls: &Calls<'_>,
        manifest: &mut Manifest,
        certificate_stays: bool,
    ) -> Result<(), Error> {
        if !manifest.policy.is_made() {
            return Ok(());
        }
        let name = manifest.policy.name.clone();
        if calls.find(&requests::policy(Operation::GetPolicy, &name)).await?.is_none() {
            manifest.policy.gone();
            return Ok(());
        }
        let targets = calls.make(&requests::policy(Operation::ListTargetsForPolicy, &name)).await?;
        let own = manifest.certificate.arn.as_ref().filter(|_| !certificate_stays);
        if let Some(other) = texts(&targets, "targets", None).iter().find(|target| Some(*target) != own) {
            self.stay("policy", &name, other);
        } else {
            let versions = calls.make(&requests::policy(Operation::ListPolicyVersions, &name)).await?;
            let versions = versions["policyVersions"].as_array().map(Vec::as_slice).unwrap_or_default();
            for version in versions.iter().filter(|version| version["isDefaultVersion"] != true) {
                let delete = requests::policy(Operation::DeletePolicyVersion, &name);
                self.call(delete.text("policyVersionId", &text(version, "/versionId")));
            }
            let delete = requests::policy(Operation::DeletePolicy, &name);
            self.calls.push((delete, Some(Kind::Policy)));
        }
        Ok(())
    }

    async fn thing(&mut self, calls: &Calls<'_>, manifest: &mut Manifest) -> Result<(), Error> {
        if !manifest.thing.is_made() {
            return Ok(());
        }
        let name = manifest.thing.name.clone();
        if calls.find(&requests::thing(Operation::DescribeThing, &name)).await?.is_none() {
            manifest.thing.gone();
            return Ok(());
        }
        let principals = calls.make(&requests::thing(Operation::ListThingPrincipals, &name)).await?;
        let own = manifest.certificate.arn.as_ref();
        if let Some(other) =
            texts(&principals, "principals", None).iter().find(|principal| Some(*principal) != own)
        {
            self.stay("thing", &name, other);
        } else {
            let delete = requests::thing(Operation::DeleteThing, &name);
            self.calls.push((delete, Some(Kind::Thing)));
        }
        Ok(())
    }
}
