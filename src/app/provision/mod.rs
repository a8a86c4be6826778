//! Devices on AWS, made and taken away again: `provision`, `clean-up`, and the policies of both.
//!
//! | module | what it is |
//! |---|---|
//! | `provisioner` | endpoint, thing, certificate, policy: each is made where it is missing |
//! | `cleaner` | what is deleted, what has another user, and the deleting |
//! | `calls`, `requests` | the calls, each said before it is made |
//! | `policy_text`, `policy_check` | the policy of a device, and whether one does |
//!
//! The folder's manifest says after each call what was made, so that both commands go on where they broke off.

mod calls;
mod cleaner;
mod policy_check;
mod policy_text;
mod provisioner;
mod requests;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use crate::app::cli::{CleanUpOptions, ProvisionOptions};
use crate::app::device_folder::{self, DeviceFolder, Manifest};
use crate::app::exit::ExitStatus;
use crate::client::control_plane::{self, ControlPlane, CredentialsSource};
use crate::client::identity;
use crate::client::trace::Trace;

use calls::{Error, said};

pub(crate) use policy_check::{check, print};

type Ended = Result<ExitStatus, (String, ExitStatus)>;

/// Makes a device on AWS, or what is missing of it.
pub(crate) async fn provision(options: &ProvisionOptions, say: &dyn Fn(&str)) -> Ended {
    let failed = |error: Error| (error.to_string(), error.exit_status());
    if options.dry_run {
        let known = known(options).map_err(failed)?;
        for call in provisioner::calls(&known) {
            say(&call);
        }
        return Ok(ExitStatus::Success);
    }
    let folder = DeviceFolder::open_or_make(&options.device).map_err(|error| failed(error.into()))?;
    let manifest = manifest(options, folder.manifest()).map_err(failed)?;
    let plane = control_plane(manifest.region.clone(), options.timeout).await?;
    provisioner::provision(&folder, manifest, &options.policy, &plane, say).await.map_err(failed)?;
    say(&format!("done: jobs-sandbox --device {}", options.device.display()));
    Ok(ExitStatus::Success)
}

/// Deletes what was made for a device, if that is wanted.
pub(crate) async fn clean_up(options: &CleanUpOptions, say: &dyn Fn(&str)) -> Ended {
    let failed = |error: Error| (error.to_string(), error.exit_status());
    if !options.device.exists() {
        say(&format!("nothing to delete: there is no {}", options.device.display()));
        return Ok(ExitStatus::Success);
    }
    let folder = DeviceFolder::open(&options.device).map_err(|error| failed(error.into()))?;
    let manifest = folder.manifest().map_err(|error| failed(error.into()))?;
    let no_device = || failed(device_folder::Error::NoDevice(options.device.clone()).into());
    let mut manifest = manifest.ok_or_else(no_device)?;
    let plan = if manifest.is_anything_made() {
        let plane = control_plane(manifest.region.clone(), options.timeout).await?;
        let plan = cleaner::plan(&folder, &mut manifest, options.jobs, &plane, say).await.map_err(failed)?;
        list(&plan, say);
        if !plan.calls.is_empty() {
            if !options.yes && !is_wanted() {
                let message = "nothing was deleted: --yes deletes without asking".to_owned();
                return Err((message, ExitStatus::Failure));
            }
            cleaner::carry_out(&folder, &mut manifest, &plan, &plane, say).await.map_err(failed)?;
        }
        plan
    } else {
        cleaner::Plan::default()
    };
    if manifest.is_anything_made() {
        let message = "not all is deleted: the same command does the rest when nobody else uses it any more";
        return Err((message.to_owned(), ExitStatus::Failure));
    }
    debug_assert!(plan.stays.iter().all(|line| line.starts_with("the job ")));
    folder.remove().map_err(|error| failed(error.into()))?;
    say(&format!("done: {} is removed", options.device.display()));
    Ok(ExitStatus::Success)
}

fn list(plan: &cleaner::Plan, say: &dyn Fn(&str)) {
    say("");
    say("to be deleted:");
    plan.calls.iter().for_each(|(request, _)| say(&format!("  {}", said(request))));
    plan.stays.iter().for_each(|line| say(line));
    say("");
}

/// Asks at the terminal.
fn is_wanted() -> bool {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return false;
    }
    print!("delete? [y/N] ");
    let mut answer = String::new();
    let answered = io::stdout().flush().and_then(|()| io::stdin().lock().read_line(&mut answer));
    answered.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// What is known of the device before anything is done, without touching its folder.
fn known(options: &ProvisionOptions) -> Result<Manifest, Error> {
    if !options.device.exists() {
        return manifest(options, Ok(None));
    }
    manifest(options, DeviceFolder::open(&options.device)?.manifest())
}

/// The manifest that is found, or a new one; refused where the options are about another device.
fn manifest(
    options: &ProvisionOptions,
    found: Result<Option<Manifest>, device_folder::Error>,
) -> Result<Manifest, Error> {
    // A name that was mistyped may be corrected as long as nothing was made.
    let found = found?.filter(Manifest::is_anything_made);
    let dir = options.device.display();
    let mut manifest = match (found, &options.thing) {
        (None, None) => {
            return Err(Error::Refused(format!("{dir} holds no device yet: name its thing with --thing")));
        }
        (None, Some(thing)) => Manifest::new(thing),
        (Some(found), Some(thing)) if found.thing.name != thing.as_str() => {
            return Err(Error::Refused(format!(
                "the device in {dir} is {}, not {thing}: choose another folder with --device",
                found.thing.name
            )));
        }
        (Some(found), _) => found,
    };
    match (&manifest.region, &options.region) {
        (Some(known), Some(region)) if known != region && manifest.endpoint.is_some() => {
            return Err(Error::Refused(format!(
                "the device in {dir} is in {known}, not in {region}: leave out --region, or choose another folder"
            )));
        }
        (_, Some(region)) => manifest.region = Some(region.clone()),
        (_, None) => {}
    }
    Ok(manifest)
}

async fn control_plane(
    region: Option<String>,
    timeout: Duration,
) -> Result<ControlPlane, (String, ExitStatus)> {
    let usage = |error: &dyn std::fmt::Display| (error.to_string(), ExitStatus::Usage);
    control_plane::check_proxies(None).map_err(|error| usage(&error))?;
    let ca_bundle = identity::ca_bundle().map_err(|error| usage(&error))?;
    Ok(ControlPlane::new(control_plane::Options {
        region,
        endpoint_url: None,
        credentials: CredentialsSource::DefaultChain,
        ca_bundle,
        timeout,
        trace: Trace::off(),
    })
    .await)
}
