//! What client and service share: names, job executions, requests and answers, topics.
//!
//! | module | what it is |
//! |---|---|
//! | [`model`] | names, statuses, requests, answers and events, named as AWS names them |
//! | [`number`] | versions and execution numbers |
//! | [`topics`] | the topics of AWS IoT Jobs, written and read |
//! | [`local_service`] | how a client recognizes the local service |

pub mod local_service;
pub mod model;
pub mod number;
pub mod topics;
