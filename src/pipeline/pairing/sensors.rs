//! Connections that several sensors tell, by both addresses and ports and by time.
//!
//! Lines of one pair of ends belong to the same connection if their times overlap (give or take [`SKEW`]). Each sensor's
//! lines add up; of the sums the largest counts. The same ports used again later are another connection.

use super::apart::Told;
use super::sessions::{most, sum};
use super::table::Table;
use super::{SKEW, leave};
use crate::state::Name;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// Most stretches of time kept of one pair of ends: NTP, IKE and the like use the same ports for ever.
const STRETCHES_MAX: usize = 16;

/// Where a line stands: the number of its source, and its own.
pub(super) type Place = (u32, u64);

/// The connections known.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Sensors {
    table: Table<Vec<Stretch>>,
}

/// One connection, or several that follow each other closely.
#[derive(Debug, Serialize, Deserialize)]
struct Stretch {
    first: Timestamp,
    last: Timestamp,
    /// By sensor.
    told: Vec<Teller>,
    /// As (out, back).
    counted: (u64, u64),
    /// The line with the most bytes that was counted.
    heaviest: (u64, Place),
}

#[derive(Debug, Serialize, Deserialize)]
struct Teller {
    #[serde(with = "crate::state::name")]
    name: Name,
    /// Its bytes out are one total for both directions.
    either_way: bool,
    bytes: (u64, u64),
}

impl Sensors {
    /// Leaves in a record what no other sensor has told of its connection. Gives how many connections had to go for it, and
    /// the line that told what this one repeats.
    pub(super) fn take(
        &mut self,
        ends: u64,
        record: &mut Told,
        place: Place,
        turn: Timestamp,
    ) -> (u64, Option<Place>) {
        let (stretches, mut evicted) = self.table.value(ends, turn);
        let mut here = Stretch {
            first: record.began.min(record.closed),
            last: record.closed,
            told: Vec::new(),
            counted: (0, 0),
            heaviest: (0, place),
        };
        let mut at = 0;
        while let Some(other) = stretches.get(at) {
            if other.first <= here.last + SKEW && here.first <= other.last + SKEW {
                here.join(stretches.remove(at));
                // The longer stretch may reach others now.
                at = 0;
            } else {
                at += 1;
            }
        }
        let bytes = (record.out, record.back.unwrap_or(0));
        here.tell(record.teller, record.sense.either_way(), bytes);
        let level = here.level();
        let new = (level.0.saturating_sub(here.counted.0), level.1.saturating_sub(here.counted.1));
        here.counted = most(here.counted, level);
        let repeats = new.0 < bytes.0 && here.heaviest.1 != place;
        let first = repeats.then_some(here.heaviest.1);
        if new.0 > here.heaviest.0 {
            here.heaviest = (new.0, place);
        }
        leave(record, new);
        stretches.push(here);
        if stretches.len() > STRETCHES_MAX {
            stretches.remove(0);
            evicted += 1;
        }
        (evicted, first)
    }
}

impl Stretch {
    fn join(&mut self, other: Stretch) {
        (self.first, self.last) = (self.first.min(other.first), self.last.max(other.last));
        self.counted = sum(self.counted, other.counted);
        if other.heaviest.0 > self.heaviest.0 || self.told.is_empty() {
            self.heaviest = other.heaviest;
        }
        for teller in other.told {
            self.tell(teller.name, teller.either_way, teller.bytes);
        }
    }

    fn tell(&mut self, name: &'static str, either_way: bool, bytes: (u64, u64)) {
        match self.told.iter_mut().find(|teller| teller.name == name && teller.either_way == either_way) {
            Some(teller) => teller.bytes = sum(teller.bytes, bytes),
            None => self.told.push(Teller { name, either_way, bytes }),
        }
    }

    /// What the tellers come to together: the most that one says, and of a total for both directions only what is more
    /// than those say who tell the directions apart.
    fn level(&self) -> (u64, u64) {
        let of = |either_way| {
            let tellers = self.told.iter().filter(move |teller| teller.either_way == either_way);
            tellers.map(|teller| teller.bytes).fold((0, 0), most)
        };
        let (exact, total) = (of(false), of(true).0);
        (exact.0.saturating_add(total.saturating_sub(exact.0.saturating_add(exact.1))), exact.1)
    }
}
