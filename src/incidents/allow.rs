//! Allow rules: what may leave without being told, and within which bounds. An allowed incident is judged and kept like any
//! other; it takes no room in the budget and is told to nobody while its rule holds.
//!
//! A rule says nothing of what else a host does: outside its hours, above its cap, by another port, after its end, or when the
//! host falls silent or a bucket is opened, it is told as if there were no rule. What cannot be proved to be within the bounds
//! (a log without ports, for a rule that names some) is outside.

use crate::baseline::SCALES;
use crate::estate::Inventory;
use crate::event::address;
use crate::units::{Bytes, Span, Timestamp, UnitError};
use ipnet::IpNet;
use jiff::civil;
use jiff::tz::TimeZone;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

/// One `[[allow]]`. What is `None` or empty does not matter; a host, a role or a destination is always named.
#[derive(Clone, Debug, PartialEq)]
pub struct Allow {
    /// Where it stands in its file, from 1.
    pub line: usize,
    /// Whose bytes.
    pub host: Option<Who>,
    /// The host's role in the inventory.
    pub role: Option<Glob>,
    /// Where to: a registered domain, or the network of a destination group or one around it.
    pub destination: Option<Who>,
    /// Ports of the other end.
    pub ports: Vec<u16>,
    /// In which hours of the day.
    pub hours: Option<Hours>,
    /// How much; of the host in all, or to the destination where the rule names one.
    pub up_to: Option<Cap>,
    /// From then on (event time) it covers nothing.
    pub until: Option<Timestamp>,
    /// Why; never empty.
    pub reason: Arc<str>,
}

/// Who sends to whom, by the names that outputs show.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The host, in lower case.
    pub host: &'a str,
    /// The destination group; `None`: several.
    pub destination: Option<&'a str>,
    /// Knows roles and addresses.
    pub inventory: &'a Inventory,
}

/// What is being sent in a window.
#[derive(Clone, Copy)]
pub struct Sending<'a> {
    /// When the window began.
    pub at: Timestamp,
    /// The ports of the other end that are known of the pair, 0 for one that its line does not say.
    pub ports: &'a [u16],
    /// Bytes out of the host in the span of [`SCALES`] with this number that ends with the window.
    pub of_host: &'a dyn Fn(usize) -> u64,
    /// The same towards the destination.
    pub of_pair: &'a dyn Fn(usize) -> u64,
}

impl Allow {
    /// Whether it is about this host and this destination.
    pub fn is_about(&self, about: &About<'_>) -> bool {
        let role = || about.inventory.member(about.host).map_or("", |member| &member.role);
        self.host.as_ref().is_none_or(|host| host.is_host(about.host, about.inventory))
            && self.role.as_ref().is_none_or(|wanted| wanted.matches(role()))
            && self
                .destination
                .as_ref()
                .is_none_or(|place| about.destination.is_some_and(|to| place.is_group(to)))
    }

    /// Whether what is sent lies within its hours, ports, volume and time.
    pub fn bounds(&self, sending: &Sending<'_>) -> bool {
        let sent = |cap: &Cap| match self.destination {
            Some(_) => (sending.of_pair)(cap.scale),
            None => (sending.of_host)(cap.scale),
        };
        let ports =
            || !sending.ports.is_empty() && sending.ports.iter().all(|port| self.ports.contains(port));
        self.until.is_none_or(|until| sending.at < until)
            && self.hours.as_ref().is_none_or(|hours| hours.hold(sending.at))
            && (self.ports.is_empty() || ports())
            && self.up_to.as_ref().is_none_or(|cap| sent(cap) <= cap.bytes.0)
    }

    /// Whether it covers nothing any more at this moment.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// A host or a destination group, as an operator names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// An address (all of its bits) or a network.
    Net(IpNet),
    /// A name.
    Name(Glob),
}

impl Who {
    /// An address, a network, or else a name with `*` and `?`.
    pub fn named(text: &str) -> Who {
        let ip = text.parse::<IpAddr>().map(IpNet::from);
        match text.parse::<IpNet>().or(ip) {
            Ok(net) => Who::Net(net),
            Err(_) => Who::Name(Glob::new(text)),
        }
    }

    /// Hosts go by their address or by their name in the inventory, whose address is asked then.
    fn is_host(&self, host: &str, inventory: &Inventory) -> bool {
        match self {
            Who::Name(glob) => glob.matches(host),
            Who::Net(net) => match address(host.as_bytes()) {
                Some(ip) => net.contains(&ip),
                None => {
                    let named = || inventory.by_ip(net.addr()).is_some_and(|member| member.host == host);
                    net.prefix_len() == net.max_prefix_len() && named()
                        || inventory.address_of(host).is_some_and(|ip| net.contains(&ip))
                }
            },
        }
    }

    /// Groups of addresses go by their network.
    fn is_group(&self, group: &str) -> bool {
        match self {
            Who::Name(glob) => glob.matches(group),
            Who::Net(net) => group.parse::<IpNet>().is_ok_and(|group| net.contains(&group)),
        }
    }
}

/// A name in which `*` stands for any letters and `?` for any one; case does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Any text is one.
    pub fn new(text: &str) -> Glob {
        Glob(text.to_lowercase())
    }

    /// As it was written, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether all of a name is meant. Takes time by the product of both lengths at most.
    pub fn matches(&self, name: &str) -> bool {
        let (glob, name): (Vec<char>, Vec<char>) =
            (self.0.chars().collect(), name.to_lowercase().chars().collect());
        let (mut at, mut here) = (0, 0);
        // Behind the last star, and where in the name what it stands for ends.
        let mut star: Option<(usize, usize)> = None;
        while here < name.len() {
            match glob.get(at) {
                Some('*') => {
                    at += 1;
                    star = Some((at, here));
                }
                Some(letter) if *letter == '?' || name.get(here) == Some(letter) => {
                    (at, here) = (at + 1, here + 1);
                }
                _ => {
                    let Some((behind, until)) = star else { return false };
                    (at, here) = (behind, until + 1);
                    star = Some((behind, here));
                }
            }
        }
        glob.iter().skip(at).all(|letter| *letter == '*')
    }
}

/// Hours of the day in a zone. A window of five minutes lies within them if it begins there.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    /// In minutes since midnight, below 1440.
    from: u32,
    /// The same; before `from`: on the next day.
    to: u32,
    /// Whose clock it is.
    zone: TimeZone,
}

impl Hours {
    /// The same by the clock of a zone.
    pub fn within(self, zone: TimeZone) -> Hours {
        Hours { zone, ..self }
    }

    fn hold(&self, at: Timestamp) -> bool {
        let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
        let time = self.zone.to_datetime(at).time();
        let now = u32::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0);
        match self.from <= self.to {
            true => (self.from..self.to).contains(&now),
            false => now >= self.from || now < self.to,
        }
    }
}

impl FromStr for Hours {
    type Err = UnitError;

    /// `"01:00-05:00"`, `"22:00-04:00"` over midnight; `"00:00-24:00"` is the whole day. In UTC until a zone is set.
    fn from_str(text: &str) -> Result<Hours, UnitError> {
        let wrong = || UnitError::new(format!("\"{text}\" are no hours: write them as in \"01:00-05:00\""));
        let minute = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let two = |text: &str| Some(text).filter(|text| text.len() == 2)?.parse::<u32>().ok();
            let (hour, minute) = (two(hour)?, two(minute)?);
            (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
        };
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        match (minute(from).ok_or_else(wrong)?, minute(to).ok_or_else(wrong)?) {
            (from, to) if from == to || from == 24 * 60 => Err(wrong()),
            (from, to) => Ok(Hours { from, to, zone: TimeZone::UTC }),
        }
    }
}

/// The most that may leave in a span that ends now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Bytes out.
    pub bytes: Bytes,
    /// The span's number in [`SCALES`].
    pub scale: usize,
}

/// What a cap may be counted by.
const SPANS: [(&str, Span); 3] = [("hour", Span::HOUR), ("day", Span::DAY), ("week", Span::DAY.times(7))];

impl FromStr for Cap {
    type Err = UnitError;

    /// `"50GB/day"`; also `/hour` and `/week`.
    fn from_str(text: &str) -> Result<Cap, UnitError> {
        let wrong = || {
            UnitError::new(format!(
                "\"{text}\" is no cap: write a size for each hour, day or week, as in \"50GB/day\""
            ))
        };
        let (bytes, by) = text.split_once('/').ok_or_else(wrong)?;
        let span = SPANS.iter().find(|(name, _)| *name == by.trim()).map(|(_, span)| *span);
        let scale = span.and_then(|span| SCALES.iter().position(|scale| *scale == span));
        Ok(Cap { bytes: bytes.parse().map_err(|_| wrong())?, scale: scale.ok_or_else(wrong)? })
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = SCALES.get(self.scale).copied();
        let by = SPANS.iter().find(|(_, known)| Some(*known) == span).map_or("", |(name, _)| name);
        write!(f, "{}/{by}", self.bytes)
    }
}

/// The moment at which something ends: a date means the end of that day in the zone, a date and time without a zone is in it.
///
/// # Errors
/// For what is neither, nor RFC 3339.
pub fn deadline(text: &str, zone: &TimeZone) -> Result<Timestamp, UnitError> {
    let wrong = || {
        UnitError::new(format!(
            "\"{text}\" is no time: write a date, which counts to its end, as in \"2027-01-31\", or \"2027-01-31T18:00:00Z\""
        ))
    };
    let stamp = if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        Some(stamp)
    } else {
        // A date reads as a date and time too; only the one has no T or space in it.
        let is_date = text.len() == "2027-01-31".len();
        let civil = match is_date {
            true => text.parse::<civil::Date>().and_then(|date| date.tomorrow()).map(civil::DateTime::from),
            false => text.parse::<civil::DateTime>(),
        };
        civil.ok().and_then(|civil| zone.to_timestamp(civil).ok())
    };
    stamp.and_then(|stamp| Timestamp::from_micros(stamp.as_microsecond())).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rule() -> Allow {
        Allow {
            line: 1,
            host: None,
            role: None,
            destination: None,
            ports: Vec::new(),
            hours: None,
            up_to: None,
            until: None,
            reason: "a test".into(),
        }
    }

    fn sending<'a>(moment: &str, ports: &'a [u16], of_pair: &'a dyn Fn(usize) -> u64) -> Sending<'a> {
        Sending { at: at(moment), ports, of_host: &|_| 1_000, of_pair }
    }

    #[test]
    fn globs() {
        for (glob, name, expected) in [
            ("backup-*", "backup-01", true),
            ("backup-*", "backup-", true),
            ("backup-*", "xbackup-1", false),
            ("BACKUP-0?", "backup-01", true),
            ("backup-0?", "backup-0", false),
            ("*.example", "vault.example", true),
            ("a*b*c", "abxbxc", true),
            ("a*b*c", "abxbx", false),
            ("**", "", true),
            ("", "", true),
            ("", "a", false),
            ("10.1.*", "10.1.2.3", true),
            ("[ab]", "a", false),
        ] {
            assert_eq!(Glob::new(glob).matches(name), expected, "{glob} {name}");
        }
        // Not exponential.
        assert!(!Glob::new(&format!("{}b", "a*".repeat(50))).matches(&"a".repeat(2_000)));
    }

    #[test]
    fn hosts_by_address_network_name_and_role() {
        let text =
            "host,role,subnet\nbackup-01,backup,10.1.2.3\nbackup-01,backup,10.9.0.1\n,desk,10.2.0.0/16\n";
        let inventory = Inventory::read(text.as_bytes()).unwrap();
        let about = |host, destination| About { host, destination, inventory: &inventory };
        let by_host =
            |who: &str, host| Allow { host: Some(Who::named(who)), ..rule() }.is_about(&about(host, None));
        for (who, host, expected) in [
            ("backup-01", "backup-01", true),
            ("Backup-*", "backup-01", true),
            ("10.1.2.3", "backup-01", true),
            ("10.9.0.1", "backup-01", true),
            ("10.1.0.0/16", "backup-01", true),
            ("10.2.0.0/16", "backup-01", false),
            ("10.2.0.0/16", "10.2.3.4", true),
            ("10.2.3.4", "10.2.3.4", true),
            ("10.2.3.4", "10.2.3.40", false),
            ("2001:db8::/32", "2001:db8::1", true),
            ("backup-02", "backup-01", false),
        ] {
            assert_eq!(by_host(who, host), expected, "{who} {host}");
        }
        let by_role =
            |role, host| Allow { role: Some(Glob::new(role)), ..rule() }.is_about(&about(host, None));
        assert!(by_role("backup", "backup-01") && by_role("desk", "10.2.3.4") && by_role("d*", "10.2.3.4"));
        assert!(!by_role("desk", "backup-01") && !by_role("desk", "10.3.0.1"));
        let to = |who: &str, group| {
            Allow { destination: Some(Who::named(who)), ..rule() }.is_about(&about("h", group))
        };
        assert!(to("vault.example", Some("vault.example")) && to("vault*", Some("vault.example")));
        assert!(to("203.0.113.0/24", Some("203.0.113.0/24")) && to("203.0.0.0/16", Some("203.0.113.0/24")));
        assert!(!to("203.0.113.0/25", Some("203.0.113.0/24")) && !to("vault.example", Some("evil.example")));
        assert!(!to("vault.example", None), "what goes to several places goes to others than that");
    }

    #[test]
    fn bounds() {
        let none: &dyn Fn(usize) -> u64 = &|_| 0;
        let until = Allow { until: Some(at("2023-03-29T00:00:00Z")), ..rule() };
        assert!(until.bounds(&sending("2023-03-28T23:55:00Z", &[], none)));
        assert!(!until.bounds(&sending("2023-03-29T00:00:00Z", &[], none)));
        assert!(until.is_over(at("2023-03-29")) && !until.is_over(at("2023-03-28")));

        let ports = Allow { ports: vec![443, 8443], ..rule() };
        for (known, expected) in [
            (&[443][..], true),
            (&[443, 8443], true),
            (&[443, 5000], false),
            (&[443, 0], false),
            (&[], false),
        ] {
            assert_eq!(ports.bounds(&sending("2023-03-29", known, none)), expected, "{known:?}");
        }

        let cap = Allow { up_to: "2kB/day".parse().ok(), ..rule() };
        // Without a destination it is the host's volume that counts, 1 kB here; with one, the pair's.
        assert!(cap.bounds(&sending("2023-03-29", &[], &|_| 1 << 40)));
        let cap = Allow { destination: Some(Who::named("*")), ..cap };
        assert!(cap.bounds(&sending("2023-03-29", &[], &|scale| [9_999, 9_999, 2_000, 9_999, 9_999][scale])));
        assert!(!cap.bounds(&sending("2023-03-29", &[], &|scale| [0, 0, 2_001, 0, 0][scale])));
    }

    #[test]
    fn hours_of_the_day() {
        let hold = |hours: &str, zone: &str, moment: &str| {
            let hours = Hours { zone: TimeZone::get(zone).unwrap(), ..hours.parse().unwrap() };
            hours.hold(at(moment))
        };
        for (hours, zone, moment, expected) in [
            ("01:00-05:00", "UTC", "2023-03-29T01:00:00Z", true),
            ("01:00-05:00", "UTC", "2023-03-29T04:55:00Z", true),
            ("01:00-05:00", "UTC", "2023-03-29T05:00:00Z", false),
            ("01:00-05:00", "UTC", "2023-03-29T00:55:00Z", false),
            // Over midnight.
            ("22:00-04:00", "UTC", "2023-03-29T23:00:00Z", true),
            ("22:00-04:00", "UTC", "2023-03-29T03:55:00Z", true),
            ("22:00-04:00", "UTC", "2023-03-29T12:00:00Z", false),
            ("00:00-24:00", "UTC", "2023-03-29T23:59:00Z", true),
            // British summer time began on 26 March.
            ("01:00-05:00", "Europe/London", "2023-03-29T00:30:00Z", true),
            ("01:00-05:00", "Europe/London", "2023-03-29T04:30:00Z", false),
            ("01:00-05:00", "Europe/London", "2023-03-22T04:30:00Z", true),
        ] {
            assert_eq!(hold(hours, zone, moment), expected, "{hours} {zone} {moment}");
        }
        for wrong in
            ["", "1-5", "01:00", "01:00-01:00", "25:00-26:00", "24:00-05:00", "01:60-02:00", "1:00-5:00"]
        {
            assert!(wrong.parse::<Hours>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn caps_and_ends() {
        let cap: Cap = "50GB/day".parse().unwrap();
        assert_eq!((cap.bytes, SCALES[cap.scale]), (Bytes(50_000_000_000), Span::DAY));
        assert_eq!(cap.to_string(), "50.0 GB/day");
        assert_eq!(SCALES["1 kB / hour".parse::<Cap>().unwrap().scale], Span::HOUR);
        assert_eq!(SCALES["1 kB/week".parse::<Cap>().unwrap().scale], Span::DAY.times(7));
        for wrong in ["50GB", "50GB/month", "/day", "x/day", ""] {
            assert!(wrong.parse::<Cap>().is_err(), "{wrong}");
        }
        let london = TimeZone::get("Europe/London").unwrap();
        let end = |text| deadline(text, &london).map(|end| end.to_string());
        assert_eq!(end("2027-01-31").unwrap(), "2027-02-01T00:00:00Z");
        assert_eq!(end("2027-06-30").unwrap(), "2027-06-30T23:00:00Z");
        assert_eq!(end("2027-06-30T18:00:00").unwrap(), "2027-06-30T17:00:00Z");
        assert_eq!(end("2027-06-30T18:00:00Z").unwrap(), "2027-06-30T18:00:00Z");
        assert!(end("soon").is_err() && end("2027-02-30").is_err() && end("").is_err());
    }
}
