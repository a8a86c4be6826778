//! Makes a device: endpoint, thing, certificate, policy, and what holds them together; each only where it is missing.

use serde_json::Value;

use super::calls::{Calls, Error, said, text, texts};
use super::requests;
use crate::app::cli::PolicySource;
use crate::app::device_folder::{DeviceFolder, Manifest, Origin, Resource, complete};
use crate::client::control_plane::{self, ControlPlane, Operation, Request};
use crate::service::{Placeholders, device_key, is_for_key, signing_request};

/// How many certificates are looked at for one whose answer was lost, from the newest on.
const LOOKED_AT: usize = 25;

/// What stands in the place of an ARN that no call has told yet.
const UNKNOWN_ARN: &str = "(the certificate's)";

/// All calls that [`provision`] may make for a new device, in one line each.
pub(super) fn calls(manifest: &Manifest) -> Vec<String> {
    let (thing, policy) = (&manifest.thing.name, &manifest.policy.name);
    [
        requests::describe_endpoint(),
        requests::thing(Operation::DescribeThing, thing),
        requests::thing(Operation::CreateThing, thing),
        requests::create_certificate(""),
        requests::policy(Operation::GetPolicy, policy),
        requests::create_policy(policy, ""),
        requests::policy_of(Operation::AttachPolicy, policy, UNKNOWN_ARN),
        requests::principal_of(Operation::AttachThingPrincipal, thing, UNKNOWN_ARN),
    ]
    .iter()
    .map(|request| match request.operation {
        Operation::CreateThing | Operation::CreatePolicy => format!("{}, if there is none", said(request)),
        Operation::CreateCertificateFromCsr => format!("{}, for a key that stays here", said(request)),
        _ => said(request),
    })
    .collect()
}

/// Makes what is missing of the device, and its files.
pub(super) async fn provision(
    folder: &DeviceFolder,
    mut manifest: Manifest,
    policy: &PolicySource,
    plane: &ControlPlane,
    say: &dyn Fn(&str),
) -> Result<(), Error> {
    let calls = Calls::new(plane, say);
    folder.put_manifest(&manifest)?;
    let provisioner = Provisioner { folder, calls };
    check_account(&provisioner.calls, &mut manifest).await?;
    folder.put_manifest(&manifest)?;
    provisioner.thing(&mut manifest).await?;
    let certificate_arn = provisioner.certificate(&mut manifest).await?;
    provisioner.policy(&mut manifest, policy).await?;
    let (thing, policy) = (&manifest.thing.name, &manifest.policy.name);
    let calls = &provisioner.calls;
    calls.make(&requests::policy_of(Operation::AttachPolicy, policy, &certificate_arn)).await?;
    calls.make(&requests::principal_of(Operation::AttachThingPrincipal, thing, &certificate_arn)).await?;
    let device = complete(folder.dir(), &manifest).ok_or_else(|| no_member("endpointAddress"))?;
    folder.put_environment(&device)?;
    Ok(())
}

/// Asks for the endpoint, and refuses another account than the one that the device was made in: what bears the same
/// name there is somebody else's.
pub(super) async fn check_account(calls: &Calls<'_>, manifest: &mut Manifest) -> Result<(), Error> {
    let answer = calls.make(&requests::describe_endpoint()).await?;
    let endpoint = text(&answer, "/endpointAddress");
    // Each account has an endpoint of its own. An account may be reached by several.
    if let Some(known) = manifest.endpoint.as_ref().filter(|known| **known != endpoint)
        && manifest.is_anything_made()
        && !is_here(calls, manifest).await?
    {
        return Err(Error::Refused(format!(
            "this device is at {known}, but these credentials lead to {endpoint}: use those of the account that it was \
             made in, AWS_PROFILE say"
        )));
    }
    manifest.endpoint = Some(endpoint);
    Ok(())
}

/// Whether anything of the device is in this account.
async fn is_here(calls: &Calls<'_>, manifest: &Manifest) -> Result<bool, Error> {
    let Manifest { thing, certificate, policy, .. } = manifest;
    for (resource, request, arn) in [
        (thing, requests::thing(Operation::DescribeThing, &thing.name), "/thingArn"),
        (
            certificate,
            requests::certificate(Operation::DescribeCertificate, &certificate.name),
            "/certificateDescription/certificateArn",
        ),
        (policy, requests::policy(Operation::GetPolicy, &policy.name), "/policyArn"),
    ] {
        let Some(known) = &resource.arn else { continue };
        if calls.find(&request).await?.is_some_and(|found| text(&found, arn) == *known) {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Provisioner<'a> {
    folder: &'a DeviceFolder,
    calls: Calls<'a>,
}

impl Provisioner<'_> {
    async fn thing(&self, manifest: &mut Manifest) -> Result<(), Error> {
        let name = manifest.thing.name.clone();
        let found = self.calls.find(&requests::thing(Operation::DescribeThing, &name)).await?;
        let answer = if let Some(found) = found {
            found_or_made(&mut manifest.thing);
            found
        } else {
            let create = requests::thing(Operation::CreateThing, &name);
            self.create(manifest, |manifest| &mut manifest.thing, &create).await?
        };
        let arn = text(&answer, "/thingArn");
        manifest.region = Some(Arn::read(&arn)?.region.to_owned());
        manifest.thing.arn = Some(arn);
        self.folder.put_manifest(manifest)?;
        Ok(())
    }

    /// The ARN of the certificate.
    async fn certificate(&self, manifest: &mut Manifest) -> Result<String, Error> {
        let key = self.key()?;
        let found = match manifest.certificate.origin {
            Origin::Begun => lost_certificate(&self.calls, &key).await?,
            Origin::Made => {
                let id = &manifest.certificate.name;
                let found =
                    self.calls.find(&requests::certificate(Operation::DescribeCertificate, id)).await?;
                found.map(|found| found["certificateDescription"].clone())
            }
            Origin::Nowhere | Origin::Found => None,
        };
        if let Some(found) = found.as_ref().filter(|found| found["status"] != "ACTIVE") {
            let (arn, status) = (text(found, "/certificateArn"), text(found, "/status"));
            return Err(Error::Refused(format!(
                "the certificate {arn} is {status}: activate it with aws iot update-certificate, or clean up first"
            )));
        }
        let answer = if let Some(found) = found {
            found
        } else {
            let request = signing_request(&key).map_err(|error| Error::Refused(error.to_string()))?;
            let create = requests::create_certificate(&request);
            self.create(manifest, |manifest| &mut manifest.certificate, &create).await?
        };
        let arn = text(&answer, "/certificateArn");
        manifest.certificate =
            Resource { name: text(&answer, "/certificateId"), arn: Some(arn.clone()), origin: Origin::Made };
        self.folder.put_certificate(&text(&answer, "/certificatePem"))?;
        self.folder.put_manifest(manifest)?;
        Ok(arn)
    }

    /// The private key, made once.
    fn key(&self) -> Result<String, Error> {
        if let Some(key) = self.folder.key()? {
            return Ok(key);
        }
        let key = device_key().map_err(|error| Error::Refused(error.to_string()))?;
        self.folder.put_key(&key)?;
        Ok(key)
    }

    async fn policy(&self, manifest: &mut Manifest, source: &PolicySource) -> Result<(), Error> {
        let thing_arn = manifest.thing.arn.clone().unwrap_or_default();
        let Arn { partition, region, account } = Arn::read(&thing_arn)?;
        let fill = Placeholders { partition, region, account, thing: &manifest.thing.name };
        let (document, is_short) = source.checked(&fill)?;
        if is_short {
            self.calls
                .say("the policy lists no topics one by one: with this name it would be too long for AWS");
        }
        let name = manifest.policy.name.clone();
        let found = self.calls.find(&requests::policy(Operation::GetPolicy, &name)).await?;
        let answer = match found {
            Some(found) if is_same(&text(&found, "/policyDocument"), &document) => {
                found_or_made(&mut manifest.policy);
                found
            }
            Some(_) => {
                return Err(Error::Refused(format!(
                    "there is a policy {name} with another document: delete it, or take another name for the thing"
                )));
            }
            None => {
                let create = requests::create_policy(&name, &document);
                self.create(manifest, |manifest| &mut manifest.policy, &create).await?
            }
        };
        manifest.policy.arn = Some(text(&answer, "/policyArn"));
        manifest.client_ids = match source {
            PolicySource::Own(client_ids) => Some(client_ids.clone()),
            PolicySource::Given(_) => None,
        };
        self.folder.put_manifest(manifest)?;
        Ok(())
    }

    /// Makes something; the manifest says so before, and takes it back where nothing can have come of it. What came of
    /// it is for the caller to keep.
    async fn create(
        &self,
        manifest: &mut Manifest,
        of: impl Fn(&mut Manifest) -> &mut Resource,
        request: &Request,
    ) -> Result<Value, Error> {
        of(manifest).origin = Origin::Begun;
        self.folder.put_manifest(manifest)?;
        let made = self.calls.make(request).await;
        of(manifest).origin = match &made {
            Ok(_) => Origin::Made,
            Err(Error::Call(control_plane::Error::OutcomeUnknown { .. })) => Origin::Begun,
            Err(_) => Origin::Nowhere,
        };
        if made.is_err() {
            self.folder.put_manifest(manifest)?;
        }
        made
    }
}

/// The certificate of this private key that was asked for without an answer, if it was made.
pub(super) async fn lost_certificate(calls: &Calls<'_>, key: &str) -> Result<Option<Value>, Error> {
    let list = calls.make(&Request::new(Operation::ListCertificates)).await?;
    for id in texts(&list, "certificates", Some("certificateId")).iter().take(LOOKED_AT) {
        let described = calls.find(&requests::certificate(Operation::DescribeCertificate, id)).await?;
        let certificate = described.unwrap_or_default()["certificateDescription"].take();
        if is_for_key(&text(&certificate, "/certificatePem"), key) {
            return Ok(Some(certificate));
        }
    }
    Ok(None)
}

/// Of something that is there: it was there before, unless this program asked for it.
fn found_or_made(resource: &mut Resource) {
    resource.origin = if resource.is_made() { Origin::Made } else { Origin::Found };
}

/// Whether two policies say the same, however they are laid out.
fn is_same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    read(one).is_some() && read(one) == read(other)
}

/// Where an ARN leads.
struct Arn<'a> {
    partition: &'a str,
    region: &'a str,
    account: &'a str,
}

impl<'a> Arn<'a> {
    fn read(arn: &'a str) -> Result<Self, Error> {
        match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", partition, _, region, account, _] => Ok(Self { partition, region, account }),
            _ => Err(no_member("thingArn")),
        }
    }
}

fn no_member(name: &str) -> Error {
    Error::Refused(format!("the answer has no {name}: is that an AWS IoT control plane?"))
}
