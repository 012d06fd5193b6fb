//! What hosts do all day: one file per role, one row each in [`ROLES`].
//!
//! A role is a list of activities; an activity is a rate, a rhythm, a partner and sizes. Whatever is tied to a date or
//! to a few hosts (backups, roll-outs) is `noise`, not a role.

mod activity;
mod appliance;
mod application_server;
mod backup_server;
mod build_server;
mod database_server;
mod domain_controller;
mod file_server;
mod mail_server;
mod web_server;
mod workstation;

pub(super) use activity::{Activity, Habit, Own, Size, Timing, Towards};

use super::calendar::Hour;
use super::random::stream;
use super::transfer::{Outcome, Side, Transfer};
use super::world::{Host, World};
use activity::Doing;

/// A kind of host.
#[derive(Debug)]
pub(super) struct Role {
    /// Also the stem of the hosts' names.
    pub(super) name: &'static str,
    /// Hosts per thousand of the estate.
    pub(super) share: u32,
    /// Sends a few kB a day and is not looked at by anybody: where thieves sit.
    pub(super) quiet: bool,
    /// Share of the hosts that copy themselves off site at night, 0 to 1.
    pub(super) off_site: f64,
    pub(super) activities: &'static [Activity],
}

/// All roles. The first one takes the hosts that are left over by rounding.
pub(super) const ROLES: &[&Role] = &[
    &application_server::ROLE,
    &appliance::ROLE,
    &database_server::ROLE,
    &file_server::ROLE,
    &web_server::ROLE,
    &build_server::ROLE,
    &workstation::ROLE,
    &domain_controller::ROLE,
    &mail_server::ROLE,
    &backup_server::ROLE,
];

const STREAM: u64 = stream("roles");

/// Everything that all hosts do by habit and that opens in this hour.
pub(super) fn hour(world: &World, hour: &Hour, out: &mut Vec<Transfer>) {
    for kind in world.kinds.iter().filter(|kind| kind.habits.iter().any(|habit| habit.is_told)) {
        let hosts = world.hosts.get(kind.run.clone()).unwrap_or_default();
        hosts.iter().for_each(|host| of_host(world, host, hour, out));
    }
}

/// The same of one host.
pub(super) fn of_host(world: &World, host: &Host, hour: &Hour, out: &mut Vec<Transfer>) {
    if !host.is_there(hour.index) {
        return;
    }
    let Some((habits, own)) = world.habits(host) else { return };
    let mut random = world.random(STREAM, [u64::from(host.number), u64::from(hour.index)]);
    // Nobody waits for the draws behind the last activity that is told.
    let told = habits.iter().rposition(|habit| habit.is_told).map_or(0, |last| last + 1);
    for ((activity, habit), own) in host.role.activities.iter().zip(habits).zip(own).take(told) {
        Doing { activity, habit, own, host }.hour(world, hour, &mut random, out);
    }
}

/// The activities of a role in this estate.
pub(super) fn habits(world: &World, role: &Role) -> Vec<Habit> {
    role.activities.iter().map(|activity| Habit::of(activity, world)).collect()
}

/// What is always the same for a host, by activity.
pub(super) fn own<'a>(world: &'a World, habits: &'a [Habit], host: &'a Host) -> impl Iterator<Item = Own> {
    let rows = (0..).zip(host.role.activities.iter().zip(habits));
    rows.map(|(place, (activity, habit))| Own::of(activity, habit, world, host, place))
}

/// A connection of each activity of a host.
pub(super) fn examples(world: &World, host: &Host, hour: &Hour) -> Vec<Transfer> {
    let Some((habits, own)) = world.habits(host) else { return Vec::new() };
    let rows = host.role.activities.iter().zip(habits).zip(own);
    rows.map(|((activity, habit), own)| {
        Doing { activity, habit, own, host }.connection(world, hour, 0.0, &mut world.random(STREAM, [0, 0]))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(ROLES.iter().map(|role| role.share).sum::<u32>(), 1000);
        for role in ROLES {
            assert_eq!(ROLES.iter().filter(|other| other.name == role.name).count(), 1, "{}", role.name);
            for activity in role.activities {
                if let Towards::Inside(name) = activity.towards {
                    assert!(ROLES.iter().any(|role| role.name == name), "{name}");
                }
                assert!(activity.per_day > 0.0);
            }
        }
        assert!(ROLES.iter().any(|role| role.quiet));
    }
}
