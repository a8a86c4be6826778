//! A fleet that does not exist: how many things it has, and what their devices do with a job.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use fastrand::Rng;

/// A fleet of things that are alike: chance alone tells one from the other.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// How many things there are.
    pub things: u32,
    /// How their job executions end.
    pub outcomes: Outcomes,
    /// How long a device is at work.
    pub takes: RangeInclusive<Duration>,
    /// The share of things that are offline when the job reaches them.
    pub offline: Share,
    /// When those come back.
    pub back_after: RangeInclusive<Duration>,
    /// The same seed gives the same fleet, whatever job it gets.
    pub seed: u64,
}

/// A share of things, in thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share(u32);

/// How the job executions of a fleet end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcomes {
    succeed: Share,
    fail: Share,
    reject: Share,
}

/// How one job execution ends, if nothing ends it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeds,
    Fails,
    Rejects,
    Hangs,
}

/// What chance decides for one job execution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    /// From when the job reaches the thing until its device hears of it.
    pub(super) offline: Duration,
    /// From when the device hears of it until it starts.
    pub(super) pause: Duration,
    pub(super) outcome: Outcome,
    pub(super) takes: Duration,
}

/// How long a device that hears of a job execution lets it wait, in milliseconds.
const PAUSE: RangeInclusive<u64> = 100..=2_000;

impl Fleet {
    /// What chance decides for the execution of that number on one thing. It depends on nothing else, so that the
    /// things that fail under one configuration fail under another too.
    pub(super) fn draw(&self, thing: u32, number: u64) -> Draw {
        let fleet = Rng::with_seed(self.seed).u64(..);
        let mut chance = Rng::with_seed(fleet ^ (u64::from(thing) << 32 | number));
        let is_offline = number == 1 && self.offline.is_drawn(chance.u32(..Share::WHOLE));
        let back_after = between(&mut chance, &self.back_after);
        Draw {
            offline: if is_offline { back_after } else { Duration::ZERO },
            pause: Duration::from_millis(chance.u64(PAUSE)),
            outcome: self.outcomes.drawn(chance.u32(..Share::WHOLE)),
            takes: between(&mut chance, &self.takes),
        }
    }
}

fn between(chance: &mut Rng, range: &RangeInclusive<Duration>) -> Duration {
    let millis = |duration: &Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (least, most) = (millis(range.start()), millis(range.end()));
    Duration::from_millis(chance.u64(least..=most.max(least)))
}

impl Share {
    const WHOLE: u32 = 100_000;

    fn is_drawn(self, drawn: u32) -> bool {
        drawn < self.0
    }
}

impl FromStr for Share {
    type Err = String;

    /// Reads such as `95%`, `95` and `0.125%`.
    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || "write a percentage, such as 95% or 0.5%".to_owned();
        let number = text.strip_suffix('%').unwrap_or(text);
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(decimals) || decimals.len() > 3 {
            return Err(refuse());
        }
        let share: u32 = format!("{whole}{decimals:0<3}").parse().map_err(|_| refuse())?;
        if share > Self::WHOLE { Err("a share is at most 100%".to_owned()) } else { Ok(Self(share)) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        write!(f, "{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Outcomes {
    /// What the shares say together: those that are not given are none, but where `succeed` is not, it is the rest.
    ///
    /// # Errors
    /// Where they are not 100% together.
    pub fn new(
        succeed: Option<Share>,
        fail: Option<Share>,
        reject: Option<Share>,
        hang: Option<Share>,
    ) -> Result<Self, String> {
        let given = |share: Option<Share>| share.unwrap_or_default().0;
        let others = given(fail) + given(reject) + given(hang);
        let succeed = succeed.map_or(Share::WHOLE.saturating_sub(others), |share| share.0);
        if succeed + others != Share::WHOLE {
            return Err(format!(
                "the shares of things that succeed, fail, reject and hang are {} together: make them 100%",
                Share(succeed + others)
            ));
        }
        let [fail, reject] = [fail, reject].map(Option::unwrap_or_default);
        Ok(Self { succeed: Share(succeed), fail, reject })
    }

    fn drawn(&self, drawn: u32) -> Outcome {
        let (fails, rejects) = (self.succeed.0 + self.fail.0, self.succeed.0 + self.fail.0 + self.reject.0);
        match drawn {
            _ if self.succeed.is_drawn(drawn) => Outcome::Succeeds,
            drawn if drawn < fails => Outcome::Fails,
            drawn if drawn < rejects => Outcome::Rejects,
            _ => Outcome::Hangs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome::{Fails, Rejects, Succeeds};
    use super::*;

    fn share(text: &str) -> Share {
        text.parse().unwrap()
    }

    #[test]
    fn a_share_is_a_percentage_of_up_to_three_decimals() {
        for (text, shown) in [("95%", "95%"), ("0.5", "0.5%"), ("100%", "100%"), ("0.125%", "0.125%")] {
            assert_eq!(share(text).to_string(), shown);
        }
        for text in ["", "%", "-1%", "1.", ".5", "1.2345", "100.001%", "1e1", "99999999999"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_100_percent_together() {
        let outcomes = Outcomes::new(None, Some(share("3%")), Some(share("1%")), None).unwrap();
        assert_eq!(outcomes.succeed.to_string(), "96%");
        let drawn = [0, 95_999, 96_000, 98_999, 99_000, 99_999].map(|drawn| outcomes.drawn(drawn));
        assert_eq!(drawn, [Succeeds, Succeeds, Fails, Fails, Rejects, Rejects]);
        let refused =
            Outcomes::new(Some(share("95%")), Some(share("3%")), None, Some(share("1.5%"))).unwrap_err();
        assert!(refused.contains("99.5% together"), "{refused}");
        assert!(
            Outcomes::new(None, Some(share("60%")), Some(share("60%")), None).unwrap_err().contains("120%")
        );
        assert!(Outcomes::new(None, None, None, None).is_ok());
    }

    #[test]
    fn what_is_drawn_depends_on_the_seed_the_thing_and_the_number_alone() {
        let fleet = |seed| Fleet {
            things: 1,
            outcomes: Outcomes::new(Some(share("50%")), None, None, Some(share("50%"))).unwrap(),
            takes: Duration::ZERO..=Duration::from_hours(1),
            offline: share("50%"),
            back_after: Duration::from_hours(1)..=Duration::from_hours(8),
            seed,
        };
        let drawn = |seed, thing, number| format!("{:?}", fleet(seed).draw(thing, number));
        assert_eq!(drawn(1, 7, 1), drawn(1, 7, 1));
        for (seed, thing, number) in [(2, 7, 1), (1, 8, 1), (1, 7, 2)] {
            assert_ne!(drawn(seed, thing, number), drawn(1, 7, 1));
        }
        let hanging = (0..10_000).filter(|thing| fleet(1).draw(*thing, 1).outcome == Outcome::Hangs).count();
        assert!((4_800..5_200).contains(&hanging), "{hanging}");
        let offline = (0..10_000).filter(|thing| !fleet(1).draw(*thing, 1).offline.is_zero()).count();
        assert!((4_800..5_200).contains(&offline), "{offline}");
        assert!((0..100).all(|thing| fleet(1).draw(thing, 2).offline.is_zero()), "a retry finds it online");
    }
}
