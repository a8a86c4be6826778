//! Faults on demand: which messages they strike, and what has become of them.
//!
//! They stand between the fronts and the state, which knows nothing of them. Pure: whoever handles a message asks
//! whether it is struck, and does to it what the fault says.
//!
//! | file | what it is |
//! |---|---|
//! | `rules` | the faults that were asked for, in order |
//! | `occasion` | a message that a fault may strike |
//! | `draw` | chance, the same in every run |
//! | `payload` | what struck messages hold |
//! | `struck` | what was struck, for whoever wants to be told |
//! | `read` | the words, held to what this service has |

mod draw;
mod occasion;
mod payload;
mod read;
mod rules;
mod struck;

pub(crate) use self::occasion::Occasion;
pub(crate) use self::payload::{INJECTED, corrupted};
pub(crate) use self::read::read_fault;
#[cfg(feature = "app")]
pub(crate) use self::rules::FAULTS;
pub(crate) use self::rules::Faults;
