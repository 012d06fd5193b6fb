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
use super::transfer::Transfer;
use super::world::World;

/// Adds to the list what opens in this hour.
pub(super) type Event = fn(&World, &Hour, &mut Vec<Transfer>);

/// All of them.
pub(super) const NOISE: &[Event] = &[
    backups::hour,
    rollouts::hour,
    patch_day::hour,
    honest_upload::hour,
    one_offs::hour,
    month_end::hour,
    migrations::hour,
    mail_outs::hour,
    look_ups::hour,
    buckets::hour,
];
