//! AWS's published request rates, for programs that are to meet here what they would meet there.
//!
//! Pure: time comes in as an argument. The service plays one account, so what AWS counts by account is counted in
//! all.
//!
//! AWS: <https://docs.aws.amazon.com/general/latest/gr/iot_device_management.html#jobs-limits>

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::choices;

/// Which request rates the service keeps clients to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Limits {
    /// None.
    #[default]
    Off,
    /// AWS's.
    Aws,
}

/// What is counted together, and how often it may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    counted: &'static str,
    per_second: u32,
}

impl Rate {
    /// The rate of an operation of the data plane: all that read count together, and all that write.
    pub(crate) fn of_data_plane(operation: &str) -> Self {
        let is_read = matches!(operation, "GetPendingJobExecutions" | "DescribeJobExecution");
        Self { counted: if is_read { "reads of devices" } else { "writes of devices" }, per_second: 200 }
    }

    /// The rate of an operation of the control plane, if one is published.
    pub(crate) fn of_control_plane(operation: &'static str) -> Option<Self> {
        let per_second = match operation {
            "CreateThing" => 15,
            "DescribeThing" => 350,
            "AddThingToThingGroup" => 60,
            _ if operation.contains("Job") => 10,
            _ => return None,
        };
        Some(Self { counted: operation, per_second })
    }
}

/// A request exceeds its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttled;

impl Throttled {
    /// What AWS says.
    pub(crate) const MESSAGE: &'static str = "Rate exceeded";
}

/// How much of each rate is used.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    limits: Limits,
    /// When nothing of a rate will be used any more if no further request comes.
    unused_at: HashMap<&'static str, Instant>,
}

impl Rates {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, unused_at: HashMap::new() }
    }

    /// Lets a request in that `rate` limits, if anything does, or refuses it, which uses nothing.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        rate: impl FnOnce() -> Option<Rate>,
    ) -> Result<(), Throttled> {
        if self.limits == Limits::Off {
            return Ok(());
        }
        let Some(rate) = rate() else { return Ok(()) };
        let interval = Duration::from_secs(1) / rate.per_second;
        let unused_at = self.unused_at.entry(rate.counted).or_insert(now);
        let next = (*unused_at).max(now) + interval;
        if next.duration_since(now) > choices::BURST {
            return Err(Throttled);
        }
        *unused_at = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn let_in(rates: &mut Rates, now: Instant, rate: Rate, requests: usize) -> usize {
        (0..requests).filter(|_| rates.admit(now, || Some(rate)).is_ok()).count()
    }

    #[test]
    fn what_a_second_allows_comes_at_once_and_then_no_more_than_the_rate() {
        for (rate, per_second) in [
            (Rate::of_data_plane("GetPendingJobExecutions"), 200),
            (Rate::of_data_plane("UpdateJobExecution"), 200),
            (Rate::of_control_plane("CreateJob").unwrap(), 10),
            (Rate::of_control_plane("ListJobExecutionsForThing").unwrap(), 10),
            (Rate::of_control_plane("CreateJobTemplate").unwrap(), 10),
            (Rate::of_control_plane("CreateThing").unwrap(), 15),
            (Rate::of_control_plane("DescribeThing").unwrap(), 350),
            (Rate::of_control_plane("AddThingToThingGroup").unwrap(), 60),
        ] {
            let (mut rates, mut now) = (Rates::new(Limits::Aws), Instant::now());
            assert_eq!(let_in(&mut rates, now, rate, 1000), per_second, "{rate:?}");
            for _ in 0..10 {
                now += 1000 * MILLISECOND;
                assert_eq!(let_in(&mut rates, now, rate, 1000), per_second, "{rate:?}");
            }
            let each_millisecond = (1..=1000).map(|after| now + after * MILLISECOND);
            let steady = each_millisecond.filter(|at| rates.admit(*at, || Some(rate)).is_ok()).count();
            assert_eq!(steady, per_second, "{rate:?}");
        }
    }

    #[test]
    fn operations_of_the_control_plane_count_by_themselves_and_those_of_devices_by_kind() {
        let (mut rates, now) = (Rates::new(Limits::Aws), Instant::now());
        let create = Rate::of_control_plane("CreateJob").unwrap();
        assert_eq!(let_in(&mut rates, now, create, 11), 10);
        let describe = Rate::of_control_plane("DescribeJobExecution").unwrap();
        assert_eq!(let_in(&mut rates, now, describe, 11), 10);
        assert_eq!(let_in(&mut rates, now, Rate::of_data_plane("DescribeJobExecution"), 150), 150);
        assert_eq!(let_in(&mut rates, now, Rate::of_data_plane("GetPendingJobExecutions"), 150), 50);
        assert_eq!(let_in(&mut rates, now, Rate::of_data_plane("StartNextPendingJobExecution"), 150), 150);
        assert_eq!(let_in(&mut rates, now, Rate::of_data_plane("UpdateJobExecution"), 150), 50);
        assert_eq!(Rate::of_control_plane("DescribeEndpoint"), None);
    }

    #[test]
    fn off_means_off() {
        let create = Rate::of_control_plane("CreateJob").unwrap();
        assert_eq!(let_in(&mut Rates::default(), Instant::now(), create, 1000), 1000);
    }
}
