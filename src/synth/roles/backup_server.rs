//! Backup servers by day: a heartbeat and the licence. Their nights are `noise::backups`.

use super::*;
use crate::synth::calendar::Rhythm;
use crate::synth::places::{MONITOR, VAULT};
use crate::synth::transfer::Service;

pub(in crate::synth) const ROLE: Role = Role {
    name: "backup-server",
    share: 10,
    quiet: false,
    off_site: 1.0,
    activities: &[
        Activity {
            towards: Towards::Known(&MONITOR),
            service: Service::Ssl,
            agent: "monitor-agent/7.43",
            per_day: 48.0,
            timing: Timing::Timer,
            sent: Size::Own { median: 2_600.0, sigma: 0.2 },
            received: Size::Fixed(640),
        },
        Activity {
            towards: Towards::Known(&VAULT),
            service: Service::Ssl,
            agent: "vault-client/11.2",
            per_day: 12.0,
            timing: Timing::Rhythm(Rhythm::Always),
            sent: Size::Usual { median: 40_000.0, sigma: 1.0 },
            received: Size::Usual { median: 90_000.0, sigma: 1.0 },
        },
    ],
};
