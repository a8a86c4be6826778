//! Every operation on jobs, templates, things and what they connect with, called through the SDK: the path by its builder, the other members as
//! JSON that goes out byte for byte, so that nothing is dropped which the SDK does not know.

use std::future::Future;

use aws_sdk_iot::client::customize::CustomizableOperation;
use aws_sdk_iot::config::http::{HttpRequest, HttpResponse};
use aws_sdk_iot::config::retry::RetryConfig;
use aws_sdk_iot::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iot::types::CertificateStatus;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::error::Error;
use super::exchange::{Capture, Exchange};
use super::request::{Answer, Operation, Request, camel_case};
use super::{ControlPlane, Reply, complete, malformed, members, pages};
use crate::client::backoff::Retries;

/// Calls an operation by its builder: its members in the path and in headers, which are texts, and those that are
/// none.
macro_rules! send {
    ($plane:ident, $request:ident, $once:ident;
     $($name:ident: $method:ident($($label:ident)* $(; $typed:ident: $read:path)?);)+) => {
        match $request.operation {
            $(Operation::$name => {
                let call = $plane.client.$method();
                $(let call = call.$label($request.plain(&camel_case(stringify!($label))));)*
                $(let call = call.$typed($read(&*$request.plain(&camel_case(stringify!($typed)))));)?
                let labels = vec![$(camel_case(stringify!($label)),)* $(camel_case(stringify!($typed)),)?];
                let call = prepare(call.customize(), $request.clone(), labels, $once);
                $plane.exchange($request.operation.name(), |capture| call.interceptor(capture).send()).await
            })+
        }
    };
}

impl ControlPlane {
    /// Calls an operation; several pages of a list come as one.
    ///
    /// What only reads is retried at will, what changes something only if the service did not look at it.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn call(&self, request: &Request) -> Result<Reply, Error> {
        let operation = request.operation.name();
        let job = request.has("jobId").then(|| request.plain("jobId"));
        match request.operation.answer() {
            Answer::Read(within, always) => {
                let exchange = self.send(request, false).await?;
                let body = exchange.body.as_deref();
                let checked = if within.is_empty() {
                    members::check(body, always, None)
                } else {
                    members::check_within(body, within, always, job.as_deref())
                };
                complete(operation, exchange, checked).map(|exchange| Reply::new(operation, exchange))
            }
            Answer::List(list) => {
                self.pages(operation, list, async |token| {
                    let token = token.map(|token| Value::from(token).to_string());
                    let page = request.clone().json_if("nextToken", token);
                    let exchange = self.send(&page, false).await?;
                    Ok((next_token(exchange.body.as_deref()), exchange))
                })
                .await
            }
            Answer::Change(always, find_out) => {
                let changed = self.change(request, always, job.as_deref()).await;
                changed.map_err(|error| error.of_a_change(request.find_out(find_out)))
            }
        }
    }

    /// An operation that must not be carried out twice: retried only if the service did not look at it.
    async fn change(&self, request: &Request, always: &[&str], job: Option<&str>) -> Result<Reply, Error> {
        let operation = request.operation.name();
        let deadline = Instant::now() + self.timeout;
        let mut retries = Retries::until(deadline);
        loop {
            let attempt = timeout_at(deadline, self.send(request, true)).await;
            let error = match attempt.unwrap_or_else(|_| Err(self.timed_out(operation))) {
                Ok(exchange) if always.is_empty() => return Ok(Reply::new(operation, exchange)),
                Ok(exchange) => match members::check(exchange.body.as_deref(), always, job) {
                    Ok(()) => return Ok(Reply::new(operation, exchange)),
                    Err(what) => malformed(operation, &exchange, format!("what came {what}")),
                },
                Err(error) => error,
            };
            match retries.next().filter(|_| error.is_throttling()) {
                Some(wait) => sleep(wait).await,
                None => return Err(error),
            }
        }
    }

    /// Reads page after page and joins them.
    async fn pages(
        &self,
        operation: &'static str,
        list: &'static str,
        page: impl AsyncFn(Option<String>) -> Result<(Option<String>, Exchange), Error>,
    ) -> Result<Reply, Error> {
        let all = timeout_at(Instant::now() + self.timeout, pages::read(operation, list, page)).await;
        let (bodies, exchange) = all.unwrap_or_else(|_| Err(self.timed_out(operation)))?;
        let body = pages::join(bodies, list)
            .map_err(|_| malformed(operation, &exchange, format!("its {list} are no list")))?;
        Ok(Reply { operation, body, request_id: exchange.request_id })
    }

    /// One call, which the SDK retries unless it is to be made `once`.
    async fn send(&self, request: &Request, once: bool) -> Result<Exchange, Error> {
        send! { self, request, once;
            CreateJob: create_job(job_id);
            UpdateJob: update_job(job_id);
            AssociateTargetsWithJob: associate_targets_with_job(job_id);
            CancelJob: cancel_job(job_id);
            DeleteJob: delete_job(job_id);
            CancelJobExecution: cancel_job_execution(job_id thing_name);
            DeleteJobExecution: delete_job_execution(job_id thing_name; execution_number: number);
            DescribeJob: describe_job(job_id);
            GetJobDocument: get_job_document(job_id);
            DescribeJobExecution: describe_job_execution(job_id thing_name);
            ListJobs: list_jobs();
            ListJobExecutionsForJob: list_job_executions_for_job(job_id);
            ListJobExecutionsForThing: list_job_executions_for_thing(thing_name);
            CreateJobTemplate: create_job_template(job_template_id);
            DeleteJobTemplate: delete_job_template(job_template_id);
            DescribeJobTemplate: describe_job_template(job_template_id);
            ListJobTemplates: list_job_templates();
            DescribeManagedJobTemplate: describe_managed_job_template(template_name);
            ListManagedJobTemplates: list_managed_job_templates();
            CreateThing: create_thing(thing_name);
            UpdateThing: update_thing(thing_name);
            DeleteThing: delete_thing(thing_name);
            DescribeThing: describe_thing(thing_name);
            ListThings: list_things();
            CreateThingGroup: create_thing_group(thing_group_name);
            DeleteThingGroup: delete_thing_group(thing_group_name);
            DescribeThingGroup: describe_thing_group(thing_group_name);
            AddThingToThingGroup: add_thing_to_thing_group();
            RemoveThingFromThingGroup: remove_thing_from_thing_group();
            ListThingsInThingGroup: list_things_in_thing_group(thing_group_name);
            ListThingGroups: list_thing_groups();
            AttachThingPrincipal: attach_thing_principal(thing_name principal);
            DetachThingPrincipal: detach_thing_principal(thing_name principal);
            ListThingPrincipals: list_thing_principals(thing_name);
            ListPrincipalThings: list_principal_things(principal);
            CreateCertificateFromCsr: create_certificate_from_csr();
            UpdateCertificate: update_certificate(certificate_id; new_status: CertificateStatus::from);
            DeleteCertificate: delete_certificate(certificate_id);
            DescribeCertificate: describe_certificate(certificate_id);
            ListCertificates: list_certificates();
            CreatePolicy: create_policy(policy_name);
            DeletePolicy: delete_policy(policy_name);
            GetPolicy: get_policy(policy_name);
            ListPolicyVersions: list_policy_versions(policy_name);
            DeletePolicyVersion: delete_policy_version(policy_name policy_version_id);
            AttachPolicy: attach_policy(policy_name);
            DetachPolicy: detach_policy(policy_name);
            ListAttachedPolicies: list_attached_policies(target);
            ListTargetsForPolicy: list_targets_for_policy(policy_name);
            DescribeEndpoint: describe_endpoint();
        }
    }

    async fn exchange<O, E, F>(
        &self,
        operation: &'static str,
        call: impl FnOnce(Capture) -> F,
    ) -> Result<Exchange, Error>
    where
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        // On the heap: there is one of these futures for each operation.
        Box::pin(self.read(operation, call)).await.map(|(_, exchange)| exchange)
    }

    fn timed_out(&self, operation: &'static str) -> Error {
        Error::TimedOut { operation, after: self.timeout }
    }
}

/// Puts the members that are not in the path into the request; without retries by the SDK, which would also retry a
/// request whose outcome is unknown, if it is to be made `once`.
fn prepare<T, E, B>(
    call: CustomizableOperation<T, E, B>,
    request: Request,
    labels: Vec<String>,
    once: bool,
) -> CustomizableOperation<T, E, B> {
    let call = call.mutate_request(move |http| complete_request(http, &request, &labels));
    if !once {
        return call;
    }
    call.config_override(aws_sdk_iot::Config::builder().retry_config(RetryConfig::disabled()))
}

fn complete_request(http: &mut HttpRequest, request: &Request, labels: &[String]) {
    let has_body = !matches!(http.method(), "GET" | "DELETE");
    let query = request.query(labels, has_body);
    if !query.is_empty() {
        let uri = format!("{}?{query}", http.uri());
        http.set_uri(uri).expect("the query is escaped");
    }
    let body = request.body(labels);
    // Where there are no members, the SDK knows whether AWS wants an empty object or nothing.
    if has_body && body != "{}" {
        http.headers_mut().insert("content-length", body.len().to_string());
        *http.body_mut() = SdkBody::from(body);
    }
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_default()
}

fn next_token(body: Option<&str>) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        next_token: Option<String>,
    }
    serde_json::from_str::<Page>(body?).ok()?.next_token
}
