//! The lines that are laid over a log: read by the same machinery as any other, in a layout of our own, and counted as lines of
//! the log beside which they stand.

use crate::event::Role;
use crate::formats::cells::Cut;
use crate::formats::generic::mapped::{
    Clock, Description, End, Field, Key, Length, Lines, Mapped, Mapping, Origin, Reading, Text, kind,
};
use crate::formats::store::s3_access;
use crate::formats::{Context, Format, Kind};
use crate::pipeline::Source;
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

/// The source of what is laid over `log`; `None` cannot be, unless the columns above are wrong.
pub(super) fn source(log: &Source, role: Role) -> Option<Source> {
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
