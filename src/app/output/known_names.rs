//! The jobs, templates, things and groups that the service's messages have mentioned, for completion.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::output::json_text::{self, TokenKind};
use crate::app::output::message::{Message, MessageKind};

/// How many names of a kind are remembered: nobody completes one from a longer list.
const MAX_NAMES: usize = 500;

/// What has a name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// A job.
    Job,
    /// A job template.
    JobTemplate,
    /// A thing.
    Thing,
    /// A thing group.
    ThingGroup,
}

/// The names known so far, the latest first. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownNames(Arc<Mutex<BTreeMap<Named, VecDeque<String>>>>);

impl KnownNames {
    /// Adds the names that a message mentions.
    pub(crate) fn learn(&self, message: &Message) {
        let Some(body) = message.body.as_deref() else { return };
        if !matches!(message.kind, MessageKind::Response | MessageKind::Event) {
            return;
        }
        let found: Vec<(Named, &str)> = names(body).collect();
        let mut known = self.lock();
        for (named, name) in found {
            let names = known.entry(named).or_default();
            names.retain(|known| known != name);
            names.push_front(name.to_owned());
            names.truncate(MAX_NAMES);
        }
    }

    /// Removes what does not exist any more.
    pub(crate) fn remove(&self, named: Named, name: &str) {
        if let Some(names) = self.lock().get_mut(&named) {
            names.retain(|known| known != name);
        }
    }

    /// The names of a kind, the latest first.
    #[must_use]
    pub(crate) fn of(&self, named: Named) -> Vec<String> {
        self.lock().get(&named).map(|names| names.iter().cloned().collect()).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Named, VecDeque<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Named {
    /// What a member of this name tells of, as AWS's API names its members.
    #[must_use]
    pub(crate) fn by_member(member: &str) -> Option<Self> {
        Some(match member {
            "jobId" => Self::Job,
            "jobTemplateId" => Self::JobTemplate,
            // ListThingsInThingGroup lists bare names.
            "thingName" | "thingArn" | "things" => Self::Thing,
            "groupName" | "thingGroupName" => Self::ThingGroup,
            _ => return None,
        })
    }
}

/// The names in the members of `body`, except inside what the user wrote.
fn names(body: &str) -> impl Iterator<Item = (Named, &str)> {
    let mut after_key = None;
    let mut user_content = false;
    let mut depth = 0_usize;
    let mut user_depth = 0;
    json_text::tokens(body).filter_map(move |token| {
        match token.kind {
            TokenKind::Open => {
                depth += 1;
                // A list of names.
                return None;
            }
            TokenKind::Close => {
                depth = depth.saturating_sub(1);
                user_content &= depth > user_depth;
            }
            TokenKind::Key => {
                if !user_content && json_text::is_user_content(token.text) {
                    (user_content, user_depth) = (true, depth);
                }
                after_key = Named::by_member(token.text.trim_matches('"'));
                return None;
            }
            TokenKind::Text if !user_content && let Some(named) = after_key => {
                let text = token.text.trim_matches('"');
                let name = text.rsplit('/').next().unwrap_or(text);
                return is_name(name).then_some((named, name));
            }
            TokenKind::Separator => return None,
            TokenKind::Text | TokenKind::Value => user_content &= depth > user_depth,
        }
        after_key = None;
        None
    })
}

/// Whether it can be typed as a name.
fn is_name(text: &str) -> bool {
    let is_typable = |byte: u8| byte.is_ascii_alphanumeric() || b":_-".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(is_typable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(known: &KnownNames, title: &str, body: &str) {
        known.learn(&Message::new(MessageKind::Event, title, Some(body.to_owned())));
    }

    #[test]
    fn jobs_come_from_messages_the_latest_first() {
        let known = KnownNames::default();
        let event = r#"{"timestamp":1,"jobs":{"QUEUED":[{"jobId":"A"},{"jobId":"B"}]}}"#;
        learn(&known, "JobExecutionsChangedEvent", event);
        assert_eq!(known.of(Named::Job), ["B", "A"]);
        learn(&known, "DescribeJobResponse", r#"{"job":{"jobId":"A"}}"#);
        assert_eq!(known.of(Named::Job), ["A", "B"]);
        known.remove(Named::Job, "A");
        assert_eq!(known.of(Named::Job), ["B"]);
    }

    #[test]
    fn so_do_templates_things_and_groups() {
        let known = KnownNames::default();
        for body in [
            r#"{"jobTemplates":[{"jobTemplateArn":"arn:x","jobTemplateId":"Reboot"}]}"#,
            r#"{"things":[{"thingName":"Pump","thingArn":"arn:aws:iot:r:1:thing/Pump","version":1}]}"#,
            r#"{"things":["Fan","Valve"],"nextToken":"t"}"#,
            r#"{"executionSummaries":[{"thingArn":"arn:aws:iot:r:1:thing/Mill"}]}"#,
            r#"{"thingGroups":[{"groupName":"Pumps","groupArn":"arn:y"}]}"#,
        ] {
            learn(&known, "Response", body);
        }
        assert_eq!(known.of(Named::JobTemplate), ["Reboot"]);
        assert_eq!(known.of(Named::Thing), ["Mill", "Valve", "Fan", "Pump"]);
        assert_eq!(known.of(Named::ThingGroup), ["Pumps"]);
    }

    #[test]
    fn of_a_long_list_the_end_is_kept() {
        let known = KnownNames::default();
        let jobs: Vec<String> = (0..2000).map(|n| format!(r#"{{"jobId":"J{n}"}}"#)).collect();
        learn(&known, "ListJobsResponse", &format!(r#"{{"jobs":[{}]}}"#, jobs.join(",")));
        assert_eq!(known.of(Named::Job).len(), MAX_NAMES);
        assert_eq!(known.of(Named::Job)[0], "J1999");
    }

    #[test]
    fn a_document_teaches_nothing() {
        let body = r#"{"execution":{"jobDocument":{"jobId":"X","l":[{"jobId":"Y"}]},"statusDetails":{"jobId":"Z"},"jobId":"A"}}"#;
        assert_eq!(names(body).collect::<Vec<_>>(), [(Named::Job, "A")]);
        assert_eq!(names(r#"{"jobDocument":1,"jobId":"A"}"#).collect::<Vec<_>>(), [(Named::Job, "A")]);
        assert_eq!(names(r#"{"jobId":"no id!","x":{"jobId":"\u0041"}}"#).count(), 0);
    }
}
