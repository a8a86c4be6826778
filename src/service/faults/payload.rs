//! What struck messages hold.

/// The message of a refusal: whoever reads it is to know that the request was not at fault.
pub(crate) const INJECTED: &str = "Injected by a fault of the local Jobs service.";

/// What is left of a payload, an object or nothing, that breaks off in the middle: no JSON.
pub(crate) fn corrupted(payload: &[u8]) -> Vec<u8> {
    match payload.len() / 2 {
        0 => b"{".to_vec(),
        half => payload[..half].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_left_is_the_beginning_and_no_json() {
        assert_eq!(corrupted(br#"{"a":1}"#), br#"{"a"#);
        assert_eq!(corrupted(b""), b"{");
        for payload in [&b"{}"[..], br#"{"a":{}}"#] {
            assert!(serde_json::from_slice::<Value>(&corrupted(payload)).is_err(), "{payload:?}");
        }
    }
}
