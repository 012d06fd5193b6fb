//! Thefts laid over somebody's own log: the same scenarios, played by the hosts of that log, at its hours, among its noise.
//!
//! A theft is drawn once to say what it will be ([`Ground::lay`], which labels it), and once more as lines while they are read
//! ([`Overlay`]), so that memory does not grow with what is stolen. Lines are columns that `formats::generic::mapped` reads, of
//! a bucket those of Amazon S3, in the order in which they are written. New places are nobody's (see `places`) and unseen in the log.

use super::calendar::Hour;
use super::places::{self, NEW_SITES, TAIL_SITES};
use super::random::mix;
use super::scenarios::{Brief, Scenario, Theft};
use super::seen::SeenHost;
use super::timeline::Timeline;
use super::transfer::{Peer, Requester, Service, Side, Transfer};
use super::world::World;
use super::writers::text;
use crate::eval::Label;
use crate::event::{Channel, Role, address};
use crate::tally::Directory;
use crate::units::{Bytes, Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::sync::Arc;

/// A log of one kind of traffic, as thieves see it.
#[derive(Debug)]
pub struct Ground {
    world: World,
    /// The role of the log over which thefts are laid.
    role: Role,
    channel: Channel,
    /// Buckets by their names, those that no stranger reads first.
    buckets: Vec<String>,
    /// Groups that many hosts use, and those that some use; the most used first.
    popular: [Vec<String>; 2],
    /// Every group of the log.
    known: Arc<Directory>,
    /// Before this hour nothing is stolen.
    learning: u32,
}

/// What a log tells, for [`Ground::new`].
#[derive(Debug)]
pub struct Tells {
    /// The role of the log.
    pub role: Role,
    /// The first and the last moment.
    pub span: (Timestamp, Timestamp),
    /// Its hosts.
    pub hosts: Vec<SeenHost>,
    /// See [`Ground`].
    pub buckets: Vec<String>,
    /// See [`Ground`].
    pub popular: [Vec<String>; 2],
    /// See [`Ground`].
    pub known: Arc<Directory>,
    /// How long nothing is stolen; below the length of the log.
    pub learning: Span,
}

/// A theft that was planned.
#[derive(Clone, Debug)]
pub struct Laid {
    /// Its kind.
    pub scenario: &'static Scenario,
    /// Its number among those of its kind, from 0.
    pub number: u32,
    bytes: Option<Bytes>,
    /// What it steals, by host and destination, as the log calls them; not empty.
    pub labels: Vec<Label>,
    /// Transfers of it, its small talk included.
    pub lines: u64,
}

impl Ground {
    /// The ground that a log makes; `None` where it is shorter than a day. `seed` draws hosts, hours and places.
    pub fn new(seed: u64, tells: Tells) -> Option<Ground> {
        let Tells { role, span: (first, last), hosts, buckets, popular, known, learning } = tells;
        let start = first.floor(Span::DAY);
        let hour = |at: Timestamp| u32::try_from((at - start).0 / Span::HOUR.0).unwrap_or(0);
        let (hours, learning) = (hour(last), hour(first + learning));
        let channel = role.channel();
        (hours >= 24 && learning < hours).then(|| Ground {
            world: World::of_seen(seed, start, hours, hosts),
            role,
            channel,
            buckets,
            popular,
            known,
            learning,
        })
    }

    /// Plans a theft; `None` where the log has no host, or no place, that such a theft would take.
    pub fn lay(&self, scenario: &'static Scenario, number: u32, bytes: Option<Bytes>) -> Option<Laid> {
        let mut laid = Laid { scenario, number, bytes, labels: Vec::new(), lines: 0 };
        let mut theft = self.plan(&laid);
        let mut sums: BTreeMap<(String, String), Label> = BTreeMap::new();
        let mut out = Vec::new();
        let end = self.start(self.world.hours);
        for index in 0..self.world.hours {
            theft.hour(&self.world, &Hour::new(self.world.start, index), &mut out);
            for transfer in out.drain(..).filter(|transfer| transfer.closed < end) {
                if transfer.peer.name.stem == places::OFFICE.stem && self.popular[0].is_empty() {
                    return None;
                }
                laid.lines += 1;
                if transfer.theft.is_none() {
                    continue;
                }
                let (host, destination) = (self.host(&transfer), self.place(&transfer));
                let label = sums.entry((host, destination)).or_insert_with_key(|(host, destination)| Label {
                    scenario: scenario.name.to_owned(),
                    theft: Some(u64::from(number) + 1),
                    log: None,
                    host: host.clone(),
                    destination: destination.clone(),
                    start: transfer.opened,
                    end: transfer.closed,
                    bytes: 0,
                });
                label.start = label.start.min(transfer.opened);
                label.end = label.end.max(transfer.closed);
                label.bytes += transfer.host_bytes;
            }
        }
        laid.labels = sums.into_values().collect();
        (!laid.labels.is_empty()).then_some(laid)
    }

    fn plan(&self, laid: &Laid) -> Box<dyn Theft> {
        let mut brief = Brief {
            position: 0,
            number: laid.number,
            learning: self.learning,
            leaking: None,
            bytes: laid.bytes.map(|bytes| bytes.0),
            taken: &mut BTreeSet::new(),
        };
        (laid.scenario.plan)(&self.world, &mut brief)
    }

    fn start(&self, hour: u32) -> Timestamp {
        Hour::new(self.world.start, hour).start
    }

    fn seen(&self, peer: Peer) -> Option<&SeenHost> {
        let number = usize::try_from(peer.name.number?).ok()?;
        self.world.hosts.get(number).filter(|host| host.peer == peer).and_then(|host| self.world.seen(host))
    }

    /// Our end, as a scan calls it.
    fn host(&self, transfer: &Transfer) -> String {
        match self.seen(transfer.host) {
            Some(host) => host.name.clone(),
            None => self.bucket(transfer.host).to_owned(),
        }
    }

    fn bucket(&self, peer: Peer) -> &str {
        let number = usize::try_from(peer.name.number.unwrap_or(0)).unwrap_or(0);
        self.buckets.get(number % self.buckets.len().max(1)).map_or("", String::as_str)
    }

    /// The other end, as a line calls it.
    fn place(&self, transfer: &Transfer) -> String {
        let peer = transfer.peer;
        let favourite =
            |host: Peer| self.seen(host).and_then(|host| host.favourite.as_deref()).map(one_of_group);
        let used = |groups: &[String]| {
            let lot = usize::try_from(mix(u64::from(peer.name.number.unwrap_or(0)))).unwrap_or(0);
            groups.get(lot % groups.len().clamp(1, POPULAR)).map(|group| one_of_group(group))
        };
        let known = match peer.name.stem {
            places::OWN => favourite(transfer.host),
            stem if stem == places::VAULT.stem => favourite(transfer.host),
            stem if stem == places::OFFICE.stem => used(&self.popular[0]),
            stem if stem == places::TRANSFER.stem => used(&self.popular[1]),
            _ => self.seen(peer).map(|host| host.written.clone()),
        };
        known.unwrap_or_else(|| self.unseen(peer))
    }

    /// A place that the log has not seen: this one, or one that follows from it.
    fn unseen(&self, peer: Peer) -> String {
        let (mut peer, mut lot) = (peer, u64::from(u32::from(peer.address)));
        for _ in 0..TRIES {
            let by_name = matches!(self.role, Role::Proxy | Role::Dns);
            let written = if by_name { peer.name.to_string() } else { peer.address.to_string() };
            let [a, b, c, _] = peer.address.octets();
            let group = if by_name { written.clone() } else { format!("{a}.{b}.{c}.0/24") };
            if self.known.number(&group, self.channel).is_none() {
                return written;
            }
            lot = mix(lot);
            let number = u32::try_from(lot % u64::from(NEW_SITES - TAIL_SITES)).unwrap_or(0);
            peer = places::site("site", TAIL_SITES + number);
        }
        peer.address.to_string()
    }

    /// The line of a transfer.
    fn line(&self, transfer: &Transfer, out: &mut Vec<u8>) {
        let (host, place) = match self.seen(transfer.host) {
            Some(host) => (host.written.as_str(), self.place(transfer)),
            None => (self.bucket(transfer.host), self.place(transfer)),
        };
        if let Service::Object(object) = transfer.service {
            let requester = if object.requester == Requester::Anonymous { "-" } else { "partner" };
            let _ = write!(out, "- {host} ");
            text::civil(out, transfer.opened, "[%d/%b/%Y:%H:%M:%S +0000]");
            let (number, bytes, millis) =
                (object.number, transfer.host_bytes, text::millis(transfer.duration()));
            // Writing into memory does not fail, here and below.
            let _ = writeln!(
                out,
                " {place} {requester} 0 REST.GET.OBJECT files/{number} \"GET /files/{number} HTTP/1.1\" 200 - {bytes} {bytes} \
                 {millis} 1 \"-\" \"{}\" -",
                transfer.agent
            );
            return;
        }
        let (from, to) = match transfer.opener {
            Side::Host => ((host, transfer.host_bytes), (place.as_str(), transfer.peer_bytes)),
            Side::Peer => ((place.as_str(), transfer.peer_bytes), (host, transfer.host_bytes)),
        };
        let mut labels = Vec::new();
        if let Service::Question(question) = transfer.service {
            text::labels(&mut labels, question.labels);
            labels.extend_from_slice(place.as_bytes());
        }
        let columns = Columns {
            closed: transfer.closed,
            duration: transfer.duration(),
            from: End { name: from.0, port: transfer.client_port, bytes: from.1 },
            to: End { name: to.0, port: transfer.service.port(), bytes: to.1 },
            agent: transfer.agent,
            question: &labels,
        };
        columns.write(self.role, out);
    }
}

/// A line that is laid over a log of any kind but of a bucket.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// When it ended.
    pub closed: Timestamp,
    /// How long it took.
    pub duration: Span,
    /// Who opened it.
    pub from: End<'a>,
    /// Who was called.
    pub to: End<'a>,
    /// What the program calls itself; may be empty.
    pub agent: &'a str,
    /// The name that is asked for; empty where none is.
    pub question: &'a [u8],
}

/// An end of a [`Columns`].
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// Its address or name.
    pub name: &'a str,
    /// Its port.
    pub port: u16,
    /// What it sent.
    pub bytes: u64,
}

impl Columns<'_> {
    /// As `formats::generic::mapped` reads it in a drill, in the log of this role.
    pub fn write(&self, role: Role, out: &mut Vec<u8>) {
        let Columns { closed, duration, from, to, agent, question } = self;
        // Writing into memory does not fail.
        let _ = write!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t",
            closed.0,
            duration.0,
            from.name,
            from.port,
            from.bytes,
            if role == Role::Dns { "-" } else { to.name },
            to.port,
            to.bytes,
        );
        // Flow sensors do not hear what programs call themselves.
        let tells_agents = matches!(role, Role::Proxy | Role::Server) && !agent.is_empty();
        out.extend_from_slice(if tells_agents { agent.as_bytes() } else { b"-" });
        out.push(b'\t');
        out.extend_from_slice(if question.is_empty() { b"-" } else { question });
        out.push(b'\n');
    }
}

/// How many of the most used groups a thief chooses among.
const POPULAR: usize = 5;

/// How many places are tried until one is unseen: a log that knows half of them all would leave one in a billion.
const TRIES: u32 = 30;

/// A member of a group of addresses; a name stands for itself.
pub fn one_of_group(group: &str) -> String {
    let network = group.split_once('/').and_then(|(network, _)| address(network.as_bytes()));
    match network {
        Some(IpAddr::V4(ip)) => std::net::Ipv4Addr::from(u32::from(ip) + 1).to_string(),
        Some(IpAddr::V6(ip)) => std::net::Ipv6Addr::from(u128::from(ip) + 1).to_string(),
        None => group.to_owned(),
    }
}

/// The lines of some thefts, drawn while they are read.
pub struct Overlay {
    ground: Arc<Ground>,
    thefts: Vec<Box<dyn Theft>>,
    timeline: Timeline,
    /// The next hour to be drawn.
    hour: u32,
    text: Vec<u8>,
    /// How much of `text` was read.
    read: usize,
}

impl Overlay {
    /// Of thefts that were laid over this ground.
    pub fn new(ground: &Arc<Ground>, thefts: &[&Laid]) -> Overlay {
        Overlay {
            thefts: thefts.iter().map(|laid| ground.plan(laid)).collect(),
            timeline: Timeline::new(None, ground.world.start),
            ground: Arc::clone(ground),
            hour: 0,
            text: Vec::new(),
            read: 0,
        }
    }

    /// Draws one hour.
    fn draw(&mut self) {
        let world = &self.ground.world;
        let hour = Hour::new(world.start, self.hour);
        let mut opened = Vec::new();
        self.thefts.iter_mut().for_each(|theft| theft.hour(world, &hour, &mut opened));
        self.timeline.until(hour.start + Span::HOUR);
        for (place, transfer) in opened.iter().enumerate() {
            self.timeline.push(transfer, place, Span(0));
        }
        self.timeline.sort();
        while let Some(transfer) = self.timeline.next(&opened) {
            self.ground.line(transfer, &mut self.text);
        }
        self.hour += 1;
    }
}

impl Read for Overlay {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.read == self.text.len() && self.hour < self.ground.world.hours {
            self.text.clear();
            self.read = 0;
            self.draw();
        }
        let mut rest = self.text.get(self.read..).unwrap_or_default();
        let read = rest.read(out)?;
        self.read += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::scenarios::by_name;
    use crate::synth::seen::Like;

    fn ground(role: Role) -> Arc<Ground> {
        let first = Timestamp(0) + Span::DAY.times(20_000) + Span::HOUR.times(5);
        let last = first + Span::DAY.times(10);
        let host = |number: u32| SeenHost {
            name: format!("10.0.0.{number}"),
            written: format!("10.0.0.{number}"),
            like: [Like::Quiet, Like::Desk, Like::Busy][number as usize % 3],
            heard: (first, last),
            an_hour: 1_000_000,
            a_day: 5_000_000,
            favourite: Some("198.51.100.0/24".into()),
            nightly: (number % 3 == 2).then_some((1_000_000_000, 3)),
        };
        let tells = Tells {
            role,
            span: (first, last),
            hosts: (1..60).map(host).collect(),
            buckets: vec!["archive".into()],
            popular: [vec!["198.18.5.0/24".into()], Vec::new()],
            known: Arc::new(Directory::new(10)),
            learning: Span::DAY.times(3),
        };
        Arc::new(Ground::new(1, tells).unwrap())
    }

    fn text(ground: &Arc<Ground>, laid: &Laid) -> String {
        let mut text = String::new();
        Overlay::new(ground, &[laid]).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn lines_are_what_labels_say() {
        let ground = ground(Role::Flow);
        for name in
            ["capita-2023", "drip", "backup-same-vault", "popular-service", "boiling-frog", "throttled"]
        {
            let laid = ground.lay(by_name(name).unwrap(), 1, Some(Bytes(5_000_000_000))).expect(name);
            let text = text(&ground, &laid);
            let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
            assert_eq!(rows.len() as u64, laid.lines, "{name}");
            assert!(rows.iter().all(|row| row.len() == 10), "{name}");
            assert!(rows.is_sorted_by_key(|row| row[0].parse::<i64>().unwrap()), "{name}");
            for label in &laid.labels {
                let own = rows.iter().filter(|row| row[2] == label.host && row[5] == label.destination);
                let sum: u64 = own.map(|row| row[4].parse::<u64>().unwrap()).sum();
                assert_eq!(sum, label.bytes, "{name}");
            }
            let stolen: u64 = laid.labels.iter().map(|label| label.bytes).sum();
            assert_eq!(stolen, 5_000_000_000, "{name}");
            assert!(
                laid.labels.iter().all(|label| label.start >= Timestamp(0) + Span::DAY.times(20_003)),
                "{name}"
            );
        }
    }

    #[test]
    fn places_are_those_of_the_log_or_unseen() {
        let ground = ground(Role::Flow);
        let to = |name: &str| {
            let laid = ground.lay(by_name(name).unwrap(), 0, None).unwrap();
            laid.labels[0].destination.clone()
        };
        assert_eq!(to("backup-same-vault"), "198.51.100.1");
        assert_eq!(to("boiling-frog"), "198.51.100.1");
        assert_eq!(to("popular-service"), "198.18.5.1");
        assert!(to("off-hours").starts_with("24"), "{}", to("off-hours"));
        // None came into service during the log.
        assert!(ground.lay(by_name("new-host").unwrap(), 0, None).is_none());
    }

    #[test]
    fn questions_and_objects_have_lines_of_their_own() {
        let names = ground(Role::Dns);
        let laid = names.lay(by_name("dns-tunnel-slow").unwrap(), 0, Some(Bytes(10_000))).unwrap();
        let carried: usize = text(&names, &laid)
            .lines()
            .map(|line| {
                line.split('\t').nth(9).unwrap().replace('.', "").len() - laid.labels[0].destination.len() + 1
            })
            .sum();
        assert_eq!(carried, 10_000);
        let store = ground(Role::Store);
        let laid = store.lay(by_name("open-bucket").unwrap(), 0, None).unwrap();
        assert!(
            text(&store, &laid)
                .lines()
                .all(|line| line.starts_with("- archive [") && line.contains(" - 0 REST.GET"))
        );
    }
}
