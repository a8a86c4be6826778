//! Calls that a fault strikes.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Response, StatusCode};
use tokio::time::sleep;

use super::exception::Exception;
use super::handler::{JSON, Output};
use super::label::Label;
use super::operations::Matched;
use super::plane::Plane;
use crate::service::data_plane::status_asked;
use crate::service::faults::{INJECTED, Occasion, corrupted};
use crate::service::shared::Shared;
use crate::wire::fault::{Code, Kind, On};

/// No answer comes: what becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fault leaves the call without an answer")]
pub(super) enum Broken {
    Closed,
    Reset,
    Silent,
}

/// What goes wrong with a call, if anything does.
pub(super) fn strike(shared: &Shared, matched: &Matched, body: &[u8]) -> Option<Kind> {
    if !shared.has_faults() {
        return None;
    }
    shared.requests(|requests| {
        let label = |label: Label| matched.labels.get(label.as_str()).map(String::as_str);
        requests.strike(&Occasion {
            thing: label(Label::ThingName),
            job: label(Label::JobId),
            status: status_asked(body),
            ..Occasion::new(On::Call(matched.name.to_owned()), None)
        })
    })
}

/// What takes the place of carrying a call out, if something does.
pub(super) fn instead(plane: Plane, fault: Option<&Kind>) -> Option<Result<Output, Exception>> {
    let (name, status) = match fault? {
        Kind::Refuse(Code::Exception { name: "ThrottlingException", .. }) if plane == Plane::Data => {
            ("ThrottlingException", 429)
        }
        Kind::Refuse(Code::Exception { name, status }) => (*name, *status),
        Kind::Refuse(Code::Status(status)) => ("", *status),
        // Nobody gets to see it.
        Kind::DropRequest => return Some(Ok(Output { body: Vec::new(), content_type: JSON })),
        _ => return None,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Some(Err(Exception::new(status, name, INJECTED)))
}

/// Lets go wrong what is to go wrong with an answer.
pub(super) async fn suffer(
    response: Response<Full<Bytes>>,
    fault: Option<Kind>,
) -> Result<Response<Full<Bytes>>, Broken> {
    match fault {
        Some(Kind::DropRequest | Kind::DropAnswer) => Err(Broken::Closed),
        Some(Kind::Reset) => Err(Broken::Reset),
        Some(Kind::Silence) => Err(Broken::Silent),
        Some(Kind::Delay(by)) => {
            sleep(by).await;
            Ok(response)
        }
        Some(Kind::Corrupt) => {
            let (head, body) = response.into_parts();
            let Ok(body) = body.collect().await;
            Ok(Response::from_parts(head, corrupted(&body.to_bytes()).into()))
        }
        _ => Ok(response),
    }
}
