//! The files that `--policy` names.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::error::UsageError;
use crate::service::PolicyDocument;
use crate::wire::system_error::in_words;

/// How many policies AWS lets a certificate have.
const MAX_POLICIES: usize = 10;

/// Much more than a policy may hold, white space included.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// How a refusal begins.
const OPTION: &str = "--policy ";

/// Reads the policies.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<PolicyDocument>, UsageError> {
    if files.len() > MAX_POLICIES {
        return Err(UsageError(format!("--policy: a certificate has at most {MAX_POLICIES} policies")));
    }
    files.iter().map(|file| read_one(file)).collect()
}

fn read_one(path: &Path) -> Result<PolicyDocument, UsageError> {
    let text = read_text(OPTION, path)?;
    text.parse().map_err(|malformed| UsageError(format!("{OPTION}{}: {malformed}", path.display())))
}

/// Reads the text of a policy; a refusal begins with `option`.
pub(super) fn read_text(option: &str, path: &Path) -> Result<String, UsageError> {
    let refused = |why: &dyn std::fmt::Display| UsageError(format!("{option}{}: {why}", path.display()));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| refused(&in_words(&error)))?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refused(&in_words(&error)))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(refused(&"the file is too long for a policy"));
    }
    String::from_utf8(bytes).map_err(|_| refused(&"the file is not text in UTF-8"))
}
