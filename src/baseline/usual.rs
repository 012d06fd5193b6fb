//! What is usual at a destination group: what its other users send there.
//!
//! That a new backup server sends as much to the vault as the others do is no surprise; that somebody sends it to a service to
//! which all others send a hundredth is one.

use super::{Baseline, DAY_SCALE, SCALES, Usual};
use crate::units::{Span, Timestamp};

/// Fewer users than that are no rule.
const USERS_MIN: usize = 8;

/// One in so many users sends more than what is called usual. A thief who wants to raise it must own as many.
const SHARE: usize = 4;

impl Baseline {
    /// From the records of all hosts that are not new to a group and not under suspicion.
    pub(super) fn learn_usual(&mut self, day: Timestamp) {
        let mut users = vec![0usize; self.destinations.len()];
        let mut records: Vec<(u32, Usual)> = Vec::new();
        for host in self.hosts.iter().filter(|host| !host.serves()) {
            for (destination, pair) in
                host.pairs.iter().filter(|(_, pair)| !pair.young(day) && !pair.suspect())
            {
                if let Some(users) = users.get_mut(destination as usize) {
                    *users += 1;
                }
                if let Some(unit) = pair.unit() {
                    records.push((destination, std::array::from_fn(|scale| unit.record(scale))));
                }
            }
        }
        records.sort_unstable_by_key(|(destination, _)| *destination);
        for (group, users) in self.destinations.iter_mut().zip(&users) {
            if *users < USERS_MIN {
                group.usual = Usual::default();
            }
        }
        for records in records.chunk_by(|a, b| a.0 == b.0) {
            let Some((number, _)) = records.first() else { continue };
            let users = users.get(*number as usize).copied().unwrap_or(0);
            let Some(group) = self.destinations.get_mut(*number as usize).filter(|_| users >= USERS_MIN)
            else {
                continue;
            };
            let quarter = |scale: usize| {
                let mut of_scale: Vec<u64> = records.iter().map(|(_, records)| records[scale]).collect();
                of_scale.sort_unstable_by(|a, b| b.cmp(a));
                of_scale.get(users / SHARE).copied().unwrap_or(0)
            };
            group.usual = std::array::from_fn(|scale| {
                let days = (SCALES[scale].0 / Span::DAY.0).max(1).unsigned_abs();
                quarter(scale.min(DAY_SCALE)).saturating_mul(days)
            });
        }
    }
}
