//! The faults that were asked for, in order: the first one that fits a message strikes it.

use std::collections::HashMap;

use serde::Serialize;

use super::draw::is_drawn;
use super::occasion::Occasion;
use super::struck::{Records, Struck};
use crate::wire::fault::{Fault, Kind};

/// How many faults there may be.
pub(crate) const FAULTS: usize = 100;

/// Of how many clients a fault counts the messages.
const CLIENTS: usize = 10_000;

/// All faults.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    last: u64,
    /// What there is from the start.
    first: Vec<Fault>,
    records: Records,
    /// Whether somebody is told of what is struck, so that the log need not.
    is_told: bool,
}

#[derive(Debug)]
struct Rule {
    number: u64,
    fault: Fault,
    struck: u64,
    left: Option<u32>,
    /// How many messages that fit it each client has sent or got, where that matters.
    counts: HashMap<String, u64>,
}

/// A fault, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Listed {
    pub(crate) number: u64,
    pub(crate) fault: String,
    /// How often it has struck.
    pub(crate) struck: u64,
    /// How often it may strike again, if there is a bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<u32>,
}

/// There are as many faults as there may be.
#[derive(Debug, thiserror::Error)]
#[error("there are {FAULTS} faults already: take one away with fault remove, or all with fault clear")]
pub(crate) struct TooMany;

impl Faults {
    /// The faults that there are from the start, as many as there may be.
    pub(crate) fn new(first: Vec<Fault>) -> Self {
        let mut faults = Self { first, ..Self::default() };
        faults.reset();
        faults
    }

    /// Whether nothing can be struck.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Adds a fault behind all others.
    pub(crate) fn add(&mut self, fault: Fault) -> Result<Listed, TooMany> {
        if self.rules.len() >= FAULTS {
            return Err(TooMany);
        }
        self.last += 1;
        let left = fault.times.map(Into::into);
        let rule = Rule { number: self.last, fault, struck: 0, left, counts: HashMap::new() };
        let listed = rule.listed();
        self.rules.push(rule);
        Ok(listed)
    }

    pub(crate) fn list(&self) -> Vec<Listed> {
        self.rules.iter().map(Rule::listed).collect()
    }

    /// Takes a fault away.
    pub(crate) fn remove(&mut self, number: u64) -> Option<Listed> {
        let at = self.rules.iter().position(|rule| rule.number == number)?;
        Some(self.rules.remove(at).listed())
    }

    /// Takes all faults away.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Goes back to the faults that there are from the start, and their numbers.
    pub(crate) fn reset(&mut self) {
        self.clear();
        self.last = 0;
        for fault in self.first.clone() {
            if self.add(fault).is_err() {
                break;
            }
        }
    }

    /// What goes wrong with a message, and the record of it; none where it is to come through. `sequence` is that of
    /// the last numbered message before.
    pub(crate) fn strike(&mut self, occasion: &Occasion<'_>, sequence: u64) -> Option<(Kind, &Struck)> {
        let rule = self.rules.iter_mut().find_map(|rule| rule.strikes(occasion).then_some(&*rule))?;
        let Rule { number, fault, left, .. } = rule;
        Some((fault.kind.clone(), self.records.put(occasion, sequence, (*number, fault), *left)))
    }

    /// From here on somebody is told of what is struck, and the log is not.
    pub(crate) fn tell(&mut self) {
        self.is_told = true;
    }

    /// Whether somebody is told of what is struck.
    pub(crate) fn is_told(&self) -> bool {
        self.is_told
    }

    /// The number of the last record; 0 before the first.
    pub(crate) fn last_struck(&self) -> u64 {
        self.records.last()
    }

    /// The first records after number `after`, as many as are told at once.
    pub(crate) fn struck_after(&self, after: u64) -> Vec<Struck> {
        self.records.after(after)
    }
}

impl Rule {
    fn listed(&self) -> Listed {
        let Self { number, fault, struck, left, .. } = self;
        Listed { number: *number, fault: fault.to_string(), struck: *struck, left: *left }
    }

    /// Whether it strikes a message; if so, that counts.
    fn strikes(&mut self, occasion: &Occasion<'_>) -> bool {
        let strikes = self.left != Some(0) && occasion.fits(&self.fault) && self.is_drawn(occasion);
        if strikes {
            self.struck += 1;
            self.left = self.left.map(|left| left - 1);
        }
        strikes
    }

    /// Whether a message that fits is neither one of those that pass before, nor spared by chance.
    fn is_drawn(&mut self, occasion: &Occasion<'_>) -> bool {
        let Fault { after, chance, .. } = self.fault;
        if after == 0 && chance.is_none() {
            return true;
        }
        let client_id = occasion.client_id.unwrap_or_default();
        if self.counts.len() >= CLIENTS && !self.counts.contains_key(client_id) {
            // Client ids without end: what was counted so far is given up.
            self.counts.clear();
        }
        let count = self.counts.entry(client_id.to_owned()).or_default();
        *count += 1;
        *count > u64::from(after)
            && chance.is_none_or(|chance| is_drawn(chance, self.number, client_id, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fault::On;

    fn faults(words: &[&str]) -> Faults {
        Faults::new(words.iter().map(|words| words.parse().unwrap()).collect())
    }

    fn update<'a>(client_id: &'a str, job: &'a str) -> Occasion<'a> {
        let status = Some("SUCCEEDED".parse().unwrap());
        Occasion { thing: Some("T"), job: Some(job), status, ..Occasion::new(On::Update, Some(client_id)) }
    }

    /// The numbers of the faults that strike updates of one client, 0 for none.
    fn strikes(faults: &mut Faults, client_id: &str, messages: usize) -> Vec<u64> {
        let mut next = || faults.strike(&update(client_id, "J"), 0).map_or(0, |(_, struck)| struck.fault);
        (0..messages).map(|_| next()).collect()
    }

    #[test]
    fn the_first_that_fits_strikes_as_often_as_it_may() {
        let mut faults =
            faults(&["drop-answer --job K", "corrupt --times 2", "duplicate --always --on update"]);
        assert_eq!(strikes(&mut faults, "c", 4), [2, 2, 3, 3]);
        assert_eq!(faults.strike(&update("c", "K"), 0).unwrap().0, Kind::DropAnswer);
        let left: Vec<_> = faults.list().into_iter().map(|listed| (listed.struck, listed.left)).collect();
        assert_eq!(left, [(1, Some(0)), (2, Some(0)), (2, None)]);
    }

    #[test]
    fn everything_that_is_said_has_to_fit() {
        for words in ["--thing U", "--client-id d*", "--job K", "--status FAILED", "--on get"] {
            let mut faults = faults(&[&format!("drop-answer {words}")]);
            assert_eq!(strikes(&mut faults, "c", 1), [0], "{words}");
        }
        let all = "drop-answer --on update --thing T --client-id c* --job J --status SUCCEEDED";
        assert_eq!(strikes(&mut faults(&[all]), "c", 1), [1]);
        let call = Occasion { job: Some("J"), ..Occasion::new(On::Call("CreateJob".into()), None) };
        assert!(faults(&["drop-answer --always"]).strike(&call, 0).is_none());
        assert!(faults(&["drop-answer --on CreateJob"]).strike(&call, 0).is_some());
    }

    #[test]
    fn each_client_has_its_own_messages_that_pass_before() {
        let mut faults = faults(&["drop-answer --after 2 --always"]);
        assert_eq!(strikes(&mut faults, "c", 3), [0, 0, 1]);
        assert_eq!(strikes(&mut faults, "d", 3), [0, 0, 1]);
    }

    #[test]
    fn chance_is_the_same_in_every_run_whatever_other_clients_do() {
        let make = |seed: u32| {
            faults(&["corrupt --job K", &format!("drop-answer --always --chance 20% --seed {seed}")])
        };
        let alone = strikes(&mut make(7), "c", 1000);
        let mut among_others = make(7);
        let mut mixed = Vec::new();
        for _ in 0..1000 {
            strikes(&mut among_others, "d", 3);
            mixed.extend(strikes(&mut among_others, "c", 1));
        }
        assert_eq!(alone, mixed);
        let struck = alone.iter().filter(|number| **number > 0).count();
        assert!((150..250).contains(&struck), "{struck}");
        assert_ne!(alone, strikes(&mut make(8), "c", 1000));
        assert_ne!(alone, strikes(&mut make(7), "d", 1000));
        // Each fault has its own luck, and those that pass before change nothing of it.
        let lucky = |words: &[&str]| -> Vec<bool> {
            strikes(&mut faults(words), "c", 1000).into_iter().map(|fault| fault > 0).collect()
        };
        let words = "drop-answer --always --chance 20% --seed 7";
        let first = lucky(&[words]);
        assert_ne!(first, lucky(&["corrupt --job K", words]));
        let later = lucky(&[&format!("{words} --after 9")]);
        assert_eq!((&later[..9], &later[9..]), (&[false; 9][..], &first[9..]));
    }

    #[test]
    fn they_come_and_go_and_go_back_to_the_start() {
        let mut faults = faults(&["corrupt"]);
        assert_eq!(faults.add("drop-answer".parse().unwrap()).unwrap().number, 2);
        assert_eq!(faults.remove(1).unwrap().fault, "corrupt");
        assert!(faults.remove(1).is_none());
        faults.clear();
        assert!(faults.is_empty());
        assert_eq!(faults.add("drop-answer".parse().unwrap()).unwrap().number, 3);
        faults.reset();
        let listed = faults.list();
        assert_eq!(listed, [Listed { number: 1, fault: "corrupt".into(), struck: 0, left: Some(1) }]);
        while faults.add("drop-answer".parse().unwrap()).is_ok() {}
        assert_eq!(faults.list().len(), FAULTS);
    }

    #[test]
    fn memory_is_bounded() {
        let mut faults = faults(&["drop-answer --always --after 1"]);
        for number in 0..2 * CLIENTS {
            strikes(&mut faults, &number.to_string(), 2);
        }
        assert!(faults.rules[0].counts.len() <= CLIENTS);
        let told = faults.struck_after(0);
        assert_eq!(told.len(), 50);
        assert_eq!(told[0].number, 2 * CLIENTS as u64 - 999);
        assert_eq!(faults.struck_after(faults.last_struck() - 1).len(), 1);
    }
}
