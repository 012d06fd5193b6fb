//! What a source told, hour by hour: whether it speaks at all, and how well it is read.

use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What a source told in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    /// Events, of which kind ever.
    pub events: u64,
    /// Of them those that do not say how much left.
    pub blind: u64,
    /// Lines that were rejected.
    pub rejected: u64,
}

impl Pulse {
    /// Adds another.
    pub fn add(&mut self, other: Pulse) {
        self.events += other.events;
        self.blind += other.blind;
        self.rejected += other.rejected;
    }
}

/// Pulses of a piece by the hour of the newest event so far, oldest first. A line that tells no time, or an older one, counts
/// where it stands, so that pieces of any size add up to the same.
#[derive(Clone, Debug, Default)]
pub struct Pulses(Vec<(Option<Timestamp>, Pulse)>);

impl Pulses {
    /// The pulse of the hour of `newest`, which does not go back.
    pub fn at(&mut self, newest: Timestamp) -> &mut Pulse {
        let fits =
            |(hour, _): &(Option<Timestamp>, Pulse)| hour.is_some_and(|hour| newest < hour + Span::HOUR);
        if !self.0.last().is_some_and(fits) {
            self.0.push((Some(newest.floor(Span::HOUR)), Pulse::default()));
        }
        self.now()
    }

    /// The pulse of the hour reached.
    pub fn now(&mut self) -> &mut Pulse {
        if self.0.is_empty() {
            self.0.push((None, Pulse::default()));
        }
        let last = self.0.len() - 1;
        &mut self.0[last].1
    }

    /// Takes all out, with the hours they belong to in a source in which `before` was reached. What came before any event of
    /// the source counts with the first.
    pub fn drain(&mut self, before: Option<Timestamp>) -> impl Iterator<Item = (Timestamp, Pulse)> {
        let before = before.map(|newest| newest.floor(Span::HOUR));
        let first = before.or(self.0.iter().find_map(|(hour, _)| *hour));
        std::mem::take(&mut self.0).into_iter().filter_map(move |(hour, pulse)| {
            let hour = hour.map_or(first, |hour| Some(before.map_or(hour, |before| before.max(hour))));
            Some((hour?, pulse))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn pieces_of_any_size_add_up_to_the_same(lines in proptest::collection::vec(proptest::option::of(1i64..50), 0..60), cut in 1usize..20) {
            // Half hours, from the first on, as nothing is older than 1970; `None` is a line that is rejected.
            let sums = |cut: usize| {
                let mut sums: BTreeMap<Timestamp, Pulse> = BTreeMap::new();
                let mut before: Option<Timestamp> = None;
                for piece in lines.chunks(cut) {
                    let (mut pulses, mut newest) = (Pulses::default(), Timestamp::MIN);
                    for line in piece {
                        match line {
                            Some(half) => {
                                newest = newest.max(Timestamp(0) + Span::MINUTE.times(30 * half));
                                pulses.at(newest).events += 1;
                            }
                            None => pulses.now().rejected += 1,
                        }
                    }
                    pulses.drain(before).for_each(|(hour, pulse)| sums.entry(hour).or_default().add(pulse));
                    before = before.max(Some(newest).filter(|newest| *newest > Timestamp::MIN));
                }
                sums
            };
            // What comes before any event is kept only where an event follows in the piece.
            let events = |sums: BTreeMap<Timestamp, Pulse>| -> Vec<(Timestamp, u64)> {
                sums.into_iter().map(|(hour, pulse)| (hour, pulse.events)).filter(|(_, events)| *events > 0).collect()
            };
            prop_assert_eq!(events(sums(cut)), events(sums(usize::MAX)));
            if lines.first().is_some_and(Option::is_some) {
                prop_assert_eq!(sums(cut), sums(usize::MAX));
            }
        }
    }
}
