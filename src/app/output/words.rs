//! What the system says, in a person's words.

/// `text`, a message that quotes errors of the system, without their numbers and without the names of our own
/// temporary files.
#[must_use]
pub(crate) fn of_errors(text: &str) -> String {
    let text = without(text, " (os error ", ")");
    without(&text, " at path \"", "\"")
}

/// `text` without what begins with `begin` and ends with `end`.
fn without(text: &str, begin: &str, end: &str) -> String {
    let mut parts = text.split(begin);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once(end).map_or("", |(_, rest)| rest));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_temporary_files_are_left_out() {
        let said = "cannot write /a: No space left on device (os error 28) at path \"/a/.tmpXyz\": make room";
        assert_eq!(of_errors(said), "cannot write /a: No space left on device: make room");
        assert_eq!(of_errors("as it is"), "as it is");
    }
}
