//! What is remembered of a watched host.

use super::places::Places;
use super::silence::Heard;
use super::unit::Observed;
use super::{
    Balance, COLD, DAY_SCALE, Excess, Exposed, Level, Pair, Pairs, Ports, Reach, Row, SCALES, Staging,
    Timetable, Unit, mature,
};
use crate::event::Channel;
use crate::incident::Missing;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// A watched host in one kind of traffic.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Host {
    /// The first window in which it was seen.
    pub first: Option<Timestamp>,
    /// The kind of traffic that it is watched in; in another it is another.
    pub channel: Channel,
    /// Its volume towards everybody.
    pub unit: Unit,
    /// What it sends to all the rare groups together that are new to it.
    pub new_places: Option<Box<Unit>>,
    /// Of a server or a bucket: the most that any client took.
    clients: Option<Box<[Excess; SCALES.len()]>>,
    /// See [`Places`].
    pub(super) places: Places,
    /// The most lopsided of its tunnels, where it has any.
    pub(super) tunnels: Option<Box<Excess>>,
    /// What it gets from other hosts of ours, where flow logs tell.
    pub staging: Option<Box<Staging>>,
    /// The most that it staged and sent today.
    pub(super) staged_today: u64,
    /// What of it, or of the log of this number, has been missing since the last day that was closed.
    pub missing: Option<Box<Missing>>,
    /// How often it is heard.
    pub(super) heard: Heard,
    /// Of a bucket: what was done to its walls in its last window.
    pub exposed: Option<Box<Exposed>>,
    /// The worst of it today, by [`weight`](super::weight).
    pub(super) exposed_today: u64,
    /// The most hours of a rare group that is new to it, today.
    pub(super) hours: u64,
    /// To how many groups it is known to speak since before today, see [`Host::reach`].
    pub(super) settled: usize,
    /// What it gives and takes, where it sends to others.
    pub balance: Option<Box<Balance>>,
    /// When it usually sends; nothing while it has not.
    pub timetable: Option<Box<Timetable>>,
    /// The ports of others that it uses.
    pub ports: Ports,
    /// Towards each destination group, by number.
    pub pairs: Pairs,
}

impl Host {
    /// How much it usually sends: the class of hosts among which it is judged, in an estate first seen at `begins`.
    pub fn level(&self, begins: Option<Timestamp>, now: Timestamp) -> Level {
        let cold = begins.is_none_or(|begins| now - begins < COLD);
        match self.first {
            Some(first) if !cold && mature(DAY_SCALE, first, now) => Level::of(self.unit.record(DAY_SCALE)),
            // Its record of a day is not one yet; shorter ones tell a backup server from a silent host.
            Some(first) if !cold && now - first >= Level::KNOWN_AFTER => {
                Level::of((0..=DAY_SCALE).map(|scale| self.unit.record(scale)).max().unwrap_or(0))
            }
            _ => Level::New,
        }
    }

    /// To how many destination groups it is known to speak. What is new to it does not count, or a host that turns to
    /// many new places would be compared with those that always do; of a host that is itself new, all do.
    pub fn reach(&self) -> Reach {
        Reach::of(if self.settled > 0 { self.settled } else { self.pairs.len() })
    }

    /// By how many more than on any day before it sent something to rare groups that were new to it today; `None` while it has
    /// no record.
    pub fn places(&self, now: Timestamp) -> Option<u64> {
        self.first.filter(|first| mature(DAY_SCALE, *first, now)).map(|_| self.places.excess(now))
    }

    /// Whether its destinations are clients that come to it. Who comes is not its choice, so what one of them takes is
    /// compared with what others took, and that one is new says nothing.
    pub fn serves(&self) -> bool {
        matches!(self.channel, Channel::Answers | Channel::Objects | Channel::Public)
    }

    /// Compares the volumes of clients in the window at `start`, by number and scale, with the most that any took before.
    pub(super) fn compare_clients(&mut self, start: Timestamp, volumes: &[(u32, [u64; SCALES.len()])]) {
        for (scale, (clients, span)) in
            self.clients.get_or_insert_default().iter_mut().zip(SCALES).enumerate()
        {
            let taken = |volumes: &[u64; SCALES.len()]| volumes.get(scale).copied().unwrap_or(0);
            let most = volumes.iter().map(|(_, volumes)| taken(volumes)).max().unwrap_or(0);
            let (_, record) = clients.take(span, start, most, 0);
            for (client, volumes) in volumes {
                if let Some(weighty) = self.pairs.get_mut(*client).and_then(|pair| pair.weighty.as_mut()) {
                    weighty.unit.observe(scale, taken(volumes), record);
                }
            }
        }
    }

    /// Remembers the most of what it staged that it then sent to one of the groups of the window's rows.
    pub(super) fn note_staged(&mut self, start: Timestamp, rows: &[Row]) {
        let staged = self.staging.as_ref().map_or(0, |staging| staging.staged(start));
        if staged == 0 {
            return;
        }
        let sent = |row: &Row| Some(self.pairs.get(row.destination)?.unit()?.now()[DAY_SCALE].excess);
        let most = rows.iter().filter_map(sent).max().unwrap_or(0);
        self.staged_today = self.staged_today.max(most.min(staged));
    }

    /// Compares how lopsided the tunnels of the window at `start` are, by number, with the most that any of its tunnels was.
    pub(super) fn compare_tunnels(&mut self, start: Timestamp, tunnels: &[(u32, u64)]) {
        let Some(most) = tunnels.iter().map(|(_, lopsided)| *lopsided).max() else { return };
        let (_, record) = self.tunnels.get_or_insert_default().take(SCALES[DAY_SCALE], start, most, 0);
        for (number, net) in tunnels.iter().copied() {
            let pair = self.pairs.get_mut(number).and_then(|pair| pair.weighty.as_mut());
            if let Some(tunnel) = pair.and_then(|weighty| weighty.tunnel.as_mut()) {
                tunnel.now = Observed { net, excess: net.saturating_sub(record), record };
            }
        }
    }

    /// Hands over the day's largest excess of a client at each scale, unless the host is under suspicion.
    pub(super) fn close_day_of_clients(&mut self, mut give: impl FnMut(usize, u64)) {
        for (scale, clients) in self.clients.iter_mut().flat_map(|clients| clients.iter_mut().enumerate()) {
            let excess = clients.close_day();
            if !self.unit.suspect {
                give(scale, excess);
            }
        }
    }

    /// Lets the pairs with the fewest bytes go that are not under suspicion, an eighth of all at once; the youngest of equals,
    /// then the highest number. Says how many.
    pub(super) fn let_go(&mut self) -> usize {
        let weight = |group: u32, pair: &Pair| (pair.total, std::cmp::Reverse((pair.first, group)));
        let free = self.pairs.iter().filter(|(_, pair)| !pair.suspect());
        let mut weights: Vec<_> = free.map(|(group, pair)| weight(group, pair)).collect();
        let Some(last) = weights.len().min(self.pairs.len() / 8 + 1).checked_sub(1) else { return 0 };
        let (_, least, _) = weights.select_nth_unstable(last);
        let least = *least;
        self.pairs.retain(|group, pair| pair.suspect() || weight(group, pair) > least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Baseline, Observed, Row, Trail};
    use crate::units::Span;

    #[test]
    fn a_client_is_compared_with_all_others() {
        let mut baseline = Baseline::default();
        let row = |client, out| Row {
            host: 0,
            destination: client,
            channel: Channel::Answers,
            out,
            events: 1,
            back: 0,
            trail: Trail::default(),
        };
        let at = |hours: i64| Timestamp(0) + Span::HOUR.times(hours);
        // Another client every hour takes 1 MB; then one takes 1.5 MB, whom nobody has seen before.
        (0..48).zip(0..).for_each(|(hour, client)| baseline.fold(at(hour), &[row(client, 1_000_000)]));
        baseline.fold(at(48), &[row(99, 1_500_000)]);
        let now = baseline.hosts[0].pairs.get(99).unwrap().unit().unwrap().now();
        assert_eq!(now[0], Observed { net: 1_500_000, excess: 500_000, record: 1_000_000 });
        // The server's own volume is that of all clients.
        assert_eq!(baseline.hosts[0].unit.now()[DAY_SCALE].net, 24_500_000);
    }
}
