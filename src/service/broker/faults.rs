//! What faults mean to connections and acknowledgements.

use super::end::End;
use super::refusal::{Ending, Refusal};
use crate::wire::fault::{Code, Kind};

/// Why a connection ends that suffers this.
pub(crate) fn ending(kind: &Kind) -> Option<Refusal> {
    match kind {
        Kind::Disconnect(reason) => Some(Refusal::Fault(Ending::Reason(reason.value()))),
        Kind::Reset => Some(Refusal::Fault(Ending::Reset)),
        Kind::Silence => Some(Refusal::Fault(Ending::Silence)),
        Kind::Takeover => Some(Refusal::TakenOver),
        _ => None,
    }
}

/// The end of the connection, if a fault is one.
pub(super) fn end_by(fault: Option<&Kind>) -> Result<(), End> {
    fault.and_then(ending).map_or(Ok(()), |refusal| Err(refusal.into()))
}

/// With which reason code SUBSCRIBE or PUBLISH is refused.
pub(super) fn refusal(kind: Option<&Kind>) -> Option<Refusal> {
    match kind {
        Some(Kind::Refuse(Code::Reason(reason))) => Some(Refusal::Fault(Ending::Reason(reason.value()))),
        _ => None,
    }
}

/// Whether a PUBLISH that suffers this is acknowledged all the same.
pub(super) fn is_acknowledged(kind: &Kind) -> bool {
    *kind != Kind::NoPuback && ending(kind).is_none()
}
