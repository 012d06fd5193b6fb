//! Transfers that a proxy's log tells of its clients, and a flow sensor again: of the proxy towards the server, of the
//! client towards the server (the proxy is transparent), or of the client towards the proxy (which is outside, in a cloud).
//! They are known again by the server's address (or the client's) and by time.
//!
//! The proxy's lines always count. A flow counts only in as much as it is more than those lines say of the same server in
//! the same time, and each byte of a line stands for one byte of flows only.

use super::apart::Told;
use super::sensors::Place;
use super::table::Table;
use super::{SKEW, leave};
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::net::IpAddr;

/// Most lines kept of one server.
const LINES_MAX: usize = 4096;

/// A line older than this stands for no flow: flows last hours, seldom days.
const KEPT: Span = Span::DAY;

/// The lines known, by server and again by client: one line stands for a flow to the proxy and for one from it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Proxied {
    table: Table<VecDeque<Line>>,
}

/// Where a flow stands to our proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It comes from one.
    From,
    /// It goes to one.
    To,
    /// Neither end is one, as far as we were told.
    Past,
}

/// What a line of a proxy's log tells.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) client: Option<IpAddr>,
    pub(super) began: Timestamp,
    pub(super) closed: Timestamp,
    /// Bytes, as (out, back), for which no flow was met yet.
    pub(super) left: (u64, u64),
    pub(super) place: Place,
}

impl Proxied {
    /// Adds a line. Gives how many had to go for it.
    pub(super) fn add(&mut self, server: u64, line: Line, turn: Timestamp) -> u64 {
        let (lines, mut evicted) = self.table.value(server, turn);
        while lines.front().is_some_and(|line| line.closed < turn - KEPT || line.left == (0, 0)) {
            lines.pop_front();
        }
        if lines.len() >= LINES_MAX {
            lines.pop_front();
            evicted += 1;
        }
        lines.push_back(line);
        evicted
    }

    /// Leaves in a flow what the lines do not tell; gives the one that told most of it.
    pub(super) fn draw(&mut self, flow: &mut Told, way: Way) -> Option<Place> {
        let key = if way == Way::To { flow.client } else { flow.server };
        let lines = self.table.known(key?)?;
        let (mut out, mut back) = (flow.out, flow.back.unwrap_or(0));
        let either_way = flow.sense.either_way();
        let mut most = (0, None);
        for line in lines.iter_mut() {
            let same = way != Way::Past || (line.client.is_some() && line.client == flow.host_ip);
            if !same || line.began > flow.closed + SKEW || flow.began > line.closed + SKEW {
                continue;
            }
            let before = out;
            draw(&mut out, &mut line.left.0);
            draw(if either_way { &mut out } else { &mut back }, &mut line.left.1);
            if before - out > most.0 {
                most = (before - out, Some(line.place));
            }
        }
        leave(flow, (out, back));
        most.1
    }
}

fn draw(wanted: &mut u64, left: &mut u64) {
    let both = (*wanted).min(*left);
    *wanted -= both;
    *left -= both;
}
