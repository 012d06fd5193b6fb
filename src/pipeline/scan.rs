//! Sums → incidents: closes windows as event time passes, and folds them in their order.

use super::aside::Aside;
use super::days::Days;
use super::{Booking, Piece, Seconds, Source, Sums, Take};
use crate::baseline::{Baseline, Peers, Row, Trail, WINDOW};
use crate::estate::Estate;
use crate::event::Channel;
use crate::event::catalogue::Catalogue;
use crate::incident::Incident;
use crate::incidents::{Ack, Allow, Allowed, Budget, Ledger, Names};
use crate::state::Named;
use crate::tally::{By, Cell, Cells, Counts, Directory, Settings};
use crate::units::{Span, Timestamp};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Stands for the number of a name that has none yet.
const UNKNOWN: u32 = u32::MAX;

/// A scan in progress.
#[derive(Debug)]
pub struct Scan {
    /// What lines change: open windows, counts, what waits.
    pub(super) sums: Sums<Trail>,
    /// What closed windows change.
    pub(super) judged: Judged,
    pub(super) catalogue: Catalogue,
    /// A day that is not judged, where one is wanted.
    pub(super) aside: Option<Aside>,
}

/// What closed windows left behind.
#[derive(Debug, Serialize, Deserialize)]
pub struct Judged {
    /// Names by the numbers that the fold uses, whatever shard they come from.
    pub(super) hosts: Directory,
    pub(super) destinations: Directory,
    /// The fold's number of each shard's numbers, as far as known.
    numbers: Vec<(Vec<u32>, Vec<u32>)>,
    pub(super) baseline: Baseline,
    pub(super) ledger: Ledger,
    pub(super) bytes_out: u64,
    /// How long a window stays open for stragglers.
    lateness: Span,
    /// How many windows were closed.
    pub(super) closed: u64,
    /// Totals by day, where they are wanted.
    pub(super) days: Option<Days>,
}

/// What a scan came to.
#[derive(Debug)]
pub struct Scanned {
    /// Names of hosts by number.
    pub hosts: Directory,
    /// Names of destination groups by number.
    pub destinations: Directory,
    /// What is known of destinations.
    pub catalogue: Catalogue,
    /// What is usual, and who uses which destination.
    pub baseline: Baseline,
    /// All incidents, in no order.
    pub incidents: Vec<Incident>,
    /// Which of them are not told because a rule allows them.
    pub allowed: Allowed,
    /// What people have acknowledged.
    pub acks: Arc<[Ack]>,
    /// Rules that covered nothing.
    pub idle_rules: Vec<Allow>,
    /// All bytes out.
    pub bytes_out: u64,
    /// What became of the lines, by number of source.
    pub counts: Vec<Counts>,
    /// Hosts, destinations and pairs that met a cap.
    pub evicted: u64,
    /// Which line told again what another told.
    pub seconds: Seconds,
}

impl Scan {
    /// An empty scan. `take.booking` is set here: a scan books by the moment a transfer was over.
    pub fn new(
        settings: Settings,
        lateness: Span,
        shards: usize,
        sources: usize,
        estate: Estate,
        take: Take,
        budget: Budget,
    ) -> Scan {
        let settings = Settings { by: By::HostDestination, window: Some(WINDOW), ..settings };
        let take = Take { booking: Booking::Close { lateness }, channels: true, ..take };
        let sums = Sums::new(settings, shards, sources, estate, take);
        let judged = Judged {
            hosts: Directory::new(settings.hosts_max),
            destinations: Directory::new(settings.destinations_max),
            numbers: vec![Default::default(); sums.shards().len()],
            baseline: Baseline::default(),
            ledger: Ledger::new(budget),
            bytes_out: 0,
            lateness,
            closed: 0,
            days: None,
        };
        Scan { sums, judged, catalogue: Catalogue::default(), aside: None }
    }

    /// The same with more, or less, known of destinations.
    pub fn with_catalogue(self, catalogue: Catalogue) -> Scan {
        Scan { catalogue, ..self }
    }

    /// The same under these rules.
    pub fn with_rules(mut self, rules: Arc<[Allow]>) -> Scan {
        self.judged.ledger.set_rules(rules);
        self
    }

    /// Takes in pieces; those of one source must come in their order.
    pub fn add(&mut self, sources: &[Source], pieces: &[Piece]) {
        self.sums.add(sources, pieces);
    }

    /// Closes all windows that no unfinished source can still write into. Each comes with a moment at or before its next
    /// line, for those of which nothing was read yet.
    pub fn reached(&mut self, unfinished: &[(u32, Timestamp)]) {
        let watermark = self.sums.reached(unfinished);
        while self.close(watermark) {}
    }

    /// The same where the driver itself knows the moment before which no line will be booked.
    pub fn reached_moment(&mut self, moment: Timestamp) {
        let watermark = self.sums.reached_moment(moment);
        while self.close(watermark) {}
    }

    fn close(&mut self, watermark: Timestamp) -> bool {
        let Some((start, closed)) = self.sums.close(watermark) else { return false };
        self.judged.closed += 1;
        self.judged.adopt(&closed, &self.sums, &self.catalogue);
        let judged = &mut self.judged;
        let mut cells: HashMap<(u32, u32), Cell<Trail>, foldhash::fast::RandomState> = HashMap::default();
        for (place, window) in closed {
            let Some((hosts, destinations)) = judged.numbers.get(place) else { continue };
            let here = |numbers: &[u32], id: u32| numbers.get(id as usize).copied().unwrap_or(UNKNOWN);
            for ((host, destination), cell) in window {
                cells.entry((here(hosts, host), here(destinations, destination))).or_default().merge(&cell);
            }
        }
        let mut inside: Vec<(u32, u64)> = Vec::new();
        let mut rows: Vec<Row> = cells
            .into_iter()
            .filter_map(|((host, destination), cell)| match judged.destinations.channel(destination) {
                Channel::Inside => {
                    inside.push((host, cell.out));
                    None
                }
                _ => Some((host, destination, cell)),
            })
            .map(|(host, destination, cell)| Row {
                host,
                destination,
                channel: judged.hosts.channel(host),
                out: cell.out,
                events: cell.events,
                back: cell.back,
                trail: cell.measure,
            })
            .collect();
        rows.sort_unstable_by_key(|row| (row.host, row.destination));
        judged.bytes_out = rows.iter().fold(judged.bytes_out, |sum, row| sum.saturating_add(row.out));
        for (host, bytes) in inside {
            judged.baseline.stage(start, host, bytes);
        }
        // What flows inside only begins no day.
        if rows.is_empty() {
            return true;
        }
        // Days are closed by the first window of the next.
        for ((hour, Named(log)), pulse) in self.sums.pulses_before(start.floor(Span::DAY)) {
            let number = judged.hosts.adopt(log, Channel::Logs);
            judged.baseline.hear(number, hour, pulse);
        }
        let (hosts, destinations) = (&judged.hosts, &judged.destinations);
        let names = Names { hosts, destinations, inventory: &self.sums.estate.inventory };
        if let Some(aside) = self.aside.as_mut().filter(|aside| start >= aside.day) {
            if !aside.begun() {
                // The day before is closed, by nothing but that this one begins.
                judged.baseline.fold(aside.day, &[]);
                let closes = aside.day + WINDOW + judged.lateness;
                judged.ledger.judge(&mut judged.baseline, aside.day, &[], closes, names);
                aside.begin(&judged.baseline);
            }
            aside.take(start, &rows);
            return true;
        }
        if let Some(days) = &mut judged.days {
            days.add(start, &rows);
        }
        judged.baseline.fold(start, &rows);
        judged.ledger.judge(&mut judged.baseline, start, &rows, start + WINDOW + judged.lateness, names);
        true
    }

    /// The end: all windows close.
    pub fn finish(mut self) -> Scanned {
        self.reached(&[]);
        // The last day is never over.
        self.judged.baseline.view();
        let evicted = self.evicted();
        let Judged { hosts, destinations, baseline, ledger, bytes_out, .. } = self.judged;
        Scanned {
            evicted,
            seconds: self.sums.seconds().clone(),
            hosts,
            destinations,
            catalogue: self.catalogue,
            baseline,
            allowed: ledger.allowed().clone(),
            acks: Arc::clone(ledger.acks()),
            idle_rules: ledger.idle_rules(),
            incidents: ledger.into_incidents(),
            bytes_out,
            counts: self.sums.counts,
        }
    }

    /// Hosts, destinations and pairs that met a cap.
    pub fn evicted(&self) -> u64 {
        let shards = self.sums.shards().iter().map(|shard| shard.hosts.evicted + shard.destinations.evicted);
        let Judged { hosts, destinations, baseline, .. } = &self.judged;
        shards.sum::<u64>() + hosts.evicted + destinations.evicted + baseline.evicted
    }
}

impl Judged {
    /// What rules allow of the incidents, which is written by itself.
    pub fn allowed(&self) -> &Allowed {
        self.ledger.allowed()
    }

    /// What hosts of a kind ever send, which is written by itself.
    pub fn peers(&self) -> &Peers {
        &self.baseline.peers
    }

    /// The same, as they were written.
    pub fn recall(&mut self, allowed: Allowed, peers: Peers) {
        self.ledger.recall(allowed);
        self.baseline.peers = peers;
    }

    /// Sums that are kept in so many other shards number their names anew.
    pub(super) fn forget_numbers(&mut self, shards: usize) {
        self.numbers = vec![Default::default(); shards];
    }

    /// Numbers the names that are new in a window by their order, so that numbers do not depend on how hosts were dealt out.
    fn adopt(&mut self, closed: &[(usize, Cells<Trail>)], sums: &Sums<Trail>, catalogue: &Catalogue) {
        let mut new: [Vec<(&str, Channel, usize, u32)>; 2] = Default::default();
        for (place, window) in closed {
            let Some(shard) = sums.shards().get(*place) else { continue };
            let Some((hosts, destinations)) = self.numbers.get_mut(*place) else { continue };
            for ((host, destination), _) in window.iter() {
                for (new, (directory, (numbers, id))) in new.iter_mut().zip([
                    (&shard.hosts, (&mut *hosts, *host)),
                    (&shard.destinations, (&mut *destinations, *destination)),
                ]) {
                    let id_place = id as usize;
                    if numbers.len() <= id_place {
                        numbers.resize(id_place + 1, UNKNOWN);
                    }
                    if numbers[id_place] == UNKNOWN {
                        new.push((directory.name(id), directory.channel(id), *place, id));
                    }
                }
            }
        }
        let [mut hosts, mut destinations] = new;
        for names in [&mut hosts, &mut destinations] {
            names.sort_unstable();
            names.dedup();
        }
        for (name, channel, place, id) in hosts {
            // What a host gets from inside is told of the host that sends.
            let channel = if channel == Channel::Inside { Channel::Transfer } else { channel };
            let known = Channel::ALL.into_iter().filter(|other| *other != channel);
            let other = known.filter_map(|other| self.hosts.number(name, other)).next();
            let number = self.hosts.adopt(name, channel);
            if let Some(other) = other {
                self.baseline.join(number, other);
            }
            if let Some(known) = self.numbers.get_mut(place).and_then(|(hosts, _)| hosts.get_mut(id as usize))
            {
                *known = number;
            }
        }
        for (name, channel, place, id) in destinations {
            let number = self.destinations.adopt(name, channel);
            // Who asks for a service's name has sent it nothing yet.
            if channel == Channel::Transfer
                && let Some(service) = catalogue.of(name).service
            {
                self.baseline.know(number, service.sort);
            }
            if let Some(known) =
                self.numbers.get_mut(place).and_then(|(_, groups)| groups.get_mut(id as usize))
            {
                *known = number;
            }
        }
    }
}
