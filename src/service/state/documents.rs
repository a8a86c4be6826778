//! Job documents: as they are given or lie in S3, and as devices get them.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/create-manage-jobs.html>

use std::sync::Arc;

use serde_json::value::RawValue;

use super::job_configs::PresignedUrlConfig;
use super::{Rejected, State};
use crate::service::java;
use crate::service::s3::{MARK, check_placeholders, presigned};
use crate::service::time::Timestamp;
use crate::wire::model::{JobDocument, JobId};

/// How many bytes a job document may have.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 32_768;

/// How long a presigned URL is good unless the job says.
const DEFAULT_EXPIRY_SECONDS: i64 = 3600;

/// What a request says of its document.
#[derive(Debug, Default)]
pub(super) struct Given<'a> {
    pub(super) document: Option<&'a str>,
    pub(super) source: Option<&'a str>,
    /// What the source holds, if it was looked at.
    pub(super) source_text: Option<&'a Result<String, Rejected>>,
    pub(super) presigned_url_config: Option<&'a PresignedUrlConfig>,
}

impl State {
    /// The document of the job or job template `owner`, as text and as JSON.
    pub(super) fn read_document(
        &self,
        given: &Given<'_>,
        owner: &str,
    ) -> Result<(Arc<str>, JobDocument), Rejected> {
        let refuse = |message: String| Err(Rejected::InvalidRequest(message));
        let (text, place) = match (given.document, given.source) {
            (Some(_), Some(_)) => {
                return refuse(
                    "Job document and job document source cannot be specified at the same time.".into(),
                );
            }
            (None, None) => {
                return refuse("Neither job document nor job document source is specified.".into());
            }
            (None, Some(source)) => match given.source_text {
                Some(read) => (read.as_ref().map_err(Clone::clone)?.as_str(), source),
                None => return refuse(format!("The job document source cannot be read: {WITHOUT_FILES}")),
            },
            (Some(text), None) => (text, "request input"),
        };
        if text.len() > MAX_DOCUMENT_BYTES {
            return refuse(format!("Job document exceeds size limit {MAX_DOCUMENT_BYTES} bytes."));
        }
        let Some(document) = self.delivered(text).filter(|_| is_shallow(text)) else {
            return refuse(format!("Job document located at {place} is an invalid JSON document."));
        };
        self.check_links(text, given.presigned_url_config, owner)?;
        Ok((text.into(), document))
    }

    /// The document that devices get; none if it is no JSON.
    pub(super) fn delivered(&self, text: &str) -> Option<JobDocument> {
        let document: &RawValue = serde_json::from_str(text).ok()?;
        if !self.choices.documents_are_written_anew {
            return Some(document.to_owned().into());
        }
        RawValue::from_string(java::rewrite(text)).ok().map(Into::into)
    }

    /// Refuses a document with placeholders that no device could ever get a URL for.
    fn check_links(
        &self,
        text: &str,
        config: Option<&PresignedUrlConfig>,
        owner: &str,
    ) -> Result<(), Rejected> {
        if !text.contains(MARK) {
            return Ok(());
        }
        let refuse = |message: String| Rejected::InvalidRequest(message);
        if self.presigner.is_none() {
            return Err(refuse(format!("S3 urls in job documents cannot be pre-signed: {WITHOUT_FILES}")));
        }
        let has_role = config.is_some_and(|config| config.role_arn.is_some());
        check_placeholders(text, has_role, owner).map_err(|fault| refuse(fault.to_string()))?;
        match config {
            Some(config) if self.choices.role_of_placeholders_is_checked => config.check_role(),
            _ => Ok(()),
        }
    }

    /// The document that a device gets now: each placeholder is a URL that is signed for it.
    pub(super) fn document_of(&self, now: Timestamp, job: &JobId) -> Option<JobDocument> {
        let job = self.jobs.get(job)?;
        let signed = self.presigner.as_ref().and_then(|presigner| {
            let config = job.configs.presigned_url_config.as_ref();
            let expiry = config.and_then(|config| config.expires_in_sec).unwrap_or(DEFAULT_EXPIRY_SECONDS);
            presigned(job.document.get(), |location| presigner.url(now, location, expiry))
        });
        let signed = signed.and_then(|text| RawValue::from_string(text).ok());
        Some(signed.map_or_else(|| job.document.clone(), JobDocument::from))
    }
}

/// What to do about links to S3.
const WITHOUT_FILES: &str = "the local Jobs service has no files in place of S3, start it with --files DIR, where DIR/BUCKET/KEY is an object.";

/// Whether lists and objects in a JSON text are nested no deeper than AWS reads them.
fn is_shallow(json: &str) -> bool {
    const DEEPEST: usize = 1000;
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        if depth > DEEPEST {
            return false;
        }
    }
    true
}
