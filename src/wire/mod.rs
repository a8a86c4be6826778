//! What client and service share: names, job executions, requests and answers, topics.
//!
//! ```
//! use jobs_sandbox::wire::model::{JobExecutionStatus, UpdateJobExecutionRequest};
//! use jobs_sandbox::wire::topics::{Channel, Operation, Topic};
//!
//! let update = Operation::UpdateJobExecution("Job1".parse()?);
//! let topic = Topic::new(&"MyThing".parse()?, Channel::Request(update));
//! assert_eq!(topic.to_string(), "$aws/things/MyThing/jobs/Job1/update");
//!
//! let request = UpdateJobExecutionRequest::new(JobExecutionStatus::Succeeded);
//! assert_eq!(serde_json::to_string(&request)?, r#"{"status":"SUCCEEDED"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`model`] | names, statuses, requests, answers and events, named as AWS names them |
//! | [`number`] | versions and execution numbers |
//! | [`topics`] | the topics of AWS IoT Jobs, written and read |
//! | [`fault`] | faults on demand, in words |
//! | [`topic_names`] | what is a topic, and what a topic filter |
//! | [`local_service`] | how a client recognizes the local service, and what it can ask of it alone |
//! | `folders` | how the folders of the program are told apart |
//! | `system_error` | what the operating system says, in words |

#[cfg(feature = "service")]
pub mod fault;
#[cfg(feature = "service")]
pub(crate) mod folders;
pub mod local_service;
pub mod model;
pub mod number;
pub(crate) mod system_error;
pub mod topic_names;
pub mod topics;
