//! A fault in the words that make it.

use std::fmt;

use super::definition::{Chance, Fault};

/// As it is written.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        let options: [(&str, Option<&dyn fmt::Display>); 5] = [
            ("on", self.on.as_ref().map(|on| on as _)),
            ("thing", self.thing.as_ref().map(|thing| thing as _)),
            ("client-id", self.client_id.as_ref().map(|pattern| pattern as _)),
            ("job", self.job.as_ref().map(|job| job as _)),
            ("status", self.status.as_ref().map(|status| status as _)),
        ];
        for (name, value) in options {
            value.map_or(Ok(()), |value| write!(f, " --{name} {value}"))?;
        }
        match self.times {
            None => f.write_str(" --always")?,
            Some(times) if times.get() > 1 => write!(f, " --times {times}")?,
            Some(_) => {}
        }
        if self.after > 0 {
            write!(f, " --after {}", self.after)?;
        }
        match self.chance {
            None => Ok(()),
            Some(Chance { percent, seed: 0 }) => write!(f, " --chance {percent}%"),
            Some(Chance { percent, seed }) => write!(f, " --chance {percent}% --seed {seed}"),
        }
    }
}
