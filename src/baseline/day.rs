//! The end of a day: what every host did at most in every class enters the pools.
//!
//! Zero is a value: a host that was silent all day counts. Units under suspicion do not train the pools, nor do those whose
//! record is not yet one: in the first days of a log every backup seems to break a record.

use super::growth::growth;
use super::pool::Day;
use super::{
    Baseline, COLD, Class, Crowd, DAY_SCALE, Host, Level, Peers, Rarity, SCALES, SETTLED, What, mature,
};
use crate::event::Channel;
use crate::units::{Span, Timestamp};
use std::collections::BTreeMap;

/// How many days are looked at for growth: four weeks.
const GROWTH: i64 = 28;

/// How many bytes a week must grow by: less is below what volume finds at all.
const WORTH: u64 = 10_000_000;

/// From then on growth can be told.
const TWO_WEEKS: Span = Span::DAY.times(14);

/// The largest excess of a host's pairs today, and what else was largest of any.
struct Most {
    /// Towards groups new to it, by rarity and scale. Nothing is a value.
    young: [[u64; SCALES.len()]; Rarity::ALL.len()],
    /// Towards groups that it knows; of classes of which it has a group.
    old: BTreeMap<Class, u64>,
    /// See [`growth`].
    growth: u64,
}

impl Baseline {
    pub(super) fn close_day(&mut self) {
        let (day, seen) = (self.day, self.seen);
        let since = self.begins.map_or(Span(0), |begins| day - begins);
        let (begins, known) = (self.begins, since >= COLD);
        let mut units = Day::default();
        for host in &mut self.hosts {
            let Some(first) = host.first else { continue };
            let (level, reach, channel) = (host.level(begins, day), host.reach(), host.channel);
            host.settled = host.pairs.iter().filter(|(_, pair)| !pair.young(day)).count();
            let mut give = |what, scale, excess| units.push((Class { channel, what, scale }, excess));
            host.unit.close_day(|scale, excess| {
                if known && (level == Level::New || mature(scale, first, day)) {
                    give(What::Host(level), scale, excess);
                }
            });
            if host.channel == Channel::Objects {
                give(What::Exposed, 0, std::mem::take(&mut host.exposed_today));
            }
            if host.serves() {
                host.close_day_of_clients(|scale, excess| {
                    if mature(scale, first, day) {
                        give(What::Client(level), scale, excess);
                    }
                });
                continue;
            }
            if let Some(tunnels) = host.tunnels.as_mut().filter(|_| known) {
                let excess = tunnels.close_day();
                if !host.unit.suspect {
                    give(What::Tunnel(reach), 0, excess);
                }
            }
            let staged = std::mem::take(&mut host.staged_today);
            if known && host.staging.is_some() && !host.unit.suspect {
                give(What::Staged(level), 0, staged);
            }
            let (hours, places) = (std::mem::take(&mut host.hours), host.places(day));
            let suspect = host.unit.suspect;
            if let Some(balance) = &mut host.balance {
                let excess = balance.close_day();
                if known && !suspect && balance.consumes() && mature(DAY_SCALE, first, day) {
                    give(What::Flip(reach), DAY_SCALE, excess);
                }
            }
            if known && !suspect {
                give(What::Hours(reach), 0, hours);
                places.into_iter().for_each(|places| give(What::Places(reach), 0, places));
            }
            if known {
                match &mut host.new_places {
                    Some(places) => {
                        places.close_day(|scale, excess| give(What::NewPlaces(reach), scale, excess))
                    }
                    None => (0..SCALES.len()).for_each(|scale| give(What::NewPlaces(reach), scale, 0)),
                }
            }
            let users = |number: u32| self.destinations.get(number as usize).map_or(1, |group| group.hosts);
            let rarity = |number| Rarity::of(users(number), seen[channel as usize]);
            let most = close_day_of_pairs(host, day, rarity);
            if day - first >= TWO_WEEKS && !suspect {
                give(What::Growth, 0, most.growth);
            }
            for (rarity, excesses) in Rarity::ALL.into_iter().zip(most.young).filter(|_| known) {
                excesses
                    .into_iter()
                    .enumerate()
                    .for_each(|(scale, excess)| give(What::Young(rarity, reach), scale, excess));
            }
            units.extend(most.old);
        }
        self.peers = Peers::of(&self.hosts, day);
        self.close_day_of_campaigns(&mut units, known);
        self.learn_usual(day);
        self.close_day_of_voices(&mut units);
        let warm = since >= Span::DAY;
        self.pools.add_day(&self.seen, warm, since >= SETTLED, units);
    }

    /// Hosts stand for the groups that nobody newly uses, so that the probability is one of a host and a day.
    fn close_day_of_campaigns(&mut self, units: &mut Day, known: bool) {
        let channel = Channel::Transfer;
        let mut active = [0; Crowd::ALL.len()];
        for group in &mut self.destinations {
            let Some(crowd) = Crowd::of(group.newcomers(self.day)) else { continue };
            let Some(campaign) = group.campaign.as_mut().filter(|unit| unit.active_on(self.day)) else {
                continue;
            };
            active[crowd as usize] += 1;
            campaign.close_day(|scale, excess| {
                units.push((Class { channel, what: What::Campaign(crowd), scale }, excess));
            });
        }
        for (crowd, active) in Crowd::ALL.into_iter().zip(active).filter(|_| known) {
            let silent = self.seen[channel as usize].saturating_sub(active);
            for scale in 0..SCALES.len() {
                let class = Class { channel, what: What::Campaign(crowd), scale };
                units.extend(std::iter::repeat_n((class, 0), silent));
            }
        }
    }
}

fn close_day_of_pairs(host: &mut Host, day: Timestamp, rarity: impl Fn(u32) -> Rarity) -> Most {
    let mut most = Most { young: Default::default(), old: BTreeMap::new(), growth: 1 };
    let channel = host.channel;
    for (destination, pair) in host.pairs.iter_mut() {
        let unproven: [bool; SCALES.len()] = std::array::from_fn(|scale| pair.unproven(scale, day));
        let (rarity, level, began) = (rarity(destination), pair.level(), pair.first);
        let Some(weighty) = &mut pair.weighty else { continue };
        weighty.unit.close_day(|scale, excess| {
            if unproven[scale] {
                let most = &mut most.young[rarity as usize][scale];
                *most = excess.max(*most);
            } else if mature(scale, began, day) {
                let class = Class { channel, what: What::Old(rarity, level), scale };
                let most = most.old.entry(class).or_default();
                *most = excess.max(*most);
            }
        });
        let days = weighty.unit.rolling.days(day, ((day - began).0 / Span::DAY.0).min(GROWTH - 1) + 1);
        let (first_week, last_week) = (days.iter().take(7), days.iter().rev().take(7));
        weighty.first_week = first_week.sum();
        let grew = last_week.sum::<u64>().saturating_sub(weighty.first_week) >= WORTH;
        weighty.growth = if grew { growth(&days) } else { 1 };
        if !weighty.unit.suspect {
            most.growth = most.growth.max(weighty.growth);
        }
    }
    most
}
