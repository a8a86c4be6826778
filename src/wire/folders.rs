//! How folders of the program are told apart: the local service's by a file of their own, a device's by its manifest.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The file that marks a folder as a local service's.
pub(crate) const SERVICE_MARK: &str = ".jobs-sandbox";

/// The file in the folder of a device that `provision` made, which says what was made for it.
pub(crate) const MANIFEST: &str = "manifest.json";

/// What the manifest says of itself.
pub(crate) const MADE_BY: &str = "jobs-sandbox provision";

/// No manifest is longer.
pub(crate) const MAX_MANIFEST: u64 = 1 << 16;

/// Whether `provision` made the folder.
pub(crate) fn is_of_a_device(dir: &Path) -> bool {
    let path = dir.join(MANIFEST);
    // To open a pipe could take for ever.
    if !path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let Ok(file) = File::open(path) else { return false };
    let mut text = String::new();
    file.take(MAX_MANIFEST).read_to_string(&mut text).is_ok() && text.contains(MADE_BY)
}
