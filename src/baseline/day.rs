//! The end of a day: what every host did at most in every class enters the pools.
//!
//! Zero is a value: a host that was silent all day counts. Units under suspicion do not train the pools, nor do those whose
//! record is not yet one: in the first days of a log every backup seems to break a record.

use super::growth::growth;
use super::{Baseline, COLD, Class, Crowd, Host, Level, Rarity, SCALES, SETTLED, What, mature};
use crate::event::Channel;
use crate::units::{Span, Timestamp};

/// How many days are looked at for growth: whole weeks.
const GROWTH: i64 = 28;

/// From then on growth can be told.
const TWO_WEEKS: Span = Span::DAY.times(14);

/// The largest excess of a host's pairs by rarity, youth and scale; `None`: it cannot be judged.
type Most = [[[Option<u64>; SCALES.len()]; 2]; Rarity::ALL.len()];

impl Baseline {
    pub(super) fn close_day(&mut self) {
        let (day, seen) = (self.day, self.seen);
        let since = self.begins.map_or(Span(0), |begins| day - begins);
        let (begins, known) = (self.begins, since >= COLD);
        let mut units: Vec<(Class, u64)> = Vec::new();
        for host in &mut self.hosts {
            let Some(first) = host.first else { continue };
            let (level, reach, channel) = (host.level(begins, day), host.reach(), host.channel);
            let mut give = |what, scale, excess| units.push((Class { channel, what, scale }, excess));
            host.unit.close_day(|scale, excess| {
                if known && (level == Level::New || mature(scale, first, day)) {
                    give(What::Host(level), scale, excess);
                }
            });
            if host.serves() {
                host.close_day_of_clients(|scale, excess| {
                    if mature(scale, first, day) {
                        give(What::Client(level), scale, excess);
                    }
                });
                continue;
            }
            let (hours, suspect) = (std::mem::take(&mut host.hours), host.unit.suspect);
            if known && !suspect {
                give(What::Hours(reach), 0, hours);
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
            let (most, growth) = close_day_of_pairs(host, first, day, known, rarity);
            if day - first >= TWO_WEEKS && !suspect {
                give(What::Growth(level), 0, growth);
            }
            for rarity in Rarity::ALL {
                for young in [false, true] {
                    let most = most[rarity as usize][usize::from(young)].into_iter().enumerate();
                    most.filter_map(|(scale, most)| Some((scale, most?)))
                        .for_each(|(scale, most)| give(What::Pair(rarity, young, reach), scale, most));
                }
            }
        }
        self.close_day_of_campaigns(&mut units, known);
        let warm = since >= Span::DAY;
        self.pools.add_day(&seen, warm, since >= SETTLED, units.into_iter());
    }

    /// Hosts stand for the groups that nobody newly uses, so that the probability is one of a host and a day.
    fn close_day_of_campaigns(&mut self, units: &mut Vec<(Class, u64)>, known: bool) {
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

/// The most that any pair of a host did today, and the largest growth of any.
fn close_day_of_pairs(
    host: &mut Host,
    first: Timestamp,
    day: Timestamp,
    known: bool,
    rarity: impl Fn(u32) -> Rarity,
) -> (Most, u64) {
    let old = |scale| mature(scale, first, day).then_some(0);
    let mut most: Most = [[std::array::from_fn(old), [known.then_some(0); SCALES.len()]]; Rarity::ALL.len()];
    let mut largest = 0;
    for (destination, pair) in &mut host.pairs {
        let unproven: [bool; SCALES.len()] = std::array::from_fn(|scale| pair.unproven(scale, day));
        let Some(weighty) = pair.weighty.as_mut().filter(|weighty| weighty.unit.active_on(day)) else {
            continue;
        };
        let (rarity, began) = (rarity(*destination) as usize, pair.first);
        weighty.unit.close_day(|scale, excess| {
            let young = unproven[scale];
            if let Some(most) = &mut most[rarity][usize::from(young)][scale]
                && (young || mature(scale, began, day))
            {
                *most = (*most).max(excess);
            }
        });
        let days = ((day - began).0 / Span::DAY.0).min(GROWTH - 1) + 1;
        weighty.growth = growth(&weighty.unit.rolling.days(day, days));
        if !weighty.unit.suspect {
            largest = largest.max(weighty.growth);
        }
    }
    (most, largest)
}
