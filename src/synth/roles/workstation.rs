//! People at desks and on jump hosts: browsing, office documents in the cloud, now and then a large attachment.

use super::*;
use crate::synth::calendar::Rhythm;
use crate::synth::places::{OFFICE, TRANSFER};
use crate::synth::transfer::Service;

const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/111.0";

pub(in crate::synth) const ROLE: Role = Role {
    name: "workstation",
    share: 20,
    quiet: false,
    off_site: 0.0,
    activities: &[
        Activity {
            towards: Towards::Anywhere { fresh: 0.06 },
            service: Service::Ssl,
            agent: BROWSER,
            per_day: 400.0,
            timing: Timing::Rhythm(Rhythm::Office),
            sent: Size::Usual { median: 5_000.0, sigma: 1.5 },
            received: Size::Usual { median: 60_000.0, sigma: 1.8 },
        },
        Activity {
            towards: Towards::Known(&OFFICE),
            service: Service::Ssl,
            agent: BROWSER,
            per_day: 120.0,
            timing: Timing::Rhythm(Rhythm::Office),
            sent: Size::Usual { median: 20_000.0, sigma: 2.1 },
            received: Size::Usual { median: 80_000.0, sigma: 1.8 },
        },
        Activity {
            towards: Towards::Known(&TRANSFER),
            service: Service::Ssl,
            agent: BROWSER,
            per_day: 0.08,
            timing: Timing::Rhythm(Rhythm::Office),
            sent: Size::Usual { median: 25e6, sigma: 1.4 },
            received: Size::Usual { median: 40_000.0, sigma: 0.5 },
        },
    ],
};
