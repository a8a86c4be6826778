//! What struck messages hold.

/// The message of a refusal: whoever reads it is to know that the request was not at fault.
pub(crate) const INJECTED: &str = "Injected by a fault of the local Jobs service.";

/// What is left of a payload that breaks off in the middle: no JSON, whatever it was.
pub(crate) fn corrupted(payload: &[u8]) -> Vec<u8> {
    match payload.len() / 2 {
        0 => b"{".to_vec(),
        half => payload[..half].to_vec(),
    }
}
