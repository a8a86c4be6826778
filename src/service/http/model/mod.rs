//! AWS's model of what the offered operations take: members, their places, their types, their limits.
//!
//! `model.txt` is made from the models that AWS's own tools go by, by `tests/python/model_table.py`. A request is
//! held against it before its operation sees it, so that no operation looks at lengths, ranges and patterns.
//!
//! | file | what it is |
//! |---|---|
//! | `table` | `model.txt`, read |
//! | `received` | what stands in the places of a request |
//! | `types` | JSON of another type than the model's, and members that are none of the model's |
//! | `constraints`, `violations` | what breaks a limit, in the words of AWS |
//! | `pattern` | regular expressions as Java reads them |
//! | `java` | values as AWS quotes them |

mod constraints;
mod java;
mod pattern;
mod received;
mod table;
mod types;
mod violations;

pub(super) use self::received::Received;
pub(super) use self::table::{Input, Model, Place};
