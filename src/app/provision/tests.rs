//! A device is made and taken away again over the real SDK, broken off at each call in turn.

use std::path::Path;
use std::sync::Mutex;

use super::*;
use crate::app::cli::PolicySource;
use crate::client::control_plane::{Operation, Request};
use crate::client::sandbox::Sandbox;
use crate::service::{LocalService, Options};

/// The calls of a new device, in order.
const PROVISION: [&str; 8] = [
    "DescribeEndpoint",
    "DescribeThing",
    "CreateThing",
    "CreateCertificateFromCsr",
    "GetPolicy",
    "CreatePolicy",
    "AttachPolicy",
    "AttachThingPrincipal",
];

/// The calls that delete it, in order.
const CLEAN_UP: [&str; 6] = [
    "DetachThingPrincipal",
    "DetachPolicy",
    "UpdateCertificate",
    "DeleteCertificate",
    "DeletePolicy",
    "DeleteThing",
];

/// What each clean-up asks before it deletes anything.
const LOOK: [&str; 6] = [
    "DescribeCertificate",
    "ListPrincipalThings",
    "ListAttachedPolicies",
    "ListTargetsForPolicy",
    "ListPolicyVersions",
    "ListThingPrincipals",
];

/// An account, the folder of a device, and what was said.
struct Bench {
    service: LocalService,
    plane: ControlPlane,
    parent: tempfile::TempDir,
    said: Mutex<Vec<String>>,
}

impl Bench {
    async fn new() -> Self {
        let service = LocalService::start(Options::default()).await.unwrap();
        let plane = ControlPlane::new(control_plane::Options {
            region: Some("us-east-1".to_owned()),
            endpoint_url: Some(format!("http://{}", service.http_addr())),
            credentials: CredentialsSource::Dummy,
            ca_bundle: None,
            timeout: Duration::from_secs(20),
            trace: Trace::off(),
        });
        Self { service, plane: plane.await, parent: tempfile::tempdir().unwrap(), said: Mutex::default() }
    }

    fn options(&self) -> ProvisionOptions {
        ProvisionOptions {
            thing: Some("Pump".parse().unwrap()),
            device: self.parent.path().join("device"),
            region: None,
            policy: PolicySource::Own("test-*".to_owned()),
            dry_run: false,
            timeout: Duration::from_secs(20),
        }
    }

    fn say(&self, line: &str) {
        self.said.lock().unwrap().push(line.to_owned());
    }

    /// The operations that were said since this was asked last.
    fn operations(&self) -> Vec<String> {
        let said = std::mem::take(&mut *self.said.lock().unwrap());
        said.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    }

    /// Lets a call go wrong once.
    async fn fault(&self, words: &str) {
        let url = format!("http://{}", self.service.http_addr());
        let sandbox = Sandbox::new(&url, None, Duration::from_secs(20)).unwrap();
        sandbox.clear_faults().await.unwrap();
        sandbox.add_fault(words).await.unwrap();
    }

    async fn provision(&self) -> Result<(), Error> {
        let options = self.options();
        let folder = DeviceFolder::open_or_make(&options.device)?;
        let manifest = manifest(&options, folder.manifest())?;
        provisioner::provision(&folder, manifest, &options.policy, &self.plane, &|line| self.say(line)).await
    }

    /// What stays.
    async fn clean_up(&self) -> Result<Vec<String>, Error> {
        let say = |line: &str| self.say(line);
        let folder = DeviceFolder::open(&self.options().device)?;
        let mut manifest = folder.manifest()?.unwrap();
        let plan = cleaner::plan(&folder, &mut manifest, true, &self.plane, &say).await?;
        cleaner::carry_out(&folder, &mut manifest, &plan, &self.plane, &say).await?;
        if !manifest.is_anything_made() {
            folder.remove()?;
        }
        Ok(plan.stays)
    }

    async fn call(&self, request: Request) -> serde_json::Value {
        let reply = self.plane.call(&request).await.unwrap();
        reply.body.map(|body| serde_json::from_str(&body).unwrap()).unwrap_or_default()
    }

    /// Nothing is left of the device, in the account and in the folder.
    async fn is_clean(&self, case: &str) {
        let thing = self.plane.call(&requests::thing(Operation::DescribeThing, "Pump")).await;
        let policy = requests::policy(Operation::GetPolicy, "jobs-sandbox-Pump");
        let certificates = self.call(Request::new(Operation::ListCertificates)).await;
        assert!(thing.is_err() && self.plane.call(&policy).await.is_err(), "{case}");
        // The service's own.
        assert_eq!(certificates["certificates"].as_array().unwrap().len(), 1, "{case}");
        assert!(!self.options().device.exists(), "{case}");
    }

    async fn stop(self) {
        self.service.stop().await;
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn each_call_is_said_and_again_nothing_is_made_twice() {
    let bench = Bench::new().await;
    bench.provision().await.unwrap();
    assert_eq!(bench.operations(), PROVISION);
    let device = bench.options().device;
    assert_eq!((mode(&device), mode(&device.join("key.pem"))), (0o700, 0o600));
    let read = || std::fs::read_to_string(device.join("manifest.json")).unwrap();
    let before = read();
    bench.provision().await.unwrap();
    let again = bench.operations();
    assert!(!again.iter().any(|operation| operation.starts_with("Create")), "{again:?}");
    assert_eq!(before, read());
    let ready = device_folder::device(&device).unwrap();
    identity::Identity::load(&ready.cert, &ready.key, None).unwrap();
    assert_eq!(bench.clean_up().await.unwrap(), Vec::<String>::new());
    assert!(bench.operations().ends_with(&CLEAN_UP.map(str::to_owned)));
    bench.is_clean("whole").await;
    bench.stop().await;
}

#[tokio::test]
async fn what_breaks_off_at_any_call_goes_on_and_is_cleaned_up() {
    let bench = Bench::new().await;
    let refused = PROVISION.map(|call| (call, "refuse=AccessDeniedException", true));
    // What only reads is asked again.
    let changes =
        PROVISION.into_iter().filter(|call| !["Describe", "Get"].iter().any(|read| call.starts_with(read)));
    let lost = changes.map(|call| (call, "drop-answer", true));
    // For a moment, which is waited for.
    let throttled = [("CreatePolicy", "refuse=ThrottlingException", false)];
    for (call, kind, fails) in refused.into_iter().chain(lost).chain(throttled) {
        let case = &format!("{kind} --on {call}");
        for is_resumed in [true, false] {
            bench.fault(case).await;
            let broken = bench.provision().await;
            assert_eq!(broken.is_err(), fails, "{case}: {broken:?}");
            if let Err(error) = broken {
                assert!(error.to_string().ends_with("the same command goes on from here"), "{error}");
            }
            if is_resumed {
                bench.provision().await.unwrap_or_else(|error| panic!("{case}: {error}"));
            }
            bench.clean_up().await.unwrap_or_else(|error| panic!("{case}: {error}"));
            bench.is_clean(case).await;
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_clean_up_that_breaks_off_goes_on() {
    let bench = Bench::new().await;
    let refused = CLEAN_UP.into_iter().chain(LOOK).map(|call| (call, "refuse=AccessDeniedException"));
    for (call, kind) in refused.chain(CLEAN_UP.map(|call| (call, "drop-answer"))) {
        let case = &format!("{kind} --on {call}");
        bench.provision().await.unwrap();
        bench.fault(case).await;
        assert!(bench.clean_up().await.is_err(), "{case}");
        bench.clean_up().await.unwrap_or_else(|error| panic!("{case}: {error}"));
        bench.is_clean(case).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn what_was_there_before_stays_and_so_does_what_others_use() {
    let bench = Bench::new().await;
    bench.call(requests::thing(Operation::CreateThing, "Pump")).await;
    bench.provision().await.unwrap();
    let manifest = device_folder::DeviceFolder::open(&bench.options().device).unwrap().manifest().unwrap();
    let certificate = manifest.unwrap().certificate.arn.unwrap();
    bench.call(requests::principal_of(Operation::AttachThingPrincipal, "MyThing", &certificate)).await;
    let job = requests::job(Operation::CreateJob, "Both");
    let arn = |thing: &str| format!("arn:aws:iot:us-east-1:123456789012:thing/{thing}");
    let job = job
        .text("document", "{}")
        .json("targets", serde_json::json!([arn("Pump"), arn("MyThing")]).to_string());
    bench.call(job).await;
    device_folder::note_job(&bench.options().device, "Both").unwrap();

    let stays = bench.clean_up().await.unwrap();
    let id = certificate.rsplit_once('/').unwrap().1;
    assert_eq!(
        stays,
        [
            format!("the job Both stays: {} uses it too", arn("MyThing")),
            format!("the certificate {id} stays: the thing MyThing uses it too"),
            format!("the policy jobs-sandbox-Pump stays: {certificate} uses it too"),
        ]
    );
    bench.call(requests::principal_of(Operation::DetachThingPrincipal, "MyThing", &certificate)).await;
    bench.call(requests::job(Operation::DeleteJob, "Both").json("force", "true")).await;
    assert_eq!(bench.clean_up().await.unwrap(), Vec::<String>::new());
    bench.call(requests::thing(Operation::DeleteThing, "Pump")).await;
    bench.is_clean("others").await;
    bench.stop().await;
}

#[tokio::test]
async fn a_name_that_is_taken_another_account_and_a_certificate_that_is_off_are_told() {
    let bench = Bench::new().await;
    let other = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:*","Resource":"*"}}"#;
    bench.call(requests::create_policy("jobs-sandbox-Pump", other)).await;
    let taken = bench.provision().await.unwrap_err().to_string();
    assert!(taken.contains("a policy jobs-sandbox-Pump with another document"), "{taken}");
    bench.call(requests::policy(Operation::DeletePolicy, "jobs-sandbox-Pump")).await;
    bench.provision().await.unwrap();

    let folder = DeviceFolder::open(&bench.options().device).unwrap();
    let mut manifest = folder.manifest().unwrap().unwrap();
    let off = requests::certificate(Operation::UpdateCertificate, &manifest.certificate.name);
    bench.call(off.text("newStatus", "INACTIVE")).await;
    let ours = manifest.clone();
    manifest.endpoint = Some("another.example".to_owned());
    folder.put_manifest(&manifest).unwrap();
    drop(folder);
    let off = bench.provision().await.unwrap_err().to_string();
    assert!(off.contains("is INACTIVE: activate it"), "the same account by another name: {off}");
    for resource in [&mut manifest.thing, &mut manifest.certificate, &mut manifest.policy] {
        resource.arn = resource.arn.as_ref().map(|arn| arn.replace("123456789012", "999999999999"));
    }
    DeviceFolder::open(&bench.options().device).unwrap().put_manifest(&manifest).unwrap();
    for refused in [bench.provision().await.unwrap_err(), bench.clean_up().await.unwrap_err()] {
        assert!(refused.to_string().contains("this device is at another.example"), "{refused}");
    }
    DeviceFolder::open(&bench.options().device).unwrap().put_manifest(&ours).unwrap();
    bench.clean_up().await.unwrap();
    bench.is_clean("off").await;
    bench.stop().await;
}
