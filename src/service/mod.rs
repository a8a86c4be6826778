//! The local Jobs service.

pub mod certificates;
pub mod policy;
