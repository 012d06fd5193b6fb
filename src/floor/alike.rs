//! Hosts that are alike: judged in the same classes, with about the same records, sending about as much at about the same time.
//! Of each such group one is computed.

use crate::baseline::{DAY_SCALE, Host, SCALES, Unit};
use crate::pipeline::Eve;
use std::collections::BTreeMap;

/// How many steps there are to a doubling of a volume, the finest first. Hosts whose volumes are within a step are alike.
const STEPS: [f64; 4] = [8.0, 4.0, 2.0, 1.0];

/// Volumes below are all the same: no detector tells them apart. Names carry a thousandth.
const SMALL: f64 = 10_000.0;

/// Groups of hosts by number, at most `most` unless hosts are too unlike for that; if there are no more hosts, each alone.
pub fn groups(eve: &Eve, hosts: &[u32], most: usize) -> Vec<Vec<u32>> {
    if hosts.len() <= most {
        return hosts.iter().map(|host| vec![*host]).collect();
    }
    let mut found = Vec::new();
    for steps in STEPS {
        let mut groups: BTreeMap<Vec<u16>, Vec<u32>> = BTreeMap::new();
        for number in hosts {
            if let Some(host) = eve.baseline.hosts.get(*number as usize) {
                groups.entry(signature(eve, *number, host, steps)).or_default().push(*number);
            }
        }
        found = groups.into_values().collect();
        if found.len() <= most {
            break;
        }
    }
    found
}

fn signature(eve: &Eve, number: u32, host: &Host, steps: f64) -> Vec<u16> {
    let small = if host.channel == crate::event::Channel::Names { SMALL / 1000.0 } else { SMALL };
    #[expect(clippy::cast_sign_loss, reason = "a logarithm of one or more is not negative")]
    let step = |bytes: u64| ((bytes as f64 / small).max(1.0).log2() * steps).round() as u16;
    let now = eve.aside.day;
    let age = host
        .first
        .map_or(0, |first| SCALES.iter().filter(|span| now - first >= span.times(3)).count() as u16);
    let usual = [host.channel as u16, host.level(eve.baseline.begins, now) as u16, host.reach() as u16, age];
    let flags = u16::from(host.new_places.is_some())
        | u16::from(host.timetable.is_some()) << 1
        | u16::from(host.unit.suspect) << 2
        | u16::from(host.balance.as_ref().is_some_and(|balance| balance.consumes())) << 3;
    let mut signature: Vec<u16> = usual.into_iter().chain([flags]).collect();
    let mut of_unit = |unit: &Unit| {
        signature.extend((0..SCALES.len()).map(|scale| step(unit.record(scale))));
        signature.push(step(unit.rolling.trailing(DAY_SCALE, now).0.net));
    };
    of_unit(&host.unit);
    let favourite = eve.aside.favourite(number);
    let pair = favourite.and_then(|favourite| host.pairs.get(favourite));
    pair.and_then(|pair| pair.unit()).into_iter().for_each(&mut of_unit);
    if let Some(group) = favourite.and_then(|favourite| eve.baseline.destinations.get(favourite as usize)) {
        signature.push(eve.baseline.rarity(group, host.channel) as u16);
        signature.extend(group.usual.map(step));
    }
    // A host of which little is seen does the same all day.
    let hours: Vec<u16> = (0..24)
        .map(|hour| {
            let done = eve.aside.hour(number, hour);
            step(done.rest.volume.net.saturating_add(done.most.volume().net))
        })
        .collect();
    let busiest = hours.iter().zip(0u16..).max_by_key(|(net, hour)| (**net, std::cmp::Reverse(*hour)));
    signature.extend(busiest.filter(|(net, _)| **net > 0).map(|(_, hour)| hour / 6));
    signature.push(hours.iter().copied().max().unwrap_or(0));
    signature
}
