//! Public web sites: the public calls, the answers are most of what leaves the house.

use super::*;
use crate::synth::calendar::Rhythm;
use crate::synth::places::MONITOR;
use crate::synth::transfer::Service;

pub(in crate::synth) const ROLE: Role = Role {
    name: "web-server",
    share: 50,
    quiet: false,
    off_site: 0.0,
    activities: &[
        Activity {
            towards: Towards::Visitors,
            service: Service::Ssl,
            agent: "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/111.0",
            per_day: 4_000.0,
            timing: Timing::Rhythm(Rhythm::Public),
            sent: Size::Usual { median: 60_000.0, sigma: 1.6 },
            received: Size::Usual { median: 1_500.0, sigma: 0.7 },
        },
        Activity {
            towards: Towards::Known(&MONITOR),
            service: Service::Ssl,
            agent: "monitor-agent/7.43",
            per_day: 48.0,
            timing: Timing::Timer,
            sent: Size::Own { median: 1_900.0, sigma: 0.2 },
            received: Size::Fixed(640),
        },
        Activity {
            towards: Towards::Partner { each: 3, of: 600 },
            service: Service::Ssl,
            agent: "php-curl/8.1",
            per_day: 60.0,
            timing: Timing::Rhythm(Rhythm::Public),
            sent: Size::Usual { median: 2_500.0, sigma: 1.2 },
            received: Size::Usual { median: 6_000.0, sigma: 1.5 },
        },
    ],
};
