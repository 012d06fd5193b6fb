//! The estate itself: which host has which role and how lively it is. Drawn once from the seed; grows with hosts, not
//! with days.

use super::arithmetic::power;
use super::calendar::{Hour, SITES};
use super::noise::Noise;
use super::random::{Random, stream};
use super::roles::{self, Habit, Own, ROLES, Role};
use super::seen::SeenHost;
use super::transfer::{Name, Peer, Transfer};
use crate::units::{Span, Timestamp};
use std::net::Ipv4Addr;
use std::ops::Range;

/// Everything that stays the same from hour to hour.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    /// A midnight in UTC.
    pub(super) start: Timestamp,
    /// Length of the log, at least 24.
    pub(super) hours: u32,
    /// See `Settings::line_power`; above 0, at most 1.
    line_power: f64,
    /// What the logs tell of; what none tells of need not be drawn.
    pub(super) told: Told,
    /// In the order of [`ROLES`], so that each role is one run.
    pub(super) hosts: Vec<Host>,
    /// In the order of [`ROLES`].
    pub(super) kinds: Vec<Kind>,
    /// What a log tells of hosts, by number; nothing of an estate that is invented.
    seen: Vec<SeenHost>,
}

/// A role in this estate.
#[derive(Debug)]
pub(super) struct Kind {
    /// Where its hosts lie in [`World::hosts`].
    pub(super) run: Range<usize>,
    /// By activity.
    pub(super) habits: Vec<Habit>,
    /// By host and activity.
    own: Vec<Own>,
}

/// Which kinds of noise some log tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    calls: bool,
    questions: bool,
    objects: bool,
}

impl Told {
    pub(super) fn has(self, noise: Noise) -> bool {
        match noise {
            Noise::Calls => self.calls,
            Noise::Questions => self.questions,
            Noise::Objects => self.objects,
        }
    }
}

/// A machine of the estate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    /// Its position in [`World::hosts`].
    pub(super) number: u32,
    pub(super) peer: Peer,
    pub(super) role: &'static Role,
    /// The place of `role` in [`ROLES`].
    kind: usize,
    /// How busy it is against the median of its role, 0.1 to 10: a few hosts do most of the work everywhere.
    pub(super) vigour: f64,
    /// It copies itself to the off-site vault at night.
    pub(super) off_site: bool,
    /// Its site, a place in [`SITES`].
    pub(super) site: usize,
    /// The hours of the log in which it is there.
    pub(super) serves: Service,
}

/// From when to when a machine is in service, in hours of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// 0: since before the log.
    pub(super) start: u32,
    /// Above `start`; the length of the log: beyond it.
    pub(super) end: u32,
}

/// Share of the hosts that come into service in a month, and that leave it.
const RENEWED_A_MONTH: f64 = 0.03;

impl Host {
    /// Hours since some midnight by its own clock, never negative, for the hour `hour` of the log.
    pub(super) fn clock(&self, hour: u32) -> u32 {
        let ahead = SITES.get(self.site).map_or(0, |site| site.0);
        (hour + 24).saturating_add_signed(ahead)
    }

    /// Whether it is in service in this hour of the log.
    pub(super) fn is_there(&self, hour: u32) -> bool {
        (self.serves.start..self.serves.end).contains(&hour)
    }
}

impl World {
    pub(super) fn new(seed: u64, start: Timestamp, hours: u32, host_count: u32, line_power: f64) -> World {
        let counts = allot(host_count);
        let mut hosts = Vec::new();
        let mut kinds = Vec::new();
        for (kind, (role, count)) in ROLES.iter().zip(counts).enumerate() {
            let position = u32::try_from(kind).unwrap_or(u32::MAX);
            let first = hosts.len();
            for place in 0..count {
                let number = u32::try_from(hosts.len()).unwrap_or(u32::MAX);
                let mut random = Random::new(seed, stream("host"), [u64::from(number), 0]);
                let vigour = random.log_normal(1.0, 0.7).clamp(0.1, 10.0);
                let off_site = random.chance(role.off_site);
                let peer = Peer { address: address(position, place), name: name(role, place) };
                let site = site(&mut random);
                let serves = serves(hours, &mut random);
                hosts.push(Host { number, peer, role, kind, vigour, off_site, site, serves });
            }
            kinds.push(Kind { run: first..hosts.len(), habits: Vec::new(), own: Vec::new() });
        }
        let told = Told { calls: true, questions: true, objects: true };
        let mut world = World { seed, start, hours, line_power, told, hosts, kinds, seen: Vec::new() };
        for (kind, role) in ROLES.iter().enumerate() {
            let habits = roles::habits(&world, role);
            let hosts = world.of_role(role.name).iter();
            let own = hosts.flat_map(|host| roles::own(&world, &habits, host)).collect();
            if let Some(kind) = world.kinds.get_mut(kind) {
                (kind.habits, kind.own) = (habits, own);
            }
        }
        world
    }

    /// The estate of somebody's own log, of which nothing but thefts is drawn.
    pub(super) fn of_seen(seed: u64, start: Timestamp, hours: u32, mut seen: Vec<SeenHost>) -> World {
        let kind = |host: &SeenHost| ROLES.iter().position(|role| role.name == host.like.role()).unwrap_or(0);
        seen.sort_by_key(kind);
        let host = |(number, seen): (u32, &SeenHost)| {
            let kind = kind(seen);
            let role = ROLES[kind];
            Host {
                number,
                peer: Peer {
                    address: address(u32::try_from(kind).unwrap_or(0), number),
                    name: name(role, number),
                },
                role,
                kind,
                vigour: 1.0,
                off_site: seen.nightly.is_some(),
                site: 0,
                serves: heard(start, hours, seen.heard),
            }
        };
        let hosts: Vec<Host> = (0..).zip(&seen).map(host).collect();
        let run = |kind| {
            let of_kind = |place: usize| hosts.partition_point(|host| host.kind < place);
            Kind { run: of_kind(kind)..of_kind(kind + 1), habits: Vec::new(), own: Vec::new() }
        };
        let kinds = (0..ROLES.len()).map(run).collect();
        let told = Told { calls: true, questions: true, objects: true };
        World { seed, start, hours, line_power: 1.0, told, hosts, kinds, seen }
    }

    /// What somebody's own log tells of a host; `None` in an invented estate.
    pub(super) fn seen(&self, host: &Host) -> Option<&SeenHost> {
        self.seen.get(usize::try_from(host.number).ok()?)
    }

    /// From now on only what some log tells of is drawn. The draws of what is told stay the same.
    pub(super) fn only_what_is_told(&mut self, is_told: &dyn Fn(&Transfer) -> bool) {
        let hour = Hour::new(self.start, 0);
        let told = |noise: Noise| is_told(&noise.example(self, &hour));
        self.told = Told {
            calls: told(Noise::Calls),
            questions: told(Noise::Questions),
            objects: told(Noise::Objects),
        };
        let examples = |role: &&Role| {
            let host = self.of_role(role.name).first();
            host.map(|host| roles::examples(self, host, &hour)).unwrap_or_default()
        };
        let examples: Vec<Vec<Transfer>> = ROLES.iter().map(examples).collect();
        for (kind, examples) in self.kinds.iter_mut().zip(examples) {
            for (habit, example) in kind.habits.iter_mut().zip(examples) {
                habit.is_told = is_told(&example);
            }
        }
    }

    /// What a host does, and what of it is always the same.
    pub(super) fn habits(&self, host: &Host) -> Option<(&[Habit], &[Own])> {
        let kind = self.kinds.get(host.kind)?;
        let first = usize::try_from(host.number).ok()?.checked_sub(kind.run.start)? * kind.habits.len();
        Some((&kind.habits, kind.own.get(first..first + kind.habits.len())?))
    }

    /// Draws for one key of one stream.
    pub(super) fn random(&self, stream: u64, key: [u64; 2]) -> Random {
        Random::new(self.seed, stream, key)
    }

    /// All hosts of a role; none where there is no such role.
    pub(super) fn of_role(&self, name: &str) -> &[Host] {
        let kind = ROLES.iter().zip(&self.kinds).find(|(role, _)| role.name == name);
        kind.and_then(|(_, kind)| self.hosts.get(kind.run.clone())).unwrap_or_default()
    }

    /// A thousandth of the estate, at least one.
    pub(super) fn one_in_a_thousand(&self) -> u32 {
        u32::try_from(self.hosts.len().div_ceil(1000)).unwrap_or(u32::MAX)
    }

    /// How many lines stand for `connections` of a day: all of them at `line_power` 1. One or fewer are never thinned.
    pub(super) fn lines(&self, connections: f64) -> f64 {
        if connections <= 1.0 { connections } else { power(connections, self.line_power) }
    }
}

/// A host that was heard on the first and the last day is always there: nobody speaks all the time.
fn heard(start: Timestamp, hours: u32, (first, last): (Timestamp, Timestamp)) -> Service {
    let hour = |at: Timestamp| u32::try_from((at - start).0 / Span::HOUR.0).unwrap_or(0);
    let first = Some(hour(first)).filter(|first| *first >= 24).unwrap_or(0);
    let end = if hour(last) + 24 >= hours { hours } else { hour(last) + 1 };
    Service { start: first, end: end.max(first + 1) }
}

fn site(random: &mut Random) -> usize {
    let mut lot = random.pick(1000);
    for (place, (_, share)) in SITES.iter().enumerate() {
        match lot.checked_sub(*share) {
            Some(rest) => lot = rest,
            None => return place,
        }
    }
    0
}

fn serves(hours: u32, random: &mut Random) -> Service {
    let share = RENEWED_A_MONTH * f64::from(hours) / 720.0;
    let (is_new, is_retired) = (random.chance(share), random.chance(share));
    let (a, b) = (1 + random.pick(hours.saturating_sub(1)), 1 + random.pick(hours.saturating_sub(1)));
    match (is_new, is_retired) {
        (false, false) => Service { start: 0, end: hours },
        (true, false) => Service { start: a, end: hours },
        (false, true) => Service { start: 0, end: a },
        (true, true) => Service { start: a.min(b), end: a.max(b) + 1 },
    }
}

/// Hosts per role: by share, rounded down and the rest to the first role, but at least one of each.
fn allot(hosts: u32) -> Vec<u32> {
    let mut counts: Vec<u32> = ROLES.iter().map(|role| (hosts / 1000 * role.share).max(1)).collect();
    let rest = hosts % 1000;
    for (count, role) in counts.iter_mut().zip(ROLES) {
        if hosts < 1000 {
            *count = (rest * role.share / 1000).max(1);
        } else {
            *count += rest * role.share / 1000;
        }
    }
    let others: u32 = counts.iter().skip(1).sum();
    if let Some(first) = counts.first_mut() {
        *first = hosts.saturating_sub(others).max(1);
    }
    counts
}

/// Each role has its own networks in 10.0.0.0/8: eight second octets, /24s filled with 200 hosts.
fn address(role: u32, place: u32) -> Ipv4Addr {
    let network = place / 200;
    Ipv4Addr::from((10 << 24) + ((role + 1) << 19) + (network << 8) + 10 + place % 200)
}

fn name(role: &Role, place: u32) -> Name {
    Name { stem: role.name, number: Some(place) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_host_has_a_role_and_an_address() {
        for count in [50, 999, 1000, 3000, 12_345] {
            let world = World::new(1, Timestamp(0), 24, count, 1.0);
            assert_eq!(world.hosts.len(), count as usize);
            let addresses: BTreeSet<Ipv4Addr> = world.hosts.iter().map(|host| host.peer.address).collect();
            assert_eq!(addresses.len(), count as usize);
            assert!(addresses.iter().all(|address| address.octets()[0] == 10 && address.is_private()));
            assert!(ROLES.iter().all(|role| !world.of_role(role.name).is_empty()));
        }
    }

    #[test]
    fn some_hosts_are_new_and_some_retire() {
        let hours = 28 * 24;
        let world = World::new(1, Timestamp(0), hours, 10_000, 1.0);
        let share = |keep: fn(&&Host) -> bool| world.hosts.iter().filter(keep).count();
        assert!((200..360).contains(&share(|host| host.serves.start > 0)));
        assert!((200..360).contains(&share(|host| host.serves.end < 28 * 24)));
        assert!(world.hosts.iter().all(|host| host.serves.start < host.serves.end));
        assert!(world.hosts.iter().all(|host| host.serves.end <= hours + 1));
        assert!((6_900..7_500).contains(&share(|host| host.site == 0)));
    }

    #[test]
    fn thinning_keeps_rare_events() {
        let world = World::new(1, Timestamp(0), 24, 50, 0.5);
        assert_eq!(world.lines(0.3), 0.3);
        assert!((world.lines(100.0) - 10.0).abs() < 1e-9);
    }
}
