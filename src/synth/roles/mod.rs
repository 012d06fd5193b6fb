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

pub(super) use activity::{Activity, Size, Timing, Towards};

use super::calendar::Hour;
use super::random::stream;
use super::transfer::{Outcome, Side, Transfer};
use super::world::{Host, World};

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
    world.hosts.iter().for_each(|host| of_host(world, host, hour, out));
}

/// The same of one host.
pub(super) fn of_host(world: &World, host: &Host, hour: &Hour, out: &mut Vec<Transfer>) {
    if !host.is_there(hour.index) {
        return;
    }
    let mut random = world.random(STREAM, [u64::from(host.number), u64::from(hour.index)]);
    for (place, activity) in (0_u64..).zip(host.role.activities) {
        activity::hour(activity, world, host, place, hour, &mut random, out);
    }
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
