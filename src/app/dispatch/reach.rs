//! How many things a change reaches: on AWS the user is asked before it reaches more than one.

use std::fmt;

use serde_json::Value;

use super::Dispatcher;
use super::outcome::CommandError;
use crate::app::command::{Call, Command, Line};
use crate::client::control_plane::{Operation, Request};

/// What a change reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    operation: Operation,
    /// How many things; none if they cannot be counted.
    things: Option<usize>,
    /// Whether it also reaches things that join a group later.
    grows: bool,
}

impl Dispatcher {
    /// What to ask before the command is carried out; none if there is nothing to ask, or if that cannot be known,
    /// which carrying it out will tell.
    pub(crate) async fn question(&self, line: &Line) -> Option<String> {
        let Command::Call(call) = &line.command else { return None };
        if call.is("--dry-run") || call.is("--yes") || !reaches_many(call) {
            return None;
        }
        let request = self.request(call).await.ok()?;
        let reach = self.unconfirmed(call, &request).await.ok()??;
        Some(format!("{reach}; go on? [y/N] "))
    }

    /// What a change reaches that nobody has confirmed and that may not be carried out so.
    pub(super) async fn unconfirmed(
        &self,
        call: &Call,
        request: &Request,
    ) -> Result<Option<Reach>, CommandError> {
        let is_local = self.things.current().client.is_local_service();
        if call.is("--yes") || is_local || !reaches_many(call) {
            return Ok(None);
        }
        let operation = call.operation;
        let reach = match operation {
            Operation::UpdateJob => {
                let things = self.things_of_job(&request.plain("jobId")).await;
                Reach { operation, things, grows: false }
            }
            Operation::DeleteThingGroup => {
                let things = self.things_in(&request.plain("thingGroupName")).await;
                Reach { operation, things, grows: false }
            }
            _ => self.targets_reach(request).await,
        };
        Ok(Some(reach).filter(|reach| reach.grows || reach.things.is_none_or(|things| things > 1)))
    }

    async fn targets_reach(&self, request: &Request) -> Reach {
        let targets: Vec<String> = serde_json::from_str(&request.plain("targets")).unwrap_or_default();
        let mut reach = Reach { operation: request.operation, things: Some(0), grows: false };
        let stays_open = request.operation == Operation::AssociateTargetsWithJob
            || request.plain("targetSelection") == "CONTINUOUS";
        for target in targets {
            let group = target.split_once(":thinggroup/").map(|(_, group)| group);
            let things = match group {
                Some(group) => self.things_in(group).await,
                None => Some(1),
            };
            reach.things = reach.things.zip(things).map(|(sum, things)| sum + things);
            reach.grows |= stays_open && group.is_some();
        }
        reach
    }

    /// How many things there are in a group and in the groups in it.
    async fn things_in(&self, group: &str) -> Option<usize> {
        let list = Request::new(Operation::ListThingsInThingGroup).text("thingGroupName", group);
        let reply = self.control_plane.call(&list.json("recursive", "true")).await.ok()?;
        let body: Value = serde_json::from_str(&reply.body?).ok()?;
        Some(body["things"].as_array()?.len())
    }

    /// How many things a job has executions on.
    async fn things_of_job(&self, job: &str) -> Option<usize> {
        let describe = Request::new(Operation::DescribeJob).text("jobId", job);
        let reply = self.control_plane.call(&describe).await.ok()?;
        let body: Value = serde_json::from_str(&reply.body?).ok()?;
        let counts = body["job"]["jobProcessDetails"].as_object()?;
        let counts = counts.iter().filter(|(name, _)| name.starts_with("numberOf"));
        let sum: u64 = counts.filter_map(|(_, count)| count.as_u64()).sum();
        let targets = body["job"]["targets"].as_array().map_or(0, Vec::len);
        usize::try_from(sum).ok().map(|sum| sum.max(targets))
    }
}

/// Whether the call can reach more than one thing, which a job for this thing alone cannot.
fn reaches_many(call: &Call) -> bool {
    match call.operation {
        Operation::CreateJob | Operation::AssociateTargetsWithJob => call.member("targets").is_some(),
        Operation::UpdateJob | Operation::DeleteThingGroup => true,
        _ => false,
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} reaches ", self.operation.name())?;
        match self.things {
            Some(1) => f.write_str("1 thing")?,
            Some(things) => write!(f, "{things} things")?,
            None => f.write_str("more things than can be told")?,
        }
        f.write_str(if self.grows { " on AWS, and each that joins the group" } else { " on AWS" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reached_is_told_in_words() {
        let reach = |things, grows| Reach { operation: Operation::CreateJob, things, grows }.to_string();
        assert_eq!(reach(Some(12), false), "CreateJob reaches 12 things on AWS");
        assert_eq!(reach(Some(1), true), "CreateJob reaches 1 thing on AWS, and each that joins the group");
        assert_eq!(reach(None, false), "CreateJob reaches more things than can be told on AWS");
    }
}
