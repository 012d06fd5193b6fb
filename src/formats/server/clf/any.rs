//! Lines of the common log's family that differ in shape: sites of one server with a `LogFormat` each, or a format that
//! was changed meanwhile. What stands up to the size means the same in all of them.
//!
//! Of what stands behind it the agent is read, the second of the first two quoted values side by side; the rest is passed
//! over, as nothing says what it counts.

use super::{Front, row};
use crate::event::Event;
use crate::event::reject::{Reason, Reject};
use crate::formats::format_string::{Dialect, Encoding, Layout, apache};
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

impl Format for Any {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let row = row(line).ok_or_else(|| Reject::line(Reason::Malformed))?;
        let layout = self.layouts.iter().find(|(front, _)| *front == row.front);
        let (_, layout) = layout.ok_or_else(|| Reject::line(Reason::Malformed))?;
        layout.parse(line.get(..row.size_ends).unwrap_or_default(), scratch, events)?;
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
