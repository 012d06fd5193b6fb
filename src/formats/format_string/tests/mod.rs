//! What the tests of the kinds share: a line in, an event as one short text out.

mod quick;
mod round_trip;
mod unknown;

use crate::event::{Endpoint, Event, Role, Stamped};
use crate::formats::{Context, Format, Kind, Scratch};

/// Compiles `spec` and reads `line`; the event in short, or why it was rejected.
pub(crate) fn shown(kind: &Kind, spec: &str, line: &str) -> String {
    shown_in(kind, spec, line, &Context::default())
}

/// [`shown`] with a context.
pub(crate) fn shown_in(kind: &Kind, spec: &str, line: &str, context: &Context) -> String {
    let format = (kind.compile)(spec, context).unwrap_or_else(|error| panic!("{spec}: {error}"));
    shown_by(&*format, line.as_bytes())
}

/// [`shown`] by a compiled format.
pub(crate) fn shown_by(format: &dyn Format, line: &[u8]) -> String {
    let scratch = Scratch::new();
    let mut events = Vec::new();
    match format.parse(line, &scratch, &mut events) {
        Ok(()) => events.iter().map(event).collect::<Vec<_>>().join("; "),
        Err(reject) => format!("{} at {}", reject.reason.name(), reject.column),
    }
}

fn event(event: &Event<'_>) -> String {
    let end = |name: &str, end: &Endpoint<'_>| {
        let parts = [
            end.ip.map(|ip| ip.to_string()),
            end.domain.map(text),
            end.port.map(|port| format!(":{port}")),
            end.bytes.map(|bytes| format!("={bytes}")),
        ];
        format!("{name} {}", parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    };
    let mut shown = vec![match event.stamped {
        Stamped::End => event.timestamp.to_string(),
        Stamped::Start => format!("from {}", event.timestamp),
    }];
    shown.extend((event.role != Role::Proxy).then(|| format!("{:?}", event.role)));
    shown.extend([end("src", &event.source), end("dst", &event.destination)]);
    shown.extend(event.duration.map(|span| format!("{}us", span.0)));
    shown.extend(event.user.map(|user| format!("user {}", text(user))));
    shown.extend(event.method.map(text));
    shown.extend(event.url.map(text));
    shown.extend(event.status.map(|status| status.to_string()));
    shown.extend(event.user_agent.map(|agent| format!("agent {}", text(agent))));
    shown.extend(event.observer.map(|observer| format!("by {}", text(observer))));
    shown.join(" | ")
}

fn text(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
