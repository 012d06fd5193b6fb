//! Which columns are read, and as what.

use super::role::Dialect;
use crate::event::Role;
use crate::formats::columns::{Columns, MAX_COLUMNS};
use crate::formats::{Detail, Sight};

/// What a column can be read as; the rest go to `Skip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Date,
    Time,
    /// A date and time in one column, see [`Clock`].
    Stamp,
    Taken,
    SourceHost,
    SourcePort,
    DestinationName,
    DestinationIp,
    DestinationPort,
    /// Client to server.
    Up,
    /// Server to client.
    Down,
    Agent,
    Uri,
    Stem,
    Query,
    User,
    Method,
    Status,
    Protocol,
    Transport,
    Observer,
    Skip,
}

/// As many slots as are read.
pub(super) const SLOTS: usize = Slot::Skip as usize;

/// Where the time of a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// `date` and `time`, in UTC by the W3C draft and in IIS, ProxySG and CloudFront.
    DateAndTime,
    /// `time` alone; the day stands in `#Date`.
    Time,
    /// One column in brackets: `[29/Mar/2023:01:02:03 +0000]`.
    Bracketed,
    /// One column of seconds since the epoch.
    Epoch,
    /// One column in ISO 8601.
    Iso,
}

/// How to read a row.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) columns: Columns<SLOTS>,
    pub(super) clock: Clock,
    pub(super) role: Role,
    pub(super) dialect: Dialect,
    pub(super) detail: Detail,
    /// More columns may follow those named (`*`).
    pub(super) open: bool,
    /// The keys of what is read, where rows are JSON objects, and their slots.
    pub(super) keys: Box<[(String, u8)]>,
}

/// The names by which a slot's column goes, best first: only the first that a header has is read.
type Names = (Slot, &'static [&'static str]);

const BOTH: [Names; 7] = [
    (Slot::Taken, &["time-taken", "x-elapsed-time"]),
    (Slot::SourceHost, &["c-ip", "c-dns"]),
    (Slot::SourcePort, &["c-port"]),
    (Slot::Up, &["cs-bytes", "sr-bytes"]),
    (Slot::Agent, &["cs(user-agent)", "c-agent"]),
    (Slot::Uri, &["cs-uri", "cs-url", "c-uri"]),
    (Slot::Stem, &["cs-uri-stem", "cs-uri-path"]),
];

/// A server is the destination itself. `bytes` is the response where the server's log has one column only; CloudFront's
/// own name (`cs(host)`) says less than the site's, which is in `x-host-header`.
const SERVER: [Names; 4] = [
    (Slot::DestinationName, &["x-host-header", "cs-host", "cs(host)"]),
    (Slot::DestinationIp, &["s-ip"]),
    (Slot::DestinationPort, &["s-port"]),
    (Slot::Down, &["sc-bytes", "bytes"]),
];

/// A proxy's own `s-ip` and `s-port` are nobody's destination.
const PROXY: [Names; 4] = [
    (Slot::DestinationName, &["cs-host", "cs(host)", "r-host", "x-host-header"]),
    (Slot::DestinationIp, &["r-ip", "cs-ip", "s-supplier-ip"]),
    (Slot::DestinationPort, &["cs-uri-port", "r-port"]),
    (Slot::Down, &["sc-bytes", "rs-bytes"]),
];

/// What detectors ask for beside.
const JUDGED: [Names; 1] = [(Slot::Method, &["cs-method"])];

const FULL: [Names; 6] = [
    (Slot::Query, &["cs-uri-query"]),
    (Slot::User, &["cs-username", "cs-userdn", "cs-user"]),
    (Slot::Status, &["sc-status"]),
    (Slot::Protocol, &["cs-protocol", "cs-uri-scheme"]),
    (Slot::Transport, &["cs-transport"]),
    (Slot::Observer, &["s-computername", "s-sitename", "x-edge-location", "x-bluecoat-appliance-name"]),
];

const STAMPS: [(Clock, &[&str]); 3] = [
    (Clock::Iso, &["date-time", "datetime"]),
    (Clock::Bracketed, &["gmttime", "localtime"]),
    (Clock::Epoch, &["timestamp", "x-timestamp", "x-timestamp-unix-utc", "x-timestamp-unix"]),
];

/// The names of a `#Fields` header in lower case; separated by blanks, tabs or both.
pub(super) fn names(fields: &[u8]) -> Vec<String> {
    fields
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|name| !name.is_empty())
        .map(|name| name.split(|byte| *byte == b'=').next().unwrap_or(name))
        .map(|name| String::from_utf8_lossy(name).to_ascii_lowercase())
        .collect()
}

/// What the fields are called where rows are JSON objects: as in the header, or as `cs(user-agent)=cs-user-agent` says.
pub(super) fn keys(fields: &[u8]) -> Vec<String> {
    fields
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|name| !name.is_empty())
        .map(|name| name.split(|byte| *byte == b'=').next_back().unwrap_or(name))
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

impl Layout {
    /// Lays rows out by their fields (in lower case); a sentence that says what is missing where they name too little.
    pub(super) fn new(
        fields: &[String],
        role: Role,
        dialect: Dialect,
        detail: Detail,
    ) -> Result<Layout, String> {
        let open = fields.last().is_some_and(|last| last == "*");
        let fields = fields.get(..fields.len() - usize::from(open)).unwrap_or_default();
        if fields.len() > MAX_COLUMNS {
            return Err(format!("a #Fields header may name up to {MAX_COLUMNS} fields"));
        }
        let place = |name: &str| fields.iter().position(|field| field == name);
        let first = |names: &[&str]| names.iter().find_map(|name| place(name));
        let mut slots = vec![Slot::Skip as u8; fields.len()];
        let mut put = |slot: Slot, place: Option<usize>| {
            if let Some(column) = place.and_then(|place| slots.get_mut(place)) {
                *column = slot as u8;
            }
        };
        let clock = match (place("date"), place("time")) {
            (date @ Some(_), time @ Some(_)) => {
                put(Slot::Date, date);
                put(Slot::Time, time);
                Clock::DateAndTime
            }
            (_, time) => {
                let stamp = STAMPS.iter().find_map(|(clock, names)| Some((*clock, first(names)?)));
                match (stamp, time) {
                    (Some((clock, place)), _) => {
                        put(Slot::Stamp, Some(place));
                        clock
                    }
                    (None, Some(place)) => {
                        put(Slot::Time, Some(place));
                        Clock::Time
                    }
                    (None, None) => return Err("its #Fields name no time: log date and time".into()),
                }
            }
        };
        if first(&["c-ip", "c-dns"]).is_none() {
            return Err("its #Fields name no client: log c-ip".into());
        }
        let ends = if role == Role::Proxy { &PROXY } else { &SERVER };
        let full: &[Names] = if detail == Detail::Full { &FULL } else { &[] };
        let judged: &[Names] = if detail >= Detail::Judged { &JUDGED } else { &[] };
        for (slot, names) in BOTH.iter().chain(ends).chain(judged).chain(full) {
            put(*slot, first(names));
        }
        let columns = Columns::new(slots).ok_or("its #Fields are empty")?;
        Ok(Layout { columns, clock, role, dialect, detail, open, keys: Box::default() })
    }

    /// With the keys of its fields, in their order.
    pub(super) fn with_keys(mut self, keys: Vec<String>) -> Layout {
        let read = keys.into_iter().zip(self.columns.slots().iter().copied());
        self.keys = read.filter(|(_, slot)| usize::from(*slot) != Slot::Skip as usize).collect();
        self
    }

    pub(super) fn has(&self, slot: Slot) -> bool {
        self.columns.has(slot as usize)
    }

    /// What the fields show, and what to do about the rest.
    pub(super) fn sight(&self) -> Sight {
        let remedy = match (self.role, self.dialect) {
            (Role::Server, Dialect::Iis) => {
                "in IIS Manager > Logging > Select Fields tick \"Bytes Sent (sc-bytes)\" and \"Bytes Received \
                 (cs-bytes)\", or run: appcmd set config -section:system.applicationHost/sites \
                 /siteDefaults.logFile.logExtFileFlags:Date,Time,ClientIP,UserName,ComputerName,ServerIP,Method,\
                 UriStem,UriQuery,HttpStatus,Win32Status,BytesSent,BytesRecv,TimeTaken,ServerPort,UserAgent,Host,\
                 HttpSubStatus /commit:apphost"
            }
            (Role::Proxy, _) => {
                "add cs-bytes and sc-bytes to the logged fields (ProxySG: Access Logging > Formats, in the ELFF string)"
            }
            _ => "add sc-bytes and cs-bytes to the logged fields (#Fields)",
        };
        Sight {
            role: self.role,
            source_bytes: self.has(Slot::Up),
            destination_bytes: self.has(Slot::Down),
            remedy,
        }
    }
}
