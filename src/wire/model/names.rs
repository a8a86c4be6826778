//! Names of things, jobs and groups, held to AWS's patterns.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a name was not accepted: one line, without the name itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be 1 to {max} characters of {alphabet}")]
pub struct InvalidName {
    kind: &'static str,
    max: usize,
    alphabet: &'static str,
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $alphabet:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let allowed: fn(u8) -> bool = $allowed;
                if (1..=$max).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName { kind: $kind, max: $max, alphabet: $alphabet })
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name_type!(
    /// The name of a thing: 1 to 128 characters of `[a-zA-Z0-9:_-]`.
    ThingName, "a thing name", 128, "[a-zA-Z0-9:_-]",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-')
);

name_type!(
    /// The name of a thing group: 1 to 128 characters of `[a-zA-Z0-9:_-]`.
    ThingGroupName, "a thing group name", 128, "[a-zA-Z0-9:_-]",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-')
);

name_type!(
    /// The id of a job template: 1 to 64 characters of `[a-zA-Z0-9_-]`.
    JobTemplateId, "a job template id", 64, "[a-zA-Z0-9_-]",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
);

name_type!(
    /// The id of a job: 1 to 64 characters of `[a-zA-Z0-9_-]`.
    JobId, "a job id", 64, "[a-zA-Z0-9_-]",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
);

/// A job by its id, or `$next`: whichever job execution is next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JobRef {
    /// The head of the thing's pending list.
    Next,
    /// A job by name.
    Id(JobId),
}

impl FromStr for JobRef {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if text == "$next" { Ok(Self::Next) } else { text.parse().map(Self::Id) }
    }
}

impl fmt::Display for JobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next => f.write_str("$next"),
            Self::Id(job) => job.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_to_their_pattern() {
        assert!("Job_1-a".parse::<JobId>().is_ok());
        assert!("a:b".parse::<JobId>().is_err());
        assert!("a:b".parse::<ThingName>().is_ok());
        assert!("".parse::<JobId>().is_err());
        assert!("x".repeat(65).parse::<JobId>().is_err());
        assert!("é".parse::<ThingName>().is_err());
        assert_eq!(
            "a b".parse::<JobId>().unwrap_err().to_string(),
            "a job id must be 1 to 64 characters of [a-zA-Z0-9_-]"
        );
    }
}
