//! Which operations there are handlers for.

use super::operations::listed;
use super::plane::Plane;
use super::{control, data};

/// The path of an operation that is offered on either plane, with its labels in braces; none where it is not.
pub(crate) fn offered(operation: &str) -> Option<&'static str> {
    let find = |plane| listed(plane).find(|(_, _, name)| *name == operation).map(|(_, path, _)| path);
    let is_of = |handlers: &[(&str, _)]| handlers.iter().any(|(name, _)| *name == operation);
    if control::HANDLERS.iter().any(|handlers| is_of(handlers)) {
        find(Plane::Control)
    } else if is_of(data::HANDLERS) {
        find(Plane::Data)
    } else {
        None
    }
}
