//! A device program: it carries out whatever is pending for its thing, one job execution at a time.
//!
//!     . service/env                 # or the same variables for an endpoint of AWS
//!     cargo run --example device

use std::env;
use std::path::PathBuf;

use anyhow::Context as _;
use jobs_sandbox::client::connection::{KEEP_ALIVE, Options};
use jobs_sandbox::client::identity::Identity;
use jobs_sandbox::client::jobs::Client;
use jobs_sandbox::client::trace::Trace;
use jobs_sandbox::wire::model::{
    JobExecutionStatus, StartNextPendingJobExecutionRequest, UpdateJobExecutionRequest,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (client, mut streams) =
        Client::connect(variable("THING")?.parse()?, options()?, Trace::off()).await?;

    let pending = client.get_pending_job_executions().await?.response;
    println!("{} in progress, {} queued", pending.in_progress_jobs.len(), pending.queued_jobs.len());

    loop {
        let request = StartNextPendingJobExecutionRequest::default();
        let started = client.start_next_pending_job_execution(request).await?.response;
        let Some(execution) = started.execution else { break };
        let document = execution.job_document.as_ref().map_or("", |document| document.get());
        println!("{}: {document}", execution.job_id);

        // Here a device does what the document asks for.

        let done = UpdateJobExecutionRequest::new(JobExecutionStatus::Succeeded);
        client.update_job_execution(&execution.job_id, done).await?;
    }

    // What the service said meanwhile; a device that stays would wait here for the next one.
    client.barrier().await?;
    while let Ok(event) = streams.next_job_execution_changed.try_recv() {
        println!("event {} on {}", event.number, event.topic);
    }
    client.disconnect().await;
    Ok(())
}

fn options() -> anyhow::Result<Options> {
    let port = variable("PORT")?.parse()?;
    let (certificate, key, ca) = (file("CERT")?, file("KEY")?, file("CA_FILE")?);
    Ok(Options {
        host: variable("ENDPOINT")?,
        port,
        client_id: "test-device".to_owned(),
        tls: Identity::load(&certificate, &key, Some(&ca))?.tls_config(port),
        timeout: std::time::Duration::from_secs(30),
        keep_alive: KEEP_ALIVE,
    })
}

fn file(name: &str) -> anyhow::Result<PathBuf> {
    variable(name).map(PathBuf::from)
}

fn variable(name: &str) -> anyhow::Result<String> {
    let name = format!("JOBS_SANDBOX_{name}");
    env::var(&name).with_context(|| format!("{name} is not set"))
}
