//! Zones by the abbreviations that devices write behind a clock (`EDT`, `CEST`).
//!
//! Abbreviations mean different zones to different people: what the caller's zone calls itself at that time is asked first,
//! so that `CST` is China's where the caller says Asia/Shanghai. A name that is in neither list says nothing.

use crate::units::Timestamp;
use jiff::tz::TimeZone;

const MINUTE: i64 = 60_000_000;

/// Names and their minutes east of UTC: those of RFC 5322, section 4.3, and others to which the tz database gives one offset.
/// `IST` is missing, as it is India's, Ireland's and Israel's.
const NAMES: [(&[u8], i64); 31] = [
    (b"UTC", 0),
    (b"GMT", 0),
    (b"Z", 0),
    (b"EST", -300),
    (b"EDT", -240),
    (b"CST", -360),
    (b"CDT", -300),
    (b"MST", -420),
    (b"MDT", -360),
    (b"PST", -480),
    (b"PDT", -420),
    (b"AKST", -540),
    (b"AKDT", -480),
    (b"HST", -600),
    (b"WET", 0),
    (b"WEST", 60),
    (b"BST", 60),
    (b"CET", 60),
    (b"CEST", 120),
    (b"EET", 120),
    (b"EEST", 180),
    (b"MSK", 180),
    (b"HKT", 480),
    (b"AWST", 480),
    (b"JST", 540),
    (b"KST", 540),
    (b"ACST", 570),
    (b"AEST", 600),
    (b"AEDT", 660),
    (b"NZST", 720),
    (b"NZDT", 780),
];

/// Whether it is the name of a zone, in capitals.
pub(super) fn is_name(text: &[u8]) -> bool {
    of_name(text).is_some()
}

fn of_name(text: &[u8]) -> Option<i64> {
    NAMES.iter().find(|(name, _)| *name == text).map(|(_, minutes)| minutes * MINUTE)
}

/// Microseconds east of UTC that a name means, at about `stamp` to someone in `zone`.
#[cold]
pub(super) fn east(name: &[u8], stamp: Timestamp, zone: &TimeZone) -> Option<i64> {
    let at = jiff::Timestamp::from_microsecond(stamp.0).ok()?;
    let here = zone.to_offset_info(at);
    match here.abbreviation().as_bytes() == name {
        true => Some(i64::from(here.offset().seconds()) * 1_000_000),
        false => of_name(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_the_zone_calls_itself_or_has_one_meaning() {
        let summer = Timestamp(1_688_169_600_000_000);
        let hours = |name: &str, zone: &str| {
            east(name.as_bytes(), summer, &TimeZone::get(zone).unwrap()).map(|east| east / MINUTE / 60)
        };
        assert_eq!(hours("EDT", "UTC"), Some(-4));
        assert_eq!(hours("CEST", "America/New_York"), Some(2));
        assert_eq!(hours("CST", "UTC"), Some(-6));
        assert_eq!(hours("CST", "Asia/Shanghai"), Some(8));
        assert_eq!(hours("IST", "Asia/Kolkata"), Some(5));
        assert_eq!(hours("IST", "Europe/Dublin"), Some(1));
        assert_eq!(hours("IST", "UTC"), None);
        assert_eq!(hours("edt", "UTC"), None);
    }
}
