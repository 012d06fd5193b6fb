//! Directory and name service of the house: forwards look-ups, fetches updates.

use super::*;
use crate::synth::calendar::Rhythm;
use crate::synth::places::{RESOLVER, TIME, UPDATES};
use crate::synth::transfer::Service;

pub(in crate::synth) const ROLE: Role = Role {
    name: "domain-controller",
    share: 15,
    quiet: false,
    off_site: 0.0,
    activities: &[
        Activity {
            towards: Towards::Known(&RESOLVER),
            service: Service::Dns,
            agent: "",
            per_day: 6_000.0,
            timing: Timing::Rhythm(Rhythm::Office),
            sent: Size::Usual { median: 60.0, sigma: 0.3 },
            received: Size::Usual { median: 180.0, sigma: 0.5 },
        },
        Activity {
            towards: Towards::Known(&TIME),
            service: Service::Ntp,
            agent: "",
            per_day: 84.0,
            timing: Timing::Timer,
            sent: Size::Fixed(48),
            received: Size::Fixed(48),
        },
        Activity {
            towards: Towards::Known(&UPDATES),
            service: Service::Ssl,
            agent: "Microsoft BITS/7.8",
            per_day: 2.0,
            timing: Timing::Rhythm(Rhythm::Night),
            sent: Size::Usual { median: 9_000.0, sigma: 0.8 },
            received: Size::Usual { median: 3e6, sigma: 1.6 },
        },
    ],
};
