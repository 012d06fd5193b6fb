//! The neutral fields that a mapping can fill, by the names under which `outflow parse` prints them.

/// A neutral field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// When. The one name that is not ECS's, whose `@timestamp` would need quotes.
    Time,
    /// An end's address.
    Ip(End),
    /// An end's name.
    Domain(End),
    /// An end's address or name, with or without a port behind a colon.
    Address(End),
    /// An end's port.
    Port(End),
    /// What an end sent.
    Bytes(End),
    /// What both ends sent together, where the line does not tell them apart.
    Total,
    /// How long the transfer took.
    Duration,
    /// A text that is taken as it is.
    Text(Text),
    /// The answer's status; what is none is left out, as it decides nothing.
    Status,
}

/// An end of the transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Who opened it.
    Source,
    /// Who was asked.
    Destination,
}

/// A field of free text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Who the client says it is.
    User,
    /// The request's method.
    Method,
    /// The request's URL, absolute or a path.
    Url,
    /// The client's program.
    Agent,
    /// `tcp`, `udp`.
    Transport,
    /// `http`, `dns`.
    Protocol,
    /// The name that a DNS client asked for.
    QuestionName,
    /// `A`, `TXT`.
    QuestionType,
    /// The sensor or server that wrote the line.
    Observer,
}

/// Every field and its name.
pub const FIELDS: &[(&str, Field)] = &[
    ("time", Field::Time),
    ("source.ip", Field::Ip(End::Source)),
    ("source.domain", Field::Domain(End::Source)),
    ("source.address", Field::Address(End::Source)),
    ("source.port", Field::Port(End::Source)),
    ("source.bytes", Field::Bytes(End::Source)),
    ("destination.ip", Field::Ip(End::Destination)),
    ("destination.domain", Field::Domain(End::Destination)),
    ("destination.address", Field::Address(End::Destination)),
    ("destination.port", Field::Port(End::Destination)),
    ("destination.bytes", Field::Bytes(End::Destination)),
    ("network.bytes", Field::Total),
    ("network.transport", Field::Text(Text::Transport)),
    ("network.protocol", Field::Text(Text::Protocol)),
    ("event.duration", Field::Duration),
    ("user.name", Field::Text(Text::User)),
    ("http.request.method", Field::Text(Text::Method)),
    ("http.response.status_code", Field::Status),
    ("url.original", Field::Text(Text::Url)),
    ("user_agent.original", Field::Text(Text::Agent)),
    ("dns.question.name", Field::Text(Text::QuestionName)),
    ("dns.question.type", Field::Text(Text::QuestionType)),
    ("observer.name", Field::Text(Text::Observer)),
];

impl Field {
    /// The field with this name.
    pub fn named(name: &str) -> Option<Field> {
        FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        FIELDS.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}
