//! What the operating system says, in a person's words.

use std::fmt::Display;
use std::io;

/// What `error` says, which is one of the system's or quotes one, without its number and without the names of our
/// own temporary files.
pub(crate) fn in_words(error: &(impl Display + ?Sized)) -> String {
    let text = without(&error.to_string(), " (os error ", ")");
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

/// What to say about [`too_many_open_files`].
pub(crate) const TOO_MANY_OPEN_FILES: &str =
    "too many files are open: raise the limit on open files (ulimit -n)";

/// Whether it is for lack of file descriptors; the standard library has no kind for it.
pub(crate) fn too_many_open_files(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_temporary_files_are_left_out() {
        let said = "cannot write /a: No space left on device (os error 28) at path \"/a/.tmpXyz\": make room";
        assert_eq!(in_words(said), "cannot write /a: No space left on device: make room");
        assert_eq!(in_words("as it is"), "as it is");
    }
}
