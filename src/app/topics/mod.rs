//! Topics of the user's choice: the connection for them, and what comes on them.
//!
//! | module | what it is |
//! |---|---|
//! | [`connection`] | the connection, opened when it is first needed, and its subscriptions |
//! | [`message`] | a message as it is printed and as `expect` sees it |

mod connection;
mod message;

pub(crate) use connection::{HowToConnect, TopicsConnection};
