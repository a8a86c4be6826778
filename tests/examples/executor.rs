//! A device that carries out what is pending for its thing, whatever comes in between, and then ends.
//!
//!     . service/env                 # or the same variables for an endpoint of AWS
//!     cargo run --example executor

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use jobs_sandbox::client::connection::{self, KEEP_ALIVE};
use jobs_sandbox::client::executor::{Control, Executor, Options, Outcome, Verdict};
use jobs_sandbox::client::identity::Identity;
use jobs_sandbox::client::jobs::Client;
use jobs_sandbox::client::trace::Trace;
use jobs_sandbox::wire::model::JobExecutionData;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (client, streams) = Client::connect(variable("THING")?.parse()?, connection()?, Trace::off()).await?;

    // A device that stays would leave `once` out.
    let options = Options { once: true, ..Options::default() };
    let ended = Executor::new(client, streams, options)
        .telling(|notice| println!("{notice}"))
        .until(async { drop(tokio::signal::ctrl_c().await) })
        .run(carry_out)
        .await?;
    println!("{ended:?}");
    Ok(())
}

async fn carry_out(execution: JobExecutionData, control: Control) -> Outcome {
    let document = execution.job_document.as_ref().map_or("", |document| document.get());
    println!("{}: {document}", execution.job_id);
    for percent in ["50", "100"] {
        control.report([("percent".to_owned(), percent.to_owned())].into());
        tokio::select! {
            // Here a device does a part of what the document asks for.
            () = tokio::time::sleep(Duration::from_millis(10)) => {}
            // It was canceled, say, or this program is to end: what is left is for the next start.
            _ = control.stopped() => return Verdict::Unfinished.into(),
        }
    }
    Verdict::Succeeded.into()
}

fn connection() -> anyhow::Result<connection::Options> {
    let port = variable("PORT")?.parse()?;
    let (certificate, key, ca) = (file("CERT")?, file("KEY")?, file("CA_FILE")?);
    Ok(connection::Options {
        host: variable("ENDPOINT")?,
        port,
        client_id: "test-executor".to_owned(),
        tls: Identity::load(&certificate, &key, Some(&ca))?.tls_config(port),
        timeout: Duration::from_secs(30),
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
