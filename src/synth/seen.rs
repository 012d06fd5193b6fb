//! What somebody's own log tells of a host, as far as scenarios ask for it: whether it is one that they would take, and what
//! it usually sends.

use crate::units::Timestamp;

/// A host of somebody's own log.
#[derive(Clone, Debug)]
pub struct SeenHost {
    /// As a scan calls it.
    pub name: String,
    /// As a line of the log calls it: its address, or its name where the log knows no address.
    pub written: String,
    /// Which of the roles of scenarios it could play.
    pub like: Like,
    /// When it was first and last heard.
    pub heard: (Timestamp, Timestamp),
    /// What it sent in its busiest hour, in bytes.
    pub an_hour: u64,
    /// What it sends in a day, on average, in bytes.
    pub a_day: u64,
    /// The place that it sends most to, as a scan calls it.
    pub favourite: Option<String>,
    /// What it sends night for night to one place (bytes, hour of the day in UTC), if it does.
    pub nightly: Option<(u64, u32)>,
}

/// A log does not say what a machine is for; how much it sends and to how many tells enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Like {
    /// Sends hardly anything.
    Quiet,
    /// Sends something every day, to few.
    Server,
    /// Sends much, to few.
    Busy,
    /// Speaks to many, as people do.
    Desk,
    /// Answers the public.
    Web,
}

impl Like {
    /// The role of an invented estate that is most like it.
    pub(super) fn role(self) -> &'static str {
        match self {
            Like::Quiet => "database-server",
            Like::Server => "application-server",
            Like::Busy => "file-server",
            Like::Desk => "workstation",
            Like::Web => "web-server",
        }
    }
}
