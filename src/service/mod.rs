//! The local Jobs service.

pub mod certificates;
pub mod choices;
pub mod data_plane;
pub mod policy;
pub mod state;
pub mod time;
