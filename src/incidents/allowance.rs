//! What is not told although it stands out: by the rules that hold now, and by what people have acknowledged.
//!
//! Rules and acknowledgements go by names, the ledger by numbers: which are about a pair is looked up once, when it is to be
//! told for the first time.

use super::Ledger;
use super::allow::{About, Allow, Sending};
use super::cut::{Candidate, Cut, Key};
use crate::baseline::{Host, Pair};
use crate::estate::Inventory;
use crate::incident::{Finding, Incident};
use crate::tally::Directory;
use crate::units::Timestamp;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// So many pairs are remembered with the rules that are about them; past that they are looked up anew.
const PAIRS_MAX: usize = 1 << 16;

/// What bytes that leave do not explain, so that no rule covers it.
const NEVER: [&str; 2] = ["silent-source", "bucket-exposed"];

/// What a person has said of an incident: it is known, and not to be told again until a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The incident's id.
    pub id: String,
    /// Its host.
    pub host: String,
    /// Its destination group; `None`: several.
    pub destination: Option<String>,
    /// When it was detected: what was told before is not meant.
    pub since: Timestamp,
    /// From then on (event time) it may be told again.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

impl Ack {
    /// The one that holds for an incident of these that was detected then; of several the one given last.
    pub fn of<'a>(
        acks: &'a [Ack],
        host: &str,
        destination: Option<&str>,
        detected: Timestamp,
    ) -> Option<&'a Ack> {
        let is_meant = |ack: &&Ack| ack.host == host && ack.destination.as_deref() == destination;
        acks.iter().rev().find(is_meant).filter(|ack| ack.holds(detected))
    }

    fn holds(&self, detected: Timestamp) -> bool {
        (self.since..self.until).contains(&detected)
    }
}

/// By what an incident is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// As the rule says.
    pub reason: String,
    /// When the rule ends; `None`: never.
    pub until: Option<Timestamp>,
}

/// Incidents that would have been told, but for a rule; by host, destination and the moment since when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed(BTreeMap<(u32, Option<u32>, Timestamp), Permit>);

impl Allowed {
    /// By what an incident is allowed, if it is.
    pub fn of(&self, incident: &Incident) -> Option<&Permit> {
        self.0.get(&whose(incident)).filter(|_| !incident.told)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn whose(incident: &Incident) -> (u32, Option<u32>, Timestamp) {
    (incident.host, incident.destination, incident.first_seen)
}

/// What numbers are called.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Of hosts.
    pub hosts: &'a Directory,
    /// Of destination groups.
    pub destinations: &'a Directory,
    /// Of roles.
    pub inventory: &'a Inventory,
}

/// What was found now of an incident that is not told.
pub(super) struct Occasion<'a> {
    pub(super) host: &'a Host,
    pub(super) pair: Option<&'a Pair>,
    /// The start of the window, and when it closed.
    pub(super) window: (Timestamp, Timestamp),
    pub(super) findings: &'a [Finding],
    pub(super) names: Names<'a>,
}

impl Ledger {
    /// From now on these rules hold.
    pub fn set_rules(&mut self, rules: Arc<[Allow]>) {
        self.allowance.set_rules(rules);
    }

    /// From now on this is acknowledged, and nothing else.
    pub fn set_acks(&mut self, acks: Arc<[Ack]>) {
        self.allowance.set_acks(acks);
    }

    /// The budget, the rules and the acknowledgements of another hold here.
    pub fn heed(&mut self, other: &mut Ledger) {
        self.set_budget(other.budget());
        self.allowance.heed(&mut other.allowance);
    }

    /// What is acknowledged.
    pub fn acks(&self) -> &Arc<[Ack]> {
        self.allowance.acks()
    }

    /// What is allowed, to be written down.
    pub fn allowed(&self) -> &Allowed {
        &self.allowance.allowed
    }

    /// What was allowed before this was written down.
    pub fn recall(&mut self, allowed: Allowed) {
        self.allowance.allowed = allowed;
    }

    /// Rules that have covered nothing since they hold.
    pub fn idle_rules(&self) -> Vec<Allow> {
        self.allowance.idle()
    }

    /// Lets go of what was allowed of incidents that are forgotten.
    pub(super) fn forget_allowed(&mut self) {
        let mut allowed = std::mem::take(&mut self.allowance.allowed);
        if !allowed.is_empty() {
            let there: BTreeSet<_> = self.incidents().map(whose).collect();
            allowed.0.retain(|key, _| there.contains(key));
        }
        self.allowance.allowed = allowed;
    }
}

/// What is about a pair, by number.
#[derive(Debug)]
struct Known {
    rules: Box<[usize]>,
    ack: Option<usize>,
}

/// The rules that hold now, and what they have covered.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    /// `None`: nobody has said which hold; what was allowed stays so.
    rules: Option<Arc<[Allow]>>,
    acks: Arc<[Ack]>,
    known: HashMap<Key, Known, foldhash::fast::RandomState>,
    pub(super) allowed: Allowed,
    /// Rules that have covered something, by number.
    used: BTreeSet<usize>,
}

impl Allowance {
    pub(super) fn set_rules(&mut self, rules: Arc<[Allow]>) {
        self.rules = Some(rules);
        self.known.clear();
        self.used.clear();
    }

    pub(super) fn set_acks(&mut self, acks: Arc<[Ack]>) {
        self.acks = acks;
        self.known.clear();
    }

    pub(super) fn acks(&self) -> &Arc<[Ack]> {
        &self.acks
    }

    /// The rules and acknowledgements of another hold here.
    pub(super) fn heed(&mut self, other: &mut Allowance) {
        let allowed = std::mem::take(&mut self.allowed);
        *self = Allowance { allowed, ..std::mem::take(other) };
    }

    /// Rules that have covered nothing.
    pub(super) fn idle(&self) -> Vec<Allow> {
        let rules = self.rules.iter().flat_map(|rules| rules.iter()).enumerate();
        rules.filter(|(number, _)| !self.used.contains(number)).map(|(_, rule)| rule.clone()).collect()
    }

    fn is_nothing(&self) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.is_empty())
            && self.acks.is_empty()
            && self.allowed.is_empty()
    }

    /// Whether an incident that was told before may be told again: it was acknowledged, and that is over.
    pub(super) fn has_lapsed(&mut self, incident: &Incident, closes: Timestamp, names: Names<'_>) -> bool {
        if self.acks.is_empty() {
            return false;
        }
        let ack = self.known((incident.host, incident.destination), names).ack;
        let ack = ack.and_then(|ack| self.acks.get(ack));
        ack.is_some_and(|ack| ack.holds(incident.detected_at) && ack.until <= closes)
    }

    /// Whether an incident is told now. What is allowed or acknowledged the cut never sees, so that it takes no room and
    /// raises no bar.
    pub(super) fn tells(
        &mut self,
        cut: &mut Cut,
        candidate: &Candidate,
        since: Timestamp,
        now: &Occasion<'_>,
    ) -> bool {
        let closes = now.window.1;
        if self.is_nothing() {
            return cut.tells(closes, candidate);
        }
        let whose = (candidate.key.0, candidate.key.1, since);
        let known = self.known(candidate.key, now.names);
        let (rules, ack) = (known.rules.clone(), known.ack);
        if ack.and_then(|ack| self.acks.get(ack)).is_some_and(|ack| ack.holds(closes)) {
            return false;
        }
        if self.rules.is_none() && self.allowed.0.contains_key(&whose) {
            return false;
        }
        let all = self.rules.as_deref().unwrap_or_default();
        let covers = |number: &&usize| all.get(**number).is_some_and(|rule| now.is_within(rule));
        let Some((number, rule)) =
            rules.iter().find(covers).and_then(|number| Some((*number, all.get(*number)?)))
        else {
            let tells = cut.tells(closes, candidate);
            if tells {
                self.allowed.0.remove(&whose);
            }
            return tells;
        };
        if cut.would_tell(closes, candidate) {
            self.allowed.0.insert(whose, Permit { reason: rule.reason.to_string(), until: rule.until });
            self.used.insert(number);
        }
        false
    }

    fn known(&mut self, key: Key, names: Names<'_>) -> &Known {
        if self.known.len() >= PAIRS_MAX && !self.known.contains_key(&key) {
            self.known.clear();
        }
        let Allowance { rules, acks, known, .. } = self;
        known.entry(key).or_insert_with(|| {
            let destination = key.1.map(|number| names.destinations.name(number));
            let about = About { host: names.hosts.name(key.0), destination, inventory: names.inventory };
            let rules = rules.iter().flat_map(|rules| rules.iter()).enumerate();
            Known {
                rules: rules.filter(|(_, rule)| rule.is_about(&about)).map(|(number, _)| number).collect(),
                ack: acks.iter().rposition(|ack| {
                    ack.host == about.host && ack.destination.as_deref() == about.destination
                }),
            }
        })
    }
}

impl Occasion<'_> {
    fn is_within(&self, rule: &Allow) -> bool {
        if self.findings.iter().any(|finding| NEVER.contains(&finding.detector)) {
            return false;
        }
        let (at, _) = self.window;
        let weighty = self.pair.and_then(|pair| pair.weighty.as_ref());
        let lines = weighty.iter().flat_map(|weighty| weighty.evidence.iter().map(|line| line.port));
        let ports: Vec<u16> = lines.chain(weighty.map(|weighty| weighty.port)).collect();
        let of_pair = |scale| {
            self.pair.map_or(0, |pair| {
                pair.unit().map_or(pair.total, |unit| unit.rolling.trailing(scale, at).0.out)
            })
        };
        let of_host = |scale| self.host.unit.rolling.trailing(scale, at).0.out;
        rule.bounds(&Sending { at, ports: &ports, of_host: &of_host, of_pair: &of_pair })
    }
}
