//! The operations on certificates.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html>

use serde::{Deserialize, Serialize};

use super::super::outcome::{Effects, Outcome};
use super::super::touched::Record;
use super::super::{Rejected, State};
use super::certificate::{Certificate, CertificateStatus};
use super::paged::ListQuery;
use crate::service::time::Timestamp;

/// The body of RegisterCertificate and RegisterCertificateWithoutCA.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegisterCertificateRequest {
    /// The certificate in PEM.
    pub certificate_pem: Option<String>,
    /// ACTIVE or INACTIVE.
    pub status: Option<String>,
}

/// The answer to RegisterCertificate and RegisterCertificateWithoutCA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterCertificateResponse {
    /// `arn:aws:iot:<region>:<account>:cert/<id>`.
    pub certificate_arn: String,
    /// The SHA-256 of the certificate.
    pub certificate_id: String,
}

/// The answer to CreateKeysAndCertificate.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateKeysAndCertificateResponse {
    /// `arn:aws:iot:<region>:<account>:cert/<id>`.
    pub certificate_arn: String,
    /// The SHA-256 of the certificate.
    pub certificate_id: String,
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// The keys, which the service does not keep.
    pub key_pair: KeyPair,
}

/// A key pair in PEM.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyPair {
    /// The public key in PEM.
    pub public_key: String,
    /// The private key in PEM; the service keeps none.
    pub private_key: String,
}

/// The answer to DescribeCertificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeCertificateResponse {
    /// The certificate as it is registered.
    pub certificate_description: CertificateDescription,
}

/// A certificate in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateDescription {
    /// `arn:aws:iot:<region>:<account>:cert/<id>`.
    pub certificate_arn: String,
    /// The SHA-256 of the certificate.
    pub certificate_id: String,
    /// Where it stands.
    pub status: CertificateStatus,
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// The id of the account, twelve digits.
    pub owned_by: String,
    /// When it was registered.
    pub creation_date: Timestamp,
    /// When its status last changed.
    pub last_modified_date: Timestamp,
    /// Always 1.
    pub customer_version: u64,
    /// What the certificate says of its own validity.
    pub validity: CertificateValidity,
    /// Always `DEFAULT`.
    pub certificate_mode: &'static str,
}

/// When a certificate is valid by its own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateValidity {
    /// From.
    pub not_before: Timestamp,
    /// To.
    pub not_after: Timestamp,
}

/// The answer to CreateCertificateFromCsr.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateCertificateFromCsrResponse {
    /// `arn:aws:iot:<region>:<account>:cert/<id>`.
    pub certificate_arn: String,
    /// The SHA-256 of the certificate.
    pub certificate_id: String,
    /// The certificate in PEM.
    pub certificate_pem: String,
}

/// The answer to ListCertificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListCertificatesResponse {
    /// Newest first, unless asked otherwise.
    pub certificates: Vec<CertificateSummary>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

/// A certificate in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateSummary {
    /// `arn:aws:iot:<region>:<account>:cert/<id>`.
    pub certificate_arn: String,
    /// The SHA-256 of the certificate.
    pub certificate_id: String,
    /// Where it stands.
    pub status: CertificateStatus,
    /// Always `DEFAULT`.
    pub certificate_mode: &'static str,
    /// When it was registered.
    pub creation_date: Timestamp,
}

const MODE: &str = "DEFAULT";

impl State {
    /// Registers a certificate, inactive unless the request says otherwise.
    ///
    /// Which authority signed it makes no difference: RegisterCertificateWithoutCA is the same.
    pub fn register_certificate(
        &mut self,
        now: Timestamp,
        set_as_active: bool,
        request: &RegisterCertificateRequest,
    ) -> Outcome<RegisterCertificateResponse> {
        Outcome::of(|effects| {
            let default = if set_as_active { CertificateStatus::Active } else { CertificateStatus::Inactive };
            let status = request.status.as_deref().map_or(Ok(default), read_status)?;
            let pem = request.certificate_pem.as_deref().unwrap_or_default();
            self.register(effects, Certificate::parse(now, pem, status)?)
        })
    }

    /// Registers a certificate that the service has just made, and hands out its keys.
    pub fn create_keys_and_certificate(
        &mut self,
        now: Timestamp,
        set_as_active: bool,
        certificate_pem: String,
        key_pair: KeyPair,
    ) -> Outcome<CreateKeysAndCertificateResponse> {
        let status = if set_as_active { CertificateStatus::Active } else { CertificateStatus::Inactive };
        Outcome::of(|effects| {
            let registered = self.register(effects, Certificate::parse(now, &certificate_pem, status)?)?;
            Ok(CreateKeysAndCertificateResponse {
                certificate_arn: registered.certificate_arn,
                certificate_id: registered.certificate_id,
                certificate_pem,
                key_pair,
            })
        })
    }

    /// Registers a certificate that the service has just made for somebody who has the key.
    pub fn create_certificate_from_csr(
        &mut self,
        now: Timestamp,
        set_as_active: bool,
        certificate_pem: String,
    ) -> Outcome<CreateCertificateFromCsrResponse> {
        let status = if set_as_active { CertificateStatus::Active } else { CertificateStatus::Inactive };
        Outcome::of(|effects| {
            let registered = self.register(effects, Certificate::parse(now, &certificate_pem, status)?)?;
            Ok(CreateCertificateFromCsrResponse {
                certificate_arn: registered.certificate_arn,
                certificate_id: registered.certificate_id,
                certificate_pem,
            })
        })
    }

    pub(super) fn register(
        &mut self,
        effects: &mut Effects,
        certificate: Certificate,
    ) -> Result<RegisterCertificateResponse, Rejected> {
        let certificate_id = certificate.id.clone();
        let certificate_arn = self.settings.arn("cert", &certificate_id);
        if self.credentials.certificates.contains_key(&certificate_id) {
            return Err(Rejected::ResourceAlreadyExists {
                message: "The certificate is already registered in this account.".to_owned(),
                resource_id: certificate_id,
                resource_arn: certificate_arn,
            });
        }
        self.credentials.registered += 1;
        let certificate = Certificate { sequence: self.credentials.registered, ..certificate };
        self.credentials.certificates.insert(certificate_id.clone(), certificate);
        effects.touched.add(Record::Account);
        effects.touched.add(Record::Certificate(certificate_id.clone()));
        Ok(RegisterCertificateResponse { certificate_arn, certificate_id })
    }

    /// Describes a certificate.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such certificate.
    pub fn describe_certificate(&self, id: &str) -> Result<DescribeCertificateResponse, Rejected> {
        let certificate = self.certificate(&id.to_ascii_lowercase())?;
        Ok(DescribeCertificateResponse {
            certificate_description: CertificateDescription {
                certificate_arn: self.settings.arn("cert", &certificate.id),
                certificate_id: certificate.id.clone(),
                status: certificate.status,
                certificate_pem: certificate.pem.clone(),
                owned_by: self.settings.account.clone(),
                creation_date: certificate.created,
                last_modified_date: certificate.modified,
                customer_version: 1,
                validity: CertificateValidity {
                    not_before: certificate.not_before,
                    not_after: certificate.not_after,
                },
                certificate_mode: MODE,
            },
        })
    }

    /// Lists the certificates.
    ///
    /// # Errors
    /// [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_certificates(&self, query: &ListQuery) -> Result<ListCertificatesResponse, Rejected> {
        let mut all: Vec<&Certificate> = self.credentials.certificates.values().collect();
        all.sort_by_key(|certificate| certificate.sequence);
        let (listed, next_marker) = self.cut(query, all, |certificate| certificate.sequence)?;
        let summary = |certificate: &Certificate| CertificateSummary {
            certificate_arn: self.settings.arn("cert", &certificate.id),
            certificate_id: certificate.id.clone(),
            status: certificate.status,
            certificate_mode: MODE,
            creation_date: certificate.created,
        };
        Ok(ListCertificatesResponse { certificates: listed.into_iter().map(summary).collect(), next_marker })
    }

    /// Sets a certificate's status; one that is not active any more loses its connections.
    pub fn update_certificate(&mut self, now: Timestamp, id: &str, new_status: Option<&str>) -> Outcome<()> {
        Outcome::of(|effects| {
            let status = read_status(new_status.unwrap_or_default())?;
            let id = id.to_ascii_lowercase();
            let certificate =
                self.credentials.certificates.get_mut(&id).ok_or_else(|| no_such_certificate(&id))?;
            certificate.status = status;
            certificate.modified = now;
            effects.touched.add(Record::Certificate(id.clone()));
            if status != CertificateStatus::Active {
                effects.ended_certificates.push(id);
            }
            Ok(())
        })
    }

    /// Deletes a certificate that is not active and not attached; force takes its policies off first.
    pub fn delete_certificate(&mut self, id: &str, force_delete: bool) -> Outcome<()> {
        Outcome::of(|effects| {
            let id = id.to_ascii_lowercase();
            let certificate = self.certificate(&id)?;
            if certificate.status == CertificateStatus::Active {
                let message =
                    format!("Certificate must be deactivated (not ACTIVE) before deletion. Id: {id}");
                return Err(Rejected::CertificateState(message));
            }
            if self.things_of_certificate(&id).next().is_some() {
                let message = format!(
                    "Things must be detached before deletion (arn: {})",
                    self.settings.arn("cert", &id)
                );
                return Err(Rejected::DeleteConflict(message));
            }
            let arn = self.settings.arn("cert", &id);
            if self.credentials.attached.contains_key(&arn) && !force_delete {
                let message = format!("Certificate policies must be detached before deletion (arn: {arn})");
                return Err(Rejected::DeleteConflict(message));
            }
            self.credentials.remove_target(&arn);
            self.credentials.certificates.remove(&id);
            effects.touched.add(Record::AttachedPolicies(arn));
            effects.touched.add(Record::Certificate(id.clone()));
            effects.ended_certificates.push(id);
            Ok(())
        })
    }

    pub(super) fn certificate(&self, id: &str) -> Result<&Certificate, Rejected> {
        self.credentials.certificates.get(id).ok_or_else(|| no_such_certificate(id))
    }
}

pub(super) fn no_such_certificate(id: &str) -> Rejected {
    Rejected::ResourceNotFound(format!("CertificateId {id} does not exist"))
}

/// AWS's model has further statuses, which certificates have only while they are handed over.
fn read_status(word: &str) -> Result<CertificateStatus, Rejected> {
    CertificateStatus::parse(word).ok_or_else(|| {
        let message = format!("Certificate status {word} cannot be set: set ACTIVE, INACTIVE or REVOKED.");
        Rejected::InvalidRequest(message)
    })
}

// The private key stays out of every log.
impl std::fmt::Debug for CreateKeysAndCertificateResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateKeysAndCertificateResponse")
            .field("certificate_id", &self.certificate_id)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair")
    }
}
