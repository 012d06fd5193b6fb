//! `known-tool`: the program that carries the data, or the place it goes to, is known for it.

use super::{Case, Detector, Judge};
use crate::baseline::{Destination, Pair, Rarity};
use crate::event::catalogue::Sort;

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "known-tool", technique: "T1567.002", manual: MANUAL, judge: Judge::Booster(boost) };

/// How much a tool adds, in bits: among uploads that stand out already, such a tool is taken to be 64 times as frequent in
/// a theft as in honest work.
const TOOL: f64 = 6.0;

const MANUAL: &str = "\
known-tool: the program that carries the data, or the place it goes to, is known for it (ATT&CK T1567.002)

What it sees
  rclone, MEGA, AzCopy, restic, Cyberduck, WinSCP and others by what they call themselves in the user agent; and places made
  for handing data on: file sharing, cloud storage, paste sites, tunnels, remote access, catchers of webhooks, chats, and with
  an MMDB file (--asn) the networks of those who rent out machines. The table of them is src/event/services.tsv, with its
  date; [[service]] in outflow.toml adds to it.

How
  Adds bits to what other detectors found for the same host and destination: how many times as frequent such a tool or place
  is taken to be in a theft as in honest work, among uploads that already stand out. A tool 6 bits (64 times); a paste site,
  a tunnel or a catcher of webhooks 4; file sharing, remote access and what the operator calls \"other\" 3; a chat 2; cloud
  storage and rented machines 1, as much honest work goes there. The larger counts where both are known. A place that more
  than one host in fifty uses adds nothing. The bits are taken, not measured. It never speaks alone, so an administrator's
  small rclone job is not told.

What fools it
  A changed agent, or a log without agents (CONNECT tunnels show none); a place that is not in the table, and a service
  under its company's own domain (drive.google.com is google.com). A hit raises, absence never clears.

Source: MITRE ATT&CK S1040 (Rclone), T1567.002 to T1567.004, T1102, T1219 and T1572; default agents from the programs'
documentation.";

fn boost(case: &Case<'_>, pair: &Pair, group: &Destination) -> f64 {
    let tool = if pair.tools == 0 { 0.0 } else { TOOL };
    let popular = case.baseline.rarity(group, case.host.channel) == Rarity::Popular;
    group.service.filter(|_| !popular).map_or(0.0, place).max(tool)
}

/// How much a place adds, in bits.
fn place(sort: Sort) -> f64 {
    match sort {
        Sort::Paste | Sort::Tunnel | Sort::Webhook => 4.0,
        Sort::FileSharing | Sort::RemoteAccess | Sort::Other => 3.0,
        Sort::Chat => 2.0,
        Sort::CloudStorage | Sort::Vps => 1.0,
    }
}
