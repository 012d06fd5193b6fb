//! Traefik's access log in its common form: the combined log with the number of the request, the router, the server's URL
//! and the duration behind it.
//!
//! The size is the body sent to the client. What came in is only in the JSON form, see [`super::traefik`]. The stamp
//! marks the beginning.

use crate::event::reject::Reject;
use crate::event::{Event, Role, Stamped};
use crate::formats::format_string::{Dialect, Encoding, Field, Layout, Piece, Style, nginx, sample};
use crate::formats::{Context, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "traefik-clf",
    about: "Traefik's access log in its common form",
    roles: &[Role::Server, Role::Proxy],
    compile,
    sniff,
    is_header: None,
};

const COLUMNS: &str = r#"$client - $user [$time] "$request" $status $bytes "$referer" "$agent" $count "$router" "$server" $duration"#;

/// The first releases put no quotes around a missing referrer.
const UNQUOTED: &str = r#"$client - $user [$time] "$request" $status $bytes $referer "$agent" $count "$router" "$server" $duration"#;

const VARIABLES: &[nginx::Variable] = &[
    ("client", 0, Field::Client),
    ("user", 0, Field::User),
    ("time", 0, Field::Stamp(Style::Clf, Stamped::Start)),
    ("request", 0, Field::Request),
    ("status", 0, Field::Status),
    ("bytes", 0, Field::DestinationBytes { dash_is_zero: false }),
    ("agent", 0, Field::Agent),
    ("duration", 0, Field::Duration(1_000)),
];

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "the columns of this log are fixed: leave the string out".into();
        return Err(SpecError { message, position: 0 });
    }
    let remedy = "use accessLog.format: json, which has RequestContentSize";
    let role = if context.role == Some(Role::Proxy) { Role::Proxy } else { Role::Server };
    let dialect = Dialect { dataset: "traefik", role, remedy, context };
    let layout = |columns| {
        let mut pieces = nginx::pieces_of(columns, VARIABLES, Encoding::QuoteOnly)?;
        for piece in &mut pieces {
            // A user's name may hold blanks, though it stands in no quotes.
            if let Piece::Directive(directive) = piece {
                directive.one_word &= directive.field != Field::User;
            }
        }
        Layout::compile(pieces, dialect)
    };
    Ok(Arc::new(TraefikClf { usual: layout(COLUMNS)?, unquoted: layout(UNQUOTED)? }))
}

#[derive(Debug)]
struct TraefikClf {
    usual: Layout,
    unquoted: Layout,
}

impl Format for TraefikClf {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let before = events.len();
        self.usual.parse(line, scratch, events).or_else(|reject| {
            events.truncate(before);
            self.unquoted.parse(line, scratch, events).map_err(|_| {
                events.truncate(before);
                reject
            })
        })
    }

    fn sight(&self) -> Sight {
        self.usual.sight()
    }
}

/// Behind the agent stand a number, two quoted values and a duration that ends with `ms`.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    let own = lines.iter().filter(|line| line.trim_ascii_end().ends_with(b"ms")).count();
    if sample::is_most(own, lines.len())
        && compile("", context).is_ok_and(|format| sample::reads_most(&*format, &lines))
    {
        let why =
            "the lines are the combined log with Traefik's router, server and milliseconds behind".into();
        return Sniffed::Yes { spec: String::new(), why };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use proptest::prelude::*;

    const LINE: &str = r#"192.0.2.7 - jdoe [29/Mar/2023:01:02:03 +0000] "GET /a?b HTTP/2.0" 200 2326 "-" "curl/8.1" 17 "web@docker" "http://10.0.0.3:80" 26ms"#;

    #[test]
    fn lines_good_and_bad() {
        let expected = "from 2023-03-29T01:02:03Z | Server | src 192.0.2.7 | dst =2326 | 26000us | user jdoe | GET | /a?b | 200 | agent curl/8.1";
        assert_eq!(shown(&KIND, "", LINE), expected);
        let blank = LINE.replace("jdoe", "j doe");
        assert_eq!(shown(&KIND, "", &blank), expected.replace("jdoe", "j doe"));
        let none = LINE.replace("\"web@docker\" \"http://10.0.0.3:80\" 26ms", "\"-\" \"-\" 0ms");
        assert_eq!(shown(&KIND, "", &none), expected.replace("26000us", "0us"));
        assert!(shown(&KIND, "", &LINE.replace("2326", "23x6")).starts_with("bad_number"));
        assert!(shown(&KIND, "", "nonsense").starts_with("malformed"));
    }

    #[test]
    fn recognised() {
        assert!(matches!(sniff(&[LINE.as_bytes()], &Context::default()), Sniffed::Yes { .. }));
        assert!(matches!(sniff(&[b"it took 26ms"], &Context::default()), Sniffed::No));
        let proxy = Context { role: Some(Role::Proxy), ..Context::default() };
        assert!(compile("", &proxy).unwrap().sight().blind().is_some_and(|blind| blind.contains("json")));
        assert!(compile("x", &Context::default()).is_err());
    }

    proptest! {
        #[test]
        fn no_damaged_line_panics(cut in 0usize..150, insert in proptest::collection::vec(any::<u8>(), 0..9)) {
            let (front, back) = LINE.as_bytes().split_at(cut.min(LINE.len()));
            let line = [front, &insert, back].concat();
            let _ = shown_by(&*compile("", &Context::default()).unwrap(), &line);
            let _ = sniff(&[&line], &Context::default());
        }
    }
}
