//! Firewalls: lines of sessions, watched from both sides.

pub mod fortigate;
pub mod panos_traffic;
pub mod panos_url;
pub mod cisco_asa;
pub mod checkpoint;
pub mod juniper_srx;
pub mod sonicwall;
pub mod sophos_xg;
pub mod filterlog;
pub mod iptables;
