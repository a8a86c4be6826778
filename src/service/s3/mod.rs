//! Links to S3 in job documents: what they name, and the presigned URLs that devices get in their place.
//!
//! Pure: the objects themselves are files, which [`super::buckets`] reads.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/create-manage-jobs.html#create-manage-jobs-presigned-URLs>

mod location;
mod placeholders;
mod presigner;

pub(crate) use self::location::{Location, LocationFault};
pub(crate) use self::placeholders::{MARK, check_placeholders, presigned};
pub(crate) use self::presigner::{PREFIX, Presigner, Unsigned};
