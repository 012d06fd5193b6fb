//! Several formats on one input (`--format auto-mixed`), told apart line by line: what a log collector hands on.
//!
//! The formats are those that the first lines show, each found by its own lines; a line is read by the first of them that
//! can. Formats that need a header above their rows are left out, since lines of others stand between.

use super::detect::detect;
use super::{Context, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role};
use std::sync::Arc;

/// Stands beside the table and not in it: it is asked for, never recognised.
pub const KIND: Kind = Kind {
    name: "auto-mixed",
    about: "several formats line by line",
    roles: &[Role::Proxy, Role::Server, Role::Flow, Role::Store, Role::Dns],
    compile: |_, _| {
        Err(SpecError {
            message: "auto-mixed takes no string: its formats are found in the lines".into(),
            position: 0,
        })
    },
    sniff: |_, _| Sniffed::No,
    is_header: None,
};

/// Most formats told apart.
const FORMATS_MAX: usize = 16;

#[derive(Debug)]
struct Mixed {
    formats: Vec<Arc<dyn Format>>,
    sight: Sight,
}

/// The formats in these lines, and their names; `None` where no line shows any.
pub fn mixed(lines: &[&[u8]], context: &Context) -> Option<(Arc<dyn Format>, String)> {
    let mut formats: Vec<Arc<dyn Format>> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for line in lines {
        let Ok(found) = detect(&[line], context) else { continue };
        let name = format!("{}:{}", found.kind.name, found.spec);
        if found.kind.is_header.is_none() && !names.contains(&name) && formats.len() < FORMATS_MAX {
            formats.push(found.format);
            names.push(name);
        }
    }
    let first = formats.first()?.sight();
    let sights: Vec<Sight> = formats.iter().map(|format| format.sight()).collect();
    // The remedy that is told is that of the first format that needs one; which lines are blind is counted.
    let blind = sights.iter().find(|sight| sight.blind().is_some()).cloned();
    let sight = blind.filter(|_| sights.iter().all(|sight| sight.blind().is_some())).unwrap_or(Sight {
        source_bytes: true,
        destination_bytes: true,
        ..first
    });
    Some((Arc::new(Mixed { formats, sight }), names.join(", ")))
}

impl Format for Mixed {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let place = events.len();
        let mut first = None;
        for format in &self.formats {
            match format.parse(line, scratch, events) {
                Ok(()) => return Ok(()),
                Err(reject) => first = first.or(Some(reject)),
            }
            events.truncate(place);
        }
        Err(first.unwrap_or(Reject::line(Reason::Malformed)))
    }

    fn sight(&self) -> Sight {
        self.sight.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUID: &[u8] = b"1679529600.123    250 10.1.2.3 TCP_MISS/200 4512 GET http://files.example/a - HIER_DIRECT/203.0.113.9 text/html";
    const COMMON: &[u8] = b"203.0.113.7 - - [29/Mar/2023:01:02:03 +0000] \"GET /x HTTP/1.1\" 200 1234";

    #[test]
    fn each_line_is_read_by_its_own_format() {
        let (format, names) = mixed(&[SQUID, b"neither", COMMON, SQUID], &Context::default()).unwrap();
        assert_eq!(names.split(", ").count(), 2, "{names}");
        let scratch = Scratch::new();
        let mut events = Vec::new();
        for line in [COMMON, SQUID, COMMON] {
            format.parse(line, &scratch, &mut events).unwrap();
        }
        let roles: Vec<Role> = events.iter().map(|event| event.role).collect();
        assert_eq!(roles, [Role::Server, Role::Proxy, Role::Server]);
        assert!(format.parse(b"neither", &scratch, &mut events).is_err());
        assert_eq!(events.len(), 3);
        assert!(mixed(&[b"neither"], &Context::default()).is_none());
    }
}
