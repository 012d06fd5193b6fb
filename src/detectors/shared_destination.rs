//! `shared-destination`: several hosts newly send to one destination that few use.

use super::{Case, Detector, Judge, Seen, best_scale};
use crate::baseline::{Class, Crowd, Destination, Pair, Rarity, What};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "shared-destination", technique: "T1567", manual: MANUAL, judge: Judge::Pair(judge) };

const MANUAL: &str = "\
shared-destination: several hosts newly send to one destination that few use (ATT&CK T1567, T1048)

What it sees
  Two or more hosts that have lately begun to send to a group that at most one host in fifty uses, and together send more
  than such crowds ever do: one theft from several servers, each of which may stay ordinary.

How
  V, R and E as in first-bulk, but of all the hosts together to which the group is new (they first used it less than a
  week ago and were known before). p is how often, for each host and day of the last two weeks, some group with as many
  newcomers (two or three; up to twelve; more) showed so large an E. The host that sent most speaks for all. Once
  an incident of such a group is told, the others to which the group is new are told with it, beyond the budget: they are one
  story.

What fools it
  One destination per host. Destinations used since before the log began count as old.
  A roll-out sends many hosts to one new destination: it stays quiet because hosts receive more than they send.

Source: destinations over the estate as a unit of judgement (DETECTION, points 3 and 4); the breach of 2023 in which some
26 of 26,000 servers sent to one place.";

fn judge(case: &Case<'_>, pair: &Pair, group: &Destination) -> Option<Seen> {
    let channel = case.host.channel;
    let speaks = group.lead.is_some_and(|(_, host)| host == case.number) && pair.young(case.now);
    if !speaks || !case.known() || case.baseline.rarity(group, channel) == Rarity::Popular {
        return None;
    }
    let what = What::Campaign(Crowd::of(group.newcomers(case.now))?);
    best_scale(case.baseline, group.campaign.as_ref()?, |scale| Some(Class { channel, what, scale }))
}
