//! Sessions that one sensor tells in several lines, by the sensor's own number and both ends.

use super::apart::Told;
use super::table::Table;
use super::{SKEW, leave};
use crate::event::Telling;
use crate::incident::Sense;
use crate::tally::Counts;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// The sessions known.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Sessions {
    table: Table<Session>,
}

/// What was told of one; bytes as (out, back).
#[derive(Debug, Default, Serialize, Deserialize)]
struct Session {
    /// The end that opened it.
    opener: Option<u64>,
    whole: (u64, u64),
    part: (u64, u64),
    /// Never less than what `whole` and `part` say.
    counted: (u64, u64),
    /// When it was last told.
    told: Option<Timestamp>,
}

impl Sessions {
    /// A line says who opened a session. Gives how many had to go for it.
    pub(super) fn open(&mut self, session: u64, opener: u64, turn: Timestamp) -> u64 {
        let (known, evicted) = self.table.value(session, turn);
        *known = Session { opener: Some(opener), ..Session::default() };
        evicted
    }

    /// Leaves in a record what its session was not known to have sent. Gives how many sessions had to go for it.
    pub(super) fn take(&mut self, record: &mut Told, turn: Timestamp, counts: &mut Counts) -> u64 {
        let Some((key, telling)) = record.session else { return 0 };
        if record.sense.either_way() {
            // The line that closes a session: it is the last.
            match self.table.remove(key).and_then(|session| session.opener) {
                Some(opener) if opener == record.host_end => record.sense = Sense::EitherWayOpenedByHost,
                Some(_) => record.sense = Sense::EitherWayOpenedToHost,
                None => counts.unpaired += 1,
            }
            return 0;
        }
        let (session, evicted) = self.table.value(key, turn);
        let told = (record.out, record.back.unwrap_or(0));
        match telling {
            Telling::Opening => {}
            Telling::SoFar | Telling::Since => {
                let so_far = telling == Telling::SoFar;
                // A number used again: the session began after the other's last line, or its total fell.
                let last = session.told.unwrap_or(record.at);
                let later = record.began > last + SKEW && record.began < record.at;
                if later || (so_far && record.out < session.whole.0) {
                    *session = Session::default();
                }
                session.whole = if so_far { most(session.whole, told) } else { sum(session.whole, told) };
                // What is new since the last line also flowed since then.
                record.began =
                    session.told.map_or(record.began, |last| last.max(record.began)).min(record.at);
            }
            Telling::Whole => session.whole = sum(session.whole, told),
            Telling::Part => session.part = sum(session.part, told),
        }
        let level = most(session.whole, session.part);
        let new = (level.0.saturating_sub(session.counted.0), level.1.saturating_sub(session.counted.1));
        session.counted = most(session.counted, level);
        session.told = session.told.max(Some(record.at));
        leave(record, new);
        evicted
    }
}

pub(super) fn sum(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    (a.0.saturating_add(b.0), a.1.saturating_add(b.1))
}

pub(super) fn most(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    (a.0.max(b.0), a.1.max(b.1))
}
