//! Lines of the common log's family that differ in shape: sites of one server with a `LogFormat` each, or a format that
//! was changed meanwhile. What stands up to the size means the same in all of them.
//!
//! Of what stands behind it the agent is read, the second of the first two quoted values side by side; the rest is passed
//! over, as nothing says what it counts.

use super::{Front, Row, row};
use crate::event::reject::{Reason, Reject};
use crate::event::{Event, split_authority};
use crate::formats::format_string::{Dialect, Encoding, Layout, apache, target};
use crate::formats::{Detail, Format, Scratch, Sight, SpecError};

/// The three that stand before a size.
const LAYOUTS: [(Front, &str); 3] = [
    (Front::Nothing, r#"%h %l %u %t "%r" %>s %b"#),
    (Front::Name, r#"%v %h %l %u %t "%r" %>s %b"#),
    (Front::NameAndPort, r#"%v:%p %h %l %u %t "%r" %>s %b"#),
];

/// A format that looks at each line's shape.
#[derive(Debug)]
pub(in crate::formats::server) struct Any {
    layouts: Vec<(Front, Layout)>,
    detail: Detail,
    sight: Sight,
}

impl Any {
    pub(in crate::formats::server) fn new(dialect: Dialect<'_>) -> Result<Any, SpecError> {
        let mut layouts = Vec::with_capacity(LAYOUTS.len());
        for (front, spec) in LAYOUTS {
            layouts.push((front, Layout::compile(apache::pieces(spec)?, dialect)?));
        }
        let sight = Sight {
            role: dialect.role,
            source_bytes: false,
            destination_bytes: true,
            remedy: "pass --format 'apache:STRING' with the LogFormat that has %I",
        };
        Ok(Any { layouts, detail: dialect.context.detail, sight })
    }
}

/// The site, if one was written, and the addresses before the name that identd gives.
struct List<'a> {
    site: &'a [u8],
    /// Its first entry: whom the outermost proxy saw.
    first: &'a [u8],
    /// The whole list, in commas.
    entries: &'a [u8],
    /// Where the last of the list begins, from which on the line is as any other.
    last_begins: usize,
}

impl<'a> List<'a> {
    fn of(row: &Row<'a>) -> List<'a> {
        let blank = |text: &[u8]| memchr::memrchr(b' ', text).unwrap_or(0);
        let ident = blank(row.before.get(..blank(row.before)).unwrap_or_default());
        let listed = row.before.get(..ident).unwrap_or_default();
        let mut words = listed.split(|byte| *byte == b' ').peekable();
        let site = words.next_if(|word| !word.ends_with(b",")).unwrap_or_default();
        let first = words.next().unwrap_or_default();
        let bare = |text: &'a [u8]| {
            let text = text.strip_suffix(b",").unwrap_or(text);
            text.strip_prefix(b"\"").unwrap_or(text)
        };
        let last_begins = memchr::memrchr(b' ', listed).map_or(0, |at| at + 1);
        let begins = if site.is_empty() { 0 } else { site.len() + 1 };
        let entries = bare(listed.get(begins..).unwrap_or_default());
        // What follows the quote that ends a list is the last proxy.
        let end = memchr::memchr(b'"', entries).unwrap_or(entries.len());
        List { site, first: bare(first), entries: entries.get(..end).unwrap_or_default(), last_begins }
    }
}

impl Format for Any {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let line = line.trim_ascii_start();
        if line.is_empty() {
            return Ok(());
        }
        let row = row(line).ok_or_else(|| Reject::line(Reason::Malformed))?;
        let list = (row.front == Front::List).then(|| List::of(&row));
        let (front, begins) = match &list {
            Some(list) => (Front::Nothing, list.last_begins),
            None => (row.front, 0),
        };
        let layout = self.layouts.iter().find(|(other, _)| *other == front);
        let (_, layout) = layout.ok_or_else(|| Reject::line(Reason::Malformed))?;
        layout.parse(line.get(begins..row.size_ends).unwrap_or_default(), scratch, events)?;
        if let (Some(list), Some(event)) = (list, events.last_mut()) {
            (event.source.ip, event.source.domain) = (None, None);
            event.source.ip = target::forwarded(list.entries);
            if event.source.ip.is_none() {
                event.source.set_host(list.first);
            }
            let (host, port) = split_authority(list.site);
            event.destination.set_host(host);
            event.destination.port = port;
        }
        let agent = row.columns.windows(2).find_map(|pair| match pair {
            [(b'q', _), (b'q', agent)] => Some(*agent),
            _ => None,
        });
        if let (true, Some(event)) = (self.detail >= Detail::Sums, events.last_mut()) {
            let agent = agent.filter(|agent| !matches!(*agent, b"" | b"-"));
            event.user_agent = agent.map(|agent| Encoding::Backslash.decode(agent, scratch));
        }
        Ok(())
    }

    fn sight(&self) -> Sight {
        self.sight.clone()
    }
}
