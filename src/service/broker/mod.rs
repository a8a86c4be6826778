//! The core of the message broker: what AWS's does, as far as a client can see it.
//!
//! It is pure: `Router` knows sessions and subscriptions, `Requests` applies AWS's rules to a client's
//! packets. The sockets are in [`mqtt`](super::mqtt).
//!
//! | file | what it knows |
//! |---|---|
//! | `packet` | packets, the same for MQTT 3.1.1 and 5 |
//! | `filter`, `subscriptions` | which filter matches which topic; who subscribed |
//! | `outbox`, `session` | what waits for a client, and what else is known about it |
//! | `retained`, `kept_message` | the last message of each topic, and how it is kept |
//! | `router`, `delivery` | all sessions, and how messages reach them |
//! | `requests` | what a client's packets do |
//! | `faults`, `struck`, `late` | what faults mean, which messages they strike, and what they delay |
//! | `subscribe` | what clients ask to hear |
//! | `presence` | what back ends hear of clients |
//! | `end`, `refusal`, `limits` | how connections end; reason codes and limits, one table each |

mod delivery;
pub(crate) mod end;
pub(crate) mod faults;
pub(crate) mod filter;
mod kept_message;
mod late;
pub(crate) mod limits;
mod outbox;
pub(crate) mod packet;
mod presence;
pub(crate) mod refusal;
pub(crate) mod requests;
mod retained;
pub(crate) mod router;
pub(crate) mod session;
mod struck;
mod subscribe;
mod subscriptions;

pub(crate) use requests::Requests;
pub(crate) use retained::RetainedMessages;
pub(crate) use router::Router;
