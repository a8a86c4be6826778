//! The access key id that requests must name where the service is for one user alone.

use std::fmt;

use uuid::Uuid;

/// A random access key id, known to those who can read the env file.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AccessKey(String);

/// The letters of AWS's own.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl AccessKey {
    /// One that nobody knows. As long as AWS's own, and yet no one takes it for one of them.
    pub(super) fn random() -> Self {
        let bytes = Uuid::new_v4().into_bytes();
        // The seventh byte of a UUID holds its version.
        let random = bytes.iter().enumerate().filter(|(at, _)| *at != 6);
        let letters = random.map(|(_, byte)| char::from(LETTERS[usize::from(byte % 32)]));
        Self("LOCAL".chars().chain(letters).collect())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Without the key, which is a secret.
impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike_and_each_has_the_length_of_awss() {
        let (one, other) = (AccessKey::random(), AccessKey::random());
        assert_ne!(one.as_str(), other.as_str());
        assert_eq!(one.as_str().len(), 20);
        assert!(one.as_str().bytes().all(|byte| LETTERS.contains(&byte)), "{}", one.as_str());
        assert!(!format!("{one:?}").contains(one.as_str()));
    }
}
