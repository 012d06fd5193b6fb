//! Findings → incidents: one per theft (host and destination group), updated while it goes on, ranked, cut by the budget.

mod allow;
mod allowance;
mod budget;
mod cut;
mod standard;
mod traits;

pub use allow::{About, Allow, Cap, Glob, Hours, Sending, Who, deadline};
pub use allowance::{Ack, Allowed, Names, Permit};
use allowance::{Allowance, Occasion};
pub use budget::{Budget, rank};
use cut::{Candidate, Cut, Key};
use serde::{Deserialize, Serialize};
pub use standard::Standard;
use traits::{Set, Traits};

use crate::baseline::{Baseline, DAY_SCALE, Destination, Host, Pair, Rarity, Row, SCALES, WINDOW};
use crate::detectors::{Case, DETECTORS, Judge, Seen};
use crate::event::Channel;
use crate::incident::{Finding, Incident};
use crate::units::{Span, Timestamp};
use hashbrown::{HashMap, HashSet};

/// After so long without a finding an incident is over; what comes later is another.
const OVER: Span = Span::DAY.times(7);

/// Share of a host's net volume that one destination must carry to be named as its destination.
const CARRIES: f64 = 0.5;

/// How many lines are remembered of an incident that is about a host alone.
const EVIDENCE_MAX: usize = 3;

/// All incidents, open and over.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ledger {
    open: HashMap<Key, Open, foldhash::fast::RandomState>,
    over: Vec<Incident>,
    /// Hosts of which something was ever told.
    accused: HashSet<u32, foldhash::fast::RandomState>,
    /// Which of them are told.
    cut: Cut,
    /// What they have in common.
    traits: Traits,
    today: Timestamp,
    /// The day for which what is missing was judged.
    summoned: Timestamp,
    /// Told since this was taken out, in their order.
    #[serde(skip)]
    newly: Vec<Key>,
    /// What is not told by rules and acknowledgements, which are the operator's; what they covered is written by itself.
    #[serde(skip)]
    allowance: Allowance,
}

/// What was found of a host towards one destination, or of a host alone.
struct Found {
    destination: Option<u32>,
    score: f64,
    findings: Vec<Finding>,
    /// Whether the group is one that few hosts use.
    few_use: bool,
    traits: Set,
}

/// The window being judged.
#[derive(Clone, Copy)]
struct Window {
    /// Its start.
    start: Timestamp,
    /// When it closed.
    closes: Timestamp,
    /// The score from which an incident is raised.
    worth_telling: f64,
}

const _: () = assert!(DETECTORS.len() <= Set::BITS as usize, "a detector needs a bit in a set");

#[derive(Debug, Serialize, Deserialize)]
struct Open {
    incident: Incident,
    /// When it was raised.
    raised: Timestamp,
    /// What it has shown since.
    traits: Set,
    /// The last window with a finding.
    found: Timestamp,
}

impl Ledger {
    /// Nothing yet, of which so many a day are to be told.
    pub fn new(budget: Budget) -> Ledger {
        Ledger {
            open: HashMap::default(),
            over: Vec::new(),
            accused: HashSet::default(),
            cut: Cut::new(budget),
            traits: Traits::default(),
            today: Timestamp::MIN,
            summoned: Timestamp::MIN,
            newly: Vec::new(),
            allowance: Allowance::default(),
        }
    }

    /// Judges the window that began at `now`, which `baseline` has folded; `rows` are its rows, sorted by host, and
    /// `closes` is the moment at which it closed. `names` are those that rules go by.
    pub fn judge(
        &mut self,
        baseline: &mut Baseline,
        now: Timestamp,
        rows: &[Row],
        closes: Timestamp,
        names: Names<'_>,
    ) {
        let day = now.floor(Span::DAY);
        if day > self.today {
            self.close_day(day);
        }
        let window = Window { start: now, closes, worth_telling: baseline.pools.worth_telling() };
        let mut all: Vec<(u32, Found)> = Vec::new();
        for rows in rows.chunk_by(|a, b| a.host == b.host) {
            let Some(number) = rows.first().map(|row| row.host) else { continue };
            self.go_on(number, rows, now);
            let Some(host) = baseline.hosts.get(number as usize) else { continue };
            let case = Case { baseline, host, number, now };
            found_of_host(&case, rows, &self.traits, |found| all.push((number, found)));
        }
        for number in baseline.summoned.iter().copied().filter(|_| self.summoned != baseline.day()) {
            let Some(host) = baseline.hosts.get(number as usize) else { continue };
            let findings = day_findings(&Case { baseline, host, number, now });
            if !findings.is_empty() {
                all.push((
                    number,
                    Found { destination: None, score: most(&findings), findings, few_use: false, traits: 0 },
                ));
            }
        }
        self.summoned = baseline.day();
        // The worst first, as there may not be room for all; equals by their numbers, which are the same in every run.
        all.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
        for (number, found) in all {
            if let Some(host) = baseline.hosts.get(number as usize) {
                self.raise(host, number, window, found, names);
            }
        }
        // After all were judged: what one host's incident says of its destination must not depend on the order of hosts.
        for rows in rows.chunk_by(|a, b| a.host == b.host) {
            rows.first().inspect(|row| self.mark(baseline, row.host));
        }
    }

    /// A day begins. Incidents that were raised the day before yesterday have shown what they have in common.
    fn close_day(&mut self, today: Timestamp) {
        let ripe = |open: &&Open| open.raised.floor(Span::DAY) + Span::DAY.times(2) == today;
        self.traits.add_day(self.open.values().filter(ripe).map(|open| open.traits).collect());
        self.today = today;
    }

    /// What left since goes to the open incidents of the host.
    fn go_on(&mut self, host: u32, rows: &[Row], now: Timestamp) {
        let mut add = |key, out: u64| {
            if let Some(open) = self.open.get_mut(&key).filter(|_| out > 0) {
                open.incident.bytes_out = open.incident.bytes_out.saturating_add(out);
                open.incident.last_seen = now + WINDOW;
            }
        };
        for row in rows {
            add((host, Some(row.destination)), row.out);
        }
        add((host, None), rows.iter().map(|row| row.out).sum());
    }

    fn raise(&mut self, host: &Host, number: u32, window: Window, found: Found, names: Names<'_>) {
        let Found { destination, score, findings, few_use, traits } = found;
        let (key, now) = ((number, destination), window.start);
        if self.open.get(&key).is_some_and(|open| now - open.found > OVER) {
            self.over.extend(self.open.remove(&key).map(|open| open.incident));
        }
        let pair = key.1.and_then(|destination| host.pairs.get(destination));
        let is_new = pair.is_some_and(|pair| pair.young(now));
        let candidate = Candidate { key, score, few_use, is_new };
        let occasion = Occasion { host, pair, window: (now, window.closes), findings: &findings, names };
        if let Some(open) = self.open.get_mut(&key) {
            open.found = now;
            open.traits |= traits;
            open.incident.score = open.incident.score.max(score);
            open.incident.take(&findings, host, pair);
            let told = open.incident.told && !self.allowance.has_lapsed(&open.incident, window.closes, names);
            let since = open.incident.first_seen;
            if !told && self.allowance.tells(&mut self.cut, &candidate, since, &occasion) {
                open.incident.tell(window.closes, score);
                self.accused.insert(number);
                self.newly.push(key);
            }
        } else if score >= window.worth_telling {
            let (bytes_out, first_seen) = since(host, pair, &findings, now);
            let mut incident = Incident {
                host: key.0,
                destination: key.1,
                detected_at: window.closes,
                first_seen,
                last_seen: now + WINDOW,
                bytes_out,
                bytes_out_at_detection: bytes_out,
                expected: host.unit.record(DAY_SCALE),
                watched: host.first.map_or(Span(0), |first| first_seen - first),
                score,
                score_at_detection: score,
                told: false,
                findings: Vec::new(),
                exposure: None,
                missing: None,
                tools: 0,
                evidence: Vec::new(),
            };
            incident.take(&findings, host, pair);
            if self.allowance.tells(&mut self.cut, &candidate, first_seen, &occasion) {
                incident.tell(window.closes, score);
                self.accused.insert(number);
                self.newly.push(key);
            }
            self.open.insert(key, Open { incident, raised: now, traits, found: now });
        }
    }

    /// Units with an open incident that was told are suspect: they do not train the pools. What was not told does, or the pools
    /// would forget how often such things happen; so a budget of suspects is all that is left out.
    fn mark(&self, baseline: &mut Baseline, number: u32) {
        if !self.accused.contains(&number) {
            return;
        }
        let Some(host) = baseline.hosts.get_mut(number as usize) else { return };
        let now = host.unit.last;
        let fresh = |key| {
            let open = self.open.get(&key).filter(|open| open.incident.told);
            open.is_some_and(|open| now.is_some_and(|now| now - open.found <= OVER))
        };
        let mut any = fresh((number, None));
        for (destination, pair) in host.pairs.iter_mut() {
            let suspect = fresh((number, Some(destination)));
            if let Some(weighty) = &mut pair.weighty {
                weighty.unit.suspect = suspect;
            }
            any |= suspect;
        }
        host.unit.suspect = any;
        if let Some(places) = &mut host.new_places {
            places.suspect = any;
        }
    }

    /// Takes out what was told since this was called last, in the order of telling.
    pub fn take_newly_told(&mut self) -> Vec<Incident> {
        let newly = std::mem::take(&mut self.newly);
        newly.iter().filter_map(|key| Some(self.open.get(key)?.incident.clone())).collect()
    }

    /// All incidents so far, in no order.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.over.iter().chain(self.open.values().map(|open| &open.incident))
    }

    /// Of how many hosts something was ever told.
    pub fn accused(&self) -> usize {
        self.accused.len()
    }

    /// How many a day are told.
    pub fn budget(&self) -> Budget {
        self.cut.budget()
    }

    /// From now on so many a day are told.
    pub fn set_budget(&mut self, budget: Budget) {
        self.cut.set_budget(budget);
    }

    /// Lets go of what was seen last before `moment`.
    pub fn forget(&mut self, moment: Timestamp) {
        self.over.retain(|incident| incident.last_seen >= moment);
        let over = |_: &Key, open: &mut Open| open.incident.last_seen < moment && open.found + OVER < moment;
        self.open.extract_if(over).for_each(drop);
        self.forget_allowed();
    }

    /// All incidents, in no order.
    pub fn into_incidents(self) -> Vec<Incident> {
        self.over.into_iter().chain(self.open.into_values().map(|open| open.incident)).collect()
    }
}

impl Incident {
    /// It is told now.
    fn tell(&mut self, now: Timestamp, score: f64) {
        self.told = true;
        (self.detected_at, self.score_at_detection, self.bytes_out_at_detection) =
            (now, score, self.bytes_out);
    }

    /// Takes in what was found now.
    fn take(&mut self, findings: &[Finding], host: &Host, pair: Option<&Pair>) {
        for finding in findings {
            match self.findings.iter_mut().find(|known| known.detector == finding.detector) {
                Some(known) if known.bits < finding.bits => *known = *finding,
                Some(_) => {}
                None => self.findings.push(*finding),
            }
        }
        self.findings.sort_by(|a, b| b.bits.total_cmp(&a.bits));
        if findings.iter().any(|finding| finding.detector == "silent-source") {
            self.missing = host.missing.as_deref().copied();
        }
        let opened = findings.iter().any(|finding| finding.detector == "bucket-exposed");
        if let (Some(exposed), true) = (&host.exposed, opened) {
            let (exposure, line) = **exposed;
            self.exposure = self.exposure.max(Some(exposure));
            if !self.evidence.contains(&line) {
                self.evidence.insert(0, line);
                self.evidence.truncate(EVIDENCE_MAX);
            }
        }
        if let Some(pair) = pair {
            self.tools |= pair.tools;
            if let Some(weighty) = &pair.weighty {
                self.evidence.clone_from(&weighty.evidence);
            }
        }
    }
}

/// All that stands out of a host in the window of `rows`: towards each group, and what is spread over several.
fn found_of_host(case: &Case<'_>, rows: &[Row], traits: &Traits, mut give: impl FnMut(Found)) {
    let of_host: Vec<(Finding, Option<u32>)> = host_findings(case).collect();
    let carried = |by: Option<u32>| {
        of_host.iter().filter(move |(_, carrier)| *carrier == by).map(|(finding, _)| *finding)
    };
    for row in rows {
        let Some(pair) = case.host.pairs.get(row.destination) else { continue };
        let Some(group) = case.baseline.destinations.get(row.destination as usize) else { continue };
        let mut findings: Vec<Finding> = pair_findings(case, pair, group).collect();
        findings.extend(carried(Some(row.destination)));
        if !findings.is_empty() {
            let found = most(&findings);
            let (shown, bits) = boosts(case, pair, group, traits, &mut findings);
            let few_use = case.host.channel == Channel::Transfer
                && case.baseline.rarity(group, case.host.channel) != Rarity::Popular;
            let score = found + bits;
            give(Found { destination: Some(row.destination), score, findings, few_use, traits: shown });
        }
    }
    let findings: Vec<Finding> = carried(None).collect();
    if !findings.is_empty() {
        let score = most(&findings);
        give(Found { destination: None, score, findings, few_use: false, traits: 0 });
    }
}

/// What is found of a host's volumes, each with the destination group that carries it.
fn host_findings(case: &Case<'_>) -> impl Iterator<Item = (Finding, Option<u32>)> {
    DETECTORS.iter().filter_map(|detector| {
        let (judge, only_young) = match detector.judge {
            Judge::Host(judge) => (judge, false),
            Judge::NewPlaces(judge) => (judge, true),
            _ => return None,
        };
        let seen = judge(case)?;
        let carrier = carrier(case, &seen, |pair| !only_young || pair.young(case.now));
        let group = carrier.and_then(|carrier| case.baseline.destinations.get(carrier as usize));
        if group.is_some_and(|group| group.usual[seen.scale] >= seen.observed) {
            return None;
        }
        Some((detector.finding(seen), carrier))
    })
}

/// What is found of a host or a log that is silent.
fn day_findings(case: &Case<'_>) -> Vec<Finding> {
    let judged = DETECTORS.iter().filter_map(|detector| match detector.judge {
        Judge::Day(judge) => Some(detector.finding(judge(case)?)),
        _ => None,
    });
    judged.collect()
}

/// What is found of a pair.
fn pair_findings(case: &Case<'_>, pair: &Pair, group: &Destination) -> impl Iterator<Item = Finding> {
    DETECTORS.iter().filter_map(move |detector| match detector.judge {
        Judge::Pair(judge) => Some(detector.finding(judge(case, pair, group)?)),
        _ => None,
    })
}

/// What raises what was found of a pair: adds it to the findings, each with what it would add alone, and gives which traits
/// they are and what they add together.
fn boosts(
    case: &Case<'_>,
    pair: &Pair,
    group: &Destination,
    traits: &Traits,
    findings: &mut Vec<Finding>,
) -> (Set, f64) {
    let (mut shown, mut prior, mut taken) = (0, 0.0, 0.0);
    for (place, detector) in DETECTORS.iter().enumerate() {
        let bits = match &detector.judge {
            Judge::Booster(boost) => {
                let bits = boost(case, pair, group);
                taken += bits;
                bits
            }
            Judge::Trait(one) if (one.shows)(case, pair, group) => {
                (shown, prior) = (shown | 1 << place, prior + one.most);
                traits.bits(1 << place, one.most)
            }
            _ => 0.0,
        };
        if bits > 0.0 {
            let observed = pair.unit().and_then(|unit| unit.now().last().copied()).map_or(0, |now| now.net);
            findings.push(detector.finding(Seen { scale: SCALES.len() - 1, observed, expected: 0, bits }));
        }
    }
    (shown, taken + if shown == 0 { 0.0 } else { traits.bits(shown, prior) })
}

/// The most that any detector says. That several looked costs a number of bits that is the same for all incidents
/// (Bonferroni), so it is left out; that several spoke is no second proof, as they look at the same bytes.
fn most(findings: &[Finding]) -> f64 {
    findings.iter().map(|finding| finding.bits).fold(0.0, f64::max)
}

/// The destination group, of those that are `part` of it, that carries most of what stands out in a host's volume; `None`
/// where it is spread.
fn carrier(case: &Case<'_>, seen: &Seen, part: impl Fn(&Pair) -> bool) -> Option<u32> {
    if seen.observed == 0 {
        return None;
    }
    let volume =
        |pair: &Pair| pair.unit().map_or(0, |unit| unit.rolling.trailing(seen.scale, case.now).0.net);
    let (destination, pair) = case
        .host
        .pairs
        .iter()
        .filter(|(_, pair)| part(pair))
        .max_by_key(|(destination, pair)| (volume(pair), std::cmp::Reverse(*destination)))?;
    (volume(pair) as f64 >= CARRIES * seen.observed as f64).then_some(destination)
}

/// Since when, and how much left since then: all of it for a young pair, else the span that stands out most.
fn since(host: &Host, pair: Option<&Pair>, findings: &[Finding], now: Timestamp) -> (u64, Timestamp) {
    if let (Some(missing), [Finding { detector: "silent-source", .. }]) = (&host.missing, findings) {
        return (0, missing.since);
    }
    let most = findings.iter().max_by(|a, b| a.bits.total_cmp(&b.bits).then(b.window.cmp(&a.window)));
    let scale =
        SCALES.iter().position(|span| most.is_some_and(|most| most.window == *span)).unwrap_or_default();
    let (volume, first) = match pair {
        Some(pair) if pair.young(now) => return (pair.total, pair.first),
        Some(pair) => pair.unit().unwrap_or(&host.unit).rolling.trailing(scale, now),
        None => host.unit.rolling.trailing(scale, now),
    };
    (volume.out, first)
}
