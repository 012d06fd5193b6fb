//! Honest events that are tied to dates or to single hosts and that a detector must not take for theft: one file each,
//! one row in [`NOISE`]. Each draws an hour without memory of the hours before.

pub(super) mod backups;
pub(super) mod buckets;
mod burst;
mod honest_upload;
pub(super) mod look_ups;
mod mail_outs;
mod migrations;
mod month_end;
mod one_offs;
mod patch_day;
mod rollouts;

use super::calendar::Hour;
use super::places::UPDATES;
use super::transfer::{Labels, Outcome, Record, Requester, Service, Side, Transfer};
use super::world::World;

/// Adds to the list what opens in this hour.
pub(super) type Event = fn(&World, &Hour, &mut Vec<Transfer>);

/// What an event adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noise {
    /// Connections of hosts of ours to the outside.
    Calls,
    /// Questions to name servers.
    Questions,
    /// Requests to buckets.
    Objects,
}

/// All of them.
pub(super) const NOISE: &[(Noise, Event)] = &[
    (Noise::Calls, backups::hour),
    (Noise::Calls, rollouts::hour),
    (Noise::Calls, patch_day::hour),
    (Noise::Calls, honest_upload::hour),
    (Noise::Calls, one_offs::hour),
    (Noise::Calls, month_end::hour),
    (Noise::Calls, migrations::hour),
    (Noise::Calls, mail_outs::hour),
    (Noise::Questions, look_ups::hour),
    (Noise::Objects, buckets::hour),
];

impl Noise {
    /// One such transfer, to ask a log whether it tells of them.
    pub(super) fn example(self, world: &World, hour: &Hour) -> Transfer {
        let mut random = world.random(0, [0, 0]);
        let (bucket, service) = (super::places::bucket(0), UPDATES.peer(&mut random));
        let host = world.hosts.first().map_or(bucket, |host| host.peer);
        match self {
            Noise::Calls => Transfer {
                host,
                peer: service,
                opener: Side::Host,
                service: Service::Ssl,
                outcome: Outcome::Done,
                ..buckets::read(0, service, Requester::Ours, 1, hour, &mut random)
            },
            Noise::Questions => {
                look_ups::question(world, host, service, Labels::Word(""), Record::A, hour, &mut random)
            }
            Noise::Objects => buckets::read(0, service, Requester::Ours, 1, hour, &mut random),
        }
    }
}
