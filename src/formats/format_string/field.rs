//! The words between a dialect's grammar and the compiled layout: what a directive of the string fills.

use super::escape::Encoding;
use super::stamp::{Part, Style};
use crate::event::{Role, Stamped};
use crate::formats::Detail;

/// A part of a format string.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text that stands in every line as it is.
    Literal(Vec<u8>),
    /// A value of the line.
    Directive(Directive),
}

/// A value of the line, as the string asks the writer to print it.
#[derive(Clone, Debug, PartialEq)]
pub struct Directive {
    /// What it fills.
    pub field: Field,
    /// Of several directives that fill the same field the lowest rank is read and the others are skipped. For
    /// [`Field::Domain`] the choice is made for each line, among those that are not `-`.
    pub rank: u8,
    /// How its text is escaped.
    pub encoding: Encoding,
    /// Blanks that the writer adds to reach a width.
    pub padding: Padding,
    /// It holds no blank, so that what follows it never belongs to it.
    pub one_word: bool,
    /// Zero-based column in the string, for errors.
    pub position: usize,
}

/// Blanks that the writer adds to reach a width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    /// None.
    #[default]
    None,
    /// Before the value: `%6tr`.
    Left,
    /// After the value: `%-6tr`.
    Right,
}

/// What a directive fills, and how it is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// Nothing that is wanted: skipped up to the literal behind it.
    Opaque,
    /// Nothing that is wanted, but a list in which blanks follow commas (nginx `$upstream_…`).
    OpaqueList,
    /// The client, an address or a name.
    Client,
    /// The client's name beside its address (Squid `%>A`); an address where no name was found.
    ClientName,
    /// `X-Forwarded-For`: the first address of the list is the client. Whoever talks to the outermost server can write
    /// anything there, so it is as true as the proxies in front.
    Forwarded,
    /// The client's port.
    ClientPort,
    /// The client's address and port in one (`192.0.2.7:50123`, `[2001:db8::7]:50123`, `2001:db8::7:50123`); the last
    /// colon outside brackets parts them.
    ClientAuthority,
    /// A stamp or a part of one, and the end of the transfer that it marks.
    Stamp(Style, Stamped),
    /// `METHOD url PROTOCOL`.
    Request,
    /// The same from a balancer that writes whole URLs and thereby names the server that was asked (AWS).
    ServedRequest,
    /// The request's method.
    Method,
    /// The request's URL: absolute, `host:port` (CONNECT) or a path.
    Url,
    /// Path and query, or a query alone; fills the URL where nothing better does, and may follow a name directly.
    Path,
    /// The query with its `?`, or nothing; may follow a path directly.
    Query,
    /// The status of the answer.
    Status,
    /// Bytes from the client.
    SourceBytes,
    /// Bytes to the client; `-` is zero (Apache `%b`) or absent.
    DestinationBytes {
        /// `-` says that nothing was sent.
        dash_is_zero: bool,
    },
    /// Who the client says it is.
    User,
    /// The client's program.
    Agent,
    /// The name of who was asked, as the client gave it (Host header, a URL's domain).
    Domain,
    /// The port of who was asked, as the client gave it.
    Port,
    /// The name of the server that logged; in a proxy's log the proxy's own.
    OwnName,
    /// Its address.
    OwnIp,
    /// Its port.
    OwnPort,
    /// Its address and port in one.
    OwnAuthority,
    /// The name in the TLS hello; wins where the URL names only an address.
    Sni,
    /// How long the transfer took, in units of that many microseconds.
    Duration(i64),
    /// The same in nanoseconds.
    Nanoseconds,
    /// When a transfer that is stamped with its end began, in ISO 8601: the rest of how long it took.
    Begun,
    /// Squid's `%Sh`: whether the other end was the server itself or another cache.
    Hierarchy,
    /// Squid's `%<a` and `%<A`: the other end, the server only if the hierarchy code says so.
    Upstream,
    /// Squid's `%<p`, likewise.
    UpstreamPort,
    /// The host that logged.
    Observer,
    /// HAProxy's captured headers: any number of `{…|…}`, also none, with the blanks behind them.
    Captures,
}

impl Directive {
    /// A directive as most are: first rank, raw text, no padding.
    pub fn new(field: Field, position: usize) -> Directive {
        Directive {
            field,
            rank: 0,
            encoding: Encoding::Raw,
            padding: Padding::None,
            one_word: false,
            position,
        }
    }

    /// With another rank.
    #[must_use]
    pub fn rank(self, rank: u8) -> Directive {
        Directive { rank, ..self }
    }

    /// With another encoding.
    #[must_use]
    pub fn encoded(self, encoding: Encoding) -> Directive {
        Directive { encoding, ..self }
    }
}

impl Field {
    /// The value's own length or shape says where it ends, so that blanks inside do no harm.
    pub fn delimits_itself(&self) -> bool {
        matches!(self, Field::Stamp(Style::Clf | Style::Pattern(_), _) | Field::Captures)
    }

    /// Free text: if what follows does not read, the literal that ended it may have been part of it.
    pub fn is_free_text(&self) -> bool {
        matches!(
            self,
            Field::Opaque
                | Field::User
                | Field::Request
                | Field::ServedRequest
                | Field::Url
                | Field::Path
                | Field::Agent
                | Field::Domain
                | Field::OwnName
                | Field::Hierarchy
        )
    }

    /// A list of values separated by `, ` or ` : `, whose blanks do not end it.
    pub fn is_list(&self) -> bool {
        matches!(self, Field::OpaqueList | Field::Forwarded)
    }

    /// Whether a log of this role is asked for it when so much detail is wanted. What not every detail asks for reads
    /// whatever stands there, so that each detail rejects the same lines.
    pub fn is_asked(&self, role: Role, detail: Detail) -> bool {
        let full = detail == Detail::Full;
        let judged = detail >= Detail::Judged;
        // A proxy's log names the server only in the URL; sums by host do not ask for it.
        let asked = detail >= Detail::Sums || role != Role::Proxy;
        match self {
            Field::Opaque | Field::OpaqueList | Field::Query | Field::Captures => false,
            Field::Domain | Field::Upstream | Field::Hierarchy | Field::Sni | Field::Agent => asked,
            // Who opened a bucket, and who a tunnel, is a matter for detectors only.
            Field::Request | Field::Url | Field::Status if role == Role::Store => judged,
            Field::Method if matches!(role, Role::Proxy | Role::Store) => judged,
            // A path too: Apache's %U is the whole URL where it is a proxy.
            Field::Request | Field::Url | Field::Path => full || (role == Role::Proxy && asked),
            // Who read a bucket, or that nobody was named, is part of who the other end was.
            Field::User if role == Role::Store => asked,
            Field::Method | Field::Status | Field::User => full,
            _ => true,
        }
    }

    /// Which parts of a time stamp it gives.
    pub fn stamp_parts(&self) -> Part {
        match self {
            Field::Stamp(style, _) => style.parts(),
            _ => Part::NONE,
        }
    }
}
