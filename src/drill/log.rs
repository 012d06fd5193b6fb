//! The lines that are laid over a log: read by the same machinery as any other, in a layout of our own, and counted as lines of
//! the log beside which they stand.

use crate::estate::Inventory;
use crate::event::{Channel, Role, address};
use crate::formats::cells::Cut;
use crate::formats::generic::mapped::{
    Clock, Description, End, Field, Key, Length, Lines, Mapped, Mapping, Origin, Reading, Text, kind,
};
use crate::formats::store::s3_access;
use crate::formats::{Context, Format, Kind};
use crate::pipeline::Source;
use crate::tally::Counts;
use std::sync::{Arc, LazyLock};

static KIND: LazyLock<Kind> = LazyLock::new(|| kind("drill", false));

/// The columns that `synth::Overlay` writes.
const COLUMNS: [(Field, Reading); 9] = [
    (Field::Duration, Reading::Length(Length::Micros(1))),
    (Field::Address(End::Source), Reading::Plain),
    (Field::Port(End::Source), Reading::Plain),
    (Field::Bytes(End::Source), Reading::Plain),
    (Field::Address(End::Destination), Reading::Plain),
    (Field::Port(End::Destination), Reading::Plain),
    (Field::Bytes(End::Destination), Reading::Plain),
    (Field::Text(Text::Agent), Reading::Plain),
    (Field::Text(Text::QuestionName), Reading::Plain),
];

/// Which of the sources shows this kind of traffic best, and in what role; or why none does.
pub fn shown_by(channel: Channel, sources: &[Source], counts: &[Counts]) -> Result<(usize, Role), String> {
    let roles = match channel {
        Channel::Transfer => [Role::Flow, Role::Proxy].as_slice(),
        Channel::Answers => &[Role::Server, Role::Flow],
        Channel::Names => &[Role::Dns],
        _ => &[Role::Store],
    };
    let of_role = |role: &Role| {
        let logs = sources.iter().zip(counts).enumerate();
        let logs =
            logs.filter(|(_, (source, counts))| source.format.sight().role == *role && counts.events > 0);
        let sighted = |(place, (_, counts)): (usize, (&Source, &Counts))| {
            (counts.blind < counts.events).then_some((place, *role, counts.events))
        };
        logs.filter_map(sighted).max_by_key(|(place, _, events)| (*events, std::cmp::Reverse(*place)))
    };
    let Some((source, role, _)) = roles.iter().find_map(of_role) else {
        let blind = sources.iter().zip(counts).find_map(|(source, counts)| {
            roles.contains(&source.format.sight().role).then(|| source.blind(counts)).flatten()
        });
        return Err(blind.map_or_else(
            || format!("no log of {}", kind_of_log(channel)),
            |blind| format!("{}: {blind}", kind_of_log(channel)),
        ));
    };
    Ok((source, role))
}

/// What kind of log shows a kind of traffic.
fn kind_of_log(channel: Channel) -> &'static str {
    match channel {
        Channel::Transfer => "flows or of a proxy",
        Channel::Answers => "a web server or of flows",
        Channel::Names => "DNS questions",
        _ => "a bucket",
    }
}

/// As lines of a log of this role call a host; `None` where it tells addresses only, and none is known.
pub fn written(name: &str, role: Role, inventory: &Inventory) -> Option<String> {
    let known = address(name.as_bytes()).or_else(|| inventory.address_of(name));
    match known {
        Some(ip) => Some(ip.to_string()),
        // A sensor tells addresses, and only those inside are ours.
        None if matches!(role, Role::Flow | Role::Dns) => None,
        None => Some(name.to_owned()),
    }
}

/// The source of what is laid over `log`; `None` cannot be, unless the columns above are wrong.
pub fn source(log: &Source, role: Role) -> Option<Source> {
    Some(Source {
        path: "(drill)".into(),
        // One log more would be one that is silent most of the time.
        kind: log.kind,
        format: format(role)?,
        chosen: "laid over".into(),
        watched: None,
        fallback: String::new(),
    })
}

fn format(role: Role) -> Option<Arc<dyn Format>> {
    if role == Role::Store {
        return (s3_access::KIND.compile)("", &Context::default()).ok();
    }
    let clock = Clock::new("epoch-us", None).ok()?;
    let time = (Field::Time, Reading::Clock(clock, crate::event::Stamped::End));
    let fields = std::iter::once(time).chain(COLUMNS).zip(1..).map(|((field, reading), column)| Mapped {
        field,
        from: Origin::Parts(vec![Key::Column(column)]),
        reading,
    });
    let lines = Lines::Columns(Cut::Plain(b'\t'));
    let described = Description { kind: &KIND, lines, role, remedy: "", fields: fields.collect() };
    let context = Context { role: Some(role), ..Context::default() };
    Some(Arc::new(Mapping::new(described).ok()?).compile(&context))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_its_layout() {
        for role in [Role::Proxy, Role::Server, Role::Flow, Role::Store, Role::Dns] {
            assert_eq!(format(role).unwrap().sight().role, role);
        }
    }
}
