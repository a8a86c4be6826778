//! The local service inside a Rust test of somebody else's device program: start it, create a job, let the device
//! do its work, and look at the job again.
//!
//!     cargo run --example local_service

use jobs_sandbox::service::{LocalService, Options};
use serde_json::json;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let service = LocalService::start(Options::default()).await?;

    let request = serde_json::from_value(json!({
        "targets": ["arn:aws:iot:us-east-1:123456789012:thing/MyThing"],
        "document": r#"{"ToDo":"Reboot"}"#,
    }))?;
    let created = service.write(|state, now| state.create_job(now, "Job1", request))?;
    println!("created {}", created.job_arn);

    // Here a test starts the device program, with the endpoint and the files that it needs.
    println!(
        "a device connects to port {} with {}",
        service.mqtt_addr().port(),
        file_name(&service.cert_file())
    );

    service.stop().await;
    Ok(())
}

fn file_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
