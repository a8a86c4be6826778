//! The file in which an account is kept: what was written to it outlives the process, however that ends.
//!
//! A change is written once the operating system has it; the disk gets it within a second. A killed process loses
//! nothing that was written, a power cut perhaps the last second, and neither the file.
//!
//! | file | what it does |
//! |---|---|
//! | `sqlite` | reads and writes the file: all the SQL that there is |
//! | `writer` | writes what has piled up, again and again |
//! | `checkpointer` | brings it to the disk once a second |
//! | `refusal` | why the operating system refuses a file |
//! | `error` | why a file cannot be used |

mod checkpointer;
mod error;
mod refusal;
mod sqlite;
mod writer;

pub use self::error::StoreError;
pub(crate) use self::sqlite::Store;
pub(crate) use self::writer::Writer;
