//! How a job reaches its things: at once, in slices, or at a rate.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html>

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Rejected;
use super::job_status::{StatusCounts, TargetSelection};
use super::job_target::Queueing;
use crate::service::time::Timestamp;
use crate::wire::model::{JobExecutionStatus, ThingName};

/// How fast jobs reach their things whose rollout is not configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RolloutRate {
    /// As on AWS: 1,000 things a minute.
    #[default]
    Aws,
    /// All of them at once.
    Unlimited,
}

/// `jobExecutionsRolloutConfig`: how many things a minute.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobExecutionsRolloutConfig {
    /// 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_per_minute: Option<i64>,
    /// A rate that grows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exponential_rate: Option<ExponentialRolloutRate>,
}

/// `exponentialRate`: a rate that grows while all goes well.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExponentialRolloutRate {
    /// 1 to 1000.
    pub base_rate_per_minute: Option<i64>,
    /// 1.1 to 5.
    pub increment_factor: Option<f64>,
    /// When to multiply by the factor.
    pub rate_increase_criteria: Option<RateIncreaseCriteria>,
}

/// `rateIncreaseCriteria`: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RateIncreaseCriteria {
    /// After each so many things that the job reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_of_notified_things: Option<i64>,
    /// After each so many things that succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_of_succeeded_things: Option<i64>,
}

impl JobExecutionsRolloutConfig {
    pub(crate) fn check(&self) -> Result<(), Rejected> {
        let Some(rate) = &self.exponential_rate else { return Ok(()) };
        let refuse = |message: &str| Err(Rejected::InvalidRequest(message.to_owned()));
        let Some(maximum) = self.maximum_per_minute else {
            return refuse("Provide MaximumPerMinute value when ExponentialRate is defined");
        };
        if rate.base_rate_per_minute.is_some_and(|base| base > maximum) {
            return refuse("Exponential rollout baseRatePerMinute should be less than maximumPerMinute.");
        }
        let criteria = rate.rate_increase_criteria.clone().unwrap_or_default();
        match (criteria.number_of_notified_things, criteria.number_of_succeeded_things) {
            (Some(_), Some(_)) => refuse(
                "Provide only one of NumberOfNotifiedThings or NumberOfSucceededThings when RateIncreaseCriteria is defined",
            ),
            (None, None) => refuse(
                "Provide either NumberOfNotifiedThings or NumberOfSucceededThings when RateIncreaseCriteria is defined",
            ),
            _ => Ok(()),
        }
    }

    /// How many things the coming minute may reach, `unset` if that is not configured; none means any number.
    fn per_minute(&self, notified: u64, succeeded: u64, unset: Option<u64>) -> Option<u64> {
        let maximum = self.maximum_per_minute.and_then(|maximum| u64::try_from(maximum).ok());
        let Some(rate) = &self.exponential_rate else { return maximum.or(unset) };
        let criteria = rate.rate_increase_criteria.clone().unwrap_or_default();
        let (reached, step) = match criteria.number_of_notified_things {
            Some(step) => (notified, step),
            None => (succeeded, criteria.number_of_succeeded_things.unwrap_or(1)),
        };
        let increases = reached / u64::try_from(step).unwrap_or(1).max(1);
        let maximum = maximum.unwrap_or(1000);
        let base = u64::try_from(rate.base_rate_per_minute.unwrap_or(1)).unwrap_or(1);
        Some(grown(base, rate.increment_factor.unwrap_or(1.1), increases, maximum).max(1))
    }
}

/// `base` times `factor` to the power of `increases`, rounded down, at most `maximum`.
fn grown(base: u64, factor: f64, increases: u64, maximum: u64) -> u64 {
    let exponent = i32::try_from(increases).unwrap_or(i32::MAX);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates lie between 1 and 1000; a cast from a float saturates"
    )]
    let rate = (base as f64 * factor.powi(exponent)).floor().min(maximum as f64) as u64;
    rate
}

/// How far a job has come in reaching its things.
#[derive(Debug, Default)]
pub(crate) struct Rollout {
    /// The things that are still to be reached, by their place in the queue: one that left and came back waits at
    /// the end.
    pub(super) queue: BTreeMap<u64, ThingName>,
    /// The place of each of them. Hashed, since a large group is put in at once.
    pub(super) places: HashMap<ThingName, u64>,
    pub(super) next_place: u64,
    /// What is still to be put into the queue.
    pub(super) queueing: Option<Queueing>,
    /// The things reached so far.
    pub(super) notified: u64,
    /// When the present minute began, and how many things it can still reach.
    pub(super) minute: Option<(Timestamp, u64)>,
    /// Nothing is rolled out any more: the job was canceled, deleted, or its schedule ended.
    pub(super) stopped: bool,
}

/// How many places of the queue are kept together, so that one that changes does not have all of them written again.
const BLOCK: u64 = 256;

/// What a rollout does next.
pub(crate) enum Next {
    /// Gives this thing an execution; the block of the queue is named that is empty now.
    Thing(ThingName, Option<u64>),
    Wait(Timestamp),
    Nothing,
}

impl Rollout {
    /// Lets things wait, and tells which blocks of the queue they are in.
    pub(crate) fn add(&mut self, things: impl IntoIterator<Item = ThingName>) -> Range<u64> {
        let first = self.next_place;
        if !self.stopped {
            for thing in things {
                if let Entry::Vacant(place) = self.places.entry(thing) {
                    self.queue.insert(self.next_place, place.key().clone());
                    place.insert(self.next_place);
                    self.next_place += 1;
                }
            }
        }
        first / BLOCK..self.next_place.div_ceil(BLOCK)
    }

    /// Puts things back to their places.
    pub(crate) fn restore(&mut self, waiting: impl IntoIterator<Item = (u64, ThingName)>) {
        for (place, thing) in waiting {
            self.places.insert(thing.clone(), place);
            self.queue.insert(place, thing);
        }
    }

    /// The place of the first thing that waits, or else the next one that is given.
    pub(crate) fn first_place(&self) -> u64 {
        self.queue.keys().next().copied().unwrap_or(self.next_place)
    }

    /// The thing is no target any more, or waits no more; tells which block of the queue it was in.
    pub(crate) fn leave_out(&mut self, thing: &ThingName) -> Option<u64> {
        let place = self.places.remove(thing)?;
        self.queue.remove(&place);
        Some(place / BLOCK)
    }

    /// The blocks of the queue in which things wait.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = u64> {
        let first = self.queue.keys().next().map(|place| place / BLOCK);
        std::iter::successors(first, |block| {
            self.queue.range((block + 1) * BLOCK..).next().map(|(place, _)| place / BLOCK)
        })
    }

    /// What waits in a block of the queue, by place.
    pub(crate) fn block(&self, block: u64) -> impl Iterator<Item = (&u64, &ThingName)> {
        self.queue.range(block * BLOCK..(block + 1) * BLOCK)
    }

    pub(crate) fn stop(&mut self) {
        self.stopped = true;
        self.queueing = None;
        self.queue.clear();
        self.places.clear();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether things are still being put into the queue.
    pub(crate) fn is_queueing(&self) -> bool {
        self.queueing.is_some()
    }

    pub(crate) fn is_under_way(&self) -> bool {
        !self.queue.is_empty() || self.is_queueing()
    }

    /// Whether no further thing will be reached.
    pub(crate) fn is_over(&self, selection: TargetSelection) -> bool {
        !self.is_under_way() && (self.stopped || selection == TargetSelection::Snapshot)
    }

    /// Takes the next step, `unset` things a minute if that is not configured.
    pub(crate) fn next(
        &mut self,
        now: Timestamp,
        config: Option<&JobExecutionsRolloutConfig>,
        counts: &StatusCounts,
        unset: Option<u64>,
    ) -> Next {
        if self.queue.is_empty() {
            return Next::Nothing;
        }
        let succeeded = counts.get(JobExecutionStatus::Succeeded);
        let rate = config.map_or(unset, |config| config.per_minute(self.notified, succeeded, unset));
        if let Some(rate) = rate {
            match &mut self.minute {
                Some((began, left)) if now < began.plus_minutes(1) => {
                    if *left == 0 {
                        return Next::Wait(began.plus_minutes(1));
                    }
                    *left -= 1;
                }
                minute => *minute = Some((now, rate - 1)),
            }
        }
        self.notified += 1;
        let Some((place, thing)) = self.queue.pop_first() else { return Next::Nothing };
        self.places.remove(&thing);
        let block = place / BLOCK;
        let emptied = self.block(block).next().is_none().then_some(block);
        Next::Thing(thing, emptied)
    }
}
