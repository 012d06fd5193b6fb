//! Lines → events: a folder per role, a file per format, one table.
//!
//! A format reads one line and fills neutral fields; it does no I/O, keeps no clock, decides nothing about egress, and
//! never panics: in here there is no indexing and no `unwrap` outside tests. To add a format: write its file, add its
//! row to [`KINDS`], put samples beside it.

pub mod detect;
pub mod mixed;
pub mod format_string;
pub mod time;
pub mod json;
pub mod columns;
pub mod cells;
pub mod fields;
pub mod key_value;
pub mod names;
pub mod paths;
pub mod base64;
pub mod spelling;
pub mod envelope;
mod transport;
pub mod one_line;
pub mod conf;
pub mod server;
pub mod proxy;
pub mod firewall;
pub mod flow;
pub mod dns;
pub mod generic;
#[cfg(test)]
pub(crate) mod tests_support;
pub mod store;

pub use bumpalo::Bump as Scratch;

use crate::event::Event;
use crate::event::Role;
use crate::event::reject::Reject;
use crate::units::Timestamp;
use envelope::Opened;
use std::fmt;
use std::sync::Arc;

/// A format compiled for one source. It is immutable and shared among threads; what a header line changes is a new one.
pub trait Format: Send + Sync + fmt::Debug {
    /// Reads one line (without its line end). Events are appended to `events`: most lines give one, a comment none.
    /// Decoded text may be put into `scratch`, which lives as long as the chunk. What was appended beside an error is half
    /// read, and the caller drops it.
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject>;

    /// How to read the lines after `line`, where `line` is a header that changes that (`#Fields: …`).
    /// `None`: not such a line; it is then read by [`Format::parse`] as any other. Only lines for which
    /// [`Kind::is_header`] says yes are offered. A header that cannot be used is not an error here but a format that
    /// rejects every row with `BadHeader`: the rows below it must never be read by the layout above it.
    fn header(&self, _line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        None
    }

    /// The same as [`Format::parse`] for a line that was taken out of an envelope. Formats whose lines carry no stamp of
    /// their own (a firewall that leaves it to syslog) take the envelope's.
    fn parse_within<'a>(
        &self,
        opened: &Opened<'a>,
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        self.parse(opened.inner, scratch, events)
    }

    /// The line as [`Kind::is_header`] is to be asked about it: without the envelope that this format takes off.
    fn bare<'a>(&self, line: &'a [u8], _scratch: &'a Scratch) -> &'a [u8] {
        line
    }

    /// What speaks against this format for a log that begins with these lines, as a sentence for the operator who chose it.
    /// Only formats that operators describe themselves say something.
    fn misfit(&self, _first: &[&[u8]]) -> Option<String> {
        None
    }

    /// What this format, as compiled, can show.
    fn sight(&self) -> Sight;
}

/// What a compiled format can and cannot show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Whose bytes the log watches.
    pub role: Role,
    /// The log says what the opener sent (uploads).
    pub source_bytes: bool,
    /// The log says what was sent back (downloads).
    pub destination_bytes: bool,
    /// How to open its eyes where the side that [`Role`] needs is missing: `add %>st to logformat`.
    pub remedy: &'static str,
}

impl Sight {
    /// Says that egress cannot be seen and how to fix it; `None` where it can.
    pub fn blind(&self) -> Option<String> {
        let (seen, what) = match self.role {
            Role::Proxy => (self.source_bytes, "upload bytes"),
            Role::Server | Role::Store => (self.destination_bytes, "response bytes"),
            Role::Flow => (self.source_bytes || self.destination_bytes, "byte counts"),
            Role::Dns => (true, ""),
        };
        (!seen).then(|| match self.remedy {
            "" => format!("no {what}"),
            remedy => format!("no {what}: {remedy}"),
        })
    }
}

/// What the caller knows about a source beside its lines.
#[derive(Clone, Debug)]
pub struct Context {
    /// The zone of stamps that carry none.
    pub zone: jiff::tz::TimeZone,
    /// The role, where a format allows more than one and the operator said which.
    pub role: Option<Role>,
    /// How much of each line is wanted.
    pub detail: Detail,
    /// When the file was last written, or now: stamps without a year are read in the latest year that is not after it.
    /// `None`: such stamps cannot be read.
    pub near: Option<Timestamp>,
    /// The formats that the operator describes.
    pub own: Arc<[Arc<generic::mapped::Mapping>]>,
}

impl Default for Context {
    fn default() -> Self {
        Context {
            zone: jiff::tz::TimeZone::UTC,
            role: None,
            detail: Detail::Full,
            near: None,
            own: Arc::default(),
        }
    }
}

/// How much of each line is read. Speed comes from doing less per byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Time, the watched host and both byte counts: what sums by host need. The other end may be left out.
    Hosts,
    /// Time, both ends, both byte counts, and the agent: what sums by both ends need.
    Sums,
    /// What some detectors need beside: a proxy's method, and what was asked of a bucket and whether it was done.
    Judged,
    /// Every field that `outflow parse` prints.
    Full,
}

/// A row of the table: one kind of format.
#[derive(Debug)]
pub struct Kind {
    /// The name on the command line (`--format squid`, `--format 'squid:…'`) and in `event.dataset`.
    pub name: &'static str,
    /// One line for `outflow formats`.
    pub about: &'static str,
    /// The roles this kind can have, the usual one first.
    pub roles: &'static [Role],
    /// Compiles the text after `NAME:` (empty: the format's own default layout).
    pub compile: fn(spec: &str, context: &Context) -> Compiled,
    /// Looks at the first lines of a source.
    pub sniff: fn(lines: &[&[u8]], context: &Context) -> Sniffed,
    /// Whether a line may be a header among the rows, so that [`Format::header`] is to be asked; `None` for formats whose
    /// files hold rows only. Runs on every line: a look at the first byte should settle nearly all of them. It depends on
    /// the line alone, so that the headers of a file can be found before its chunks are shared out.
    pub is_header: Option<fn(line: &[u8]) -> bool>,
}

/// A format ready to read lines, or what is wrong with the text that describes it.
pub type Compiled = Result<Arc<dyn Format>, SpecError>;

/// What [`Kind::sniff`] makes of the first lines.
#[derive(Debug)]
pub enum Sniffed {
    /// Not this kind.
    No,
    /// It is this kind, laid out as `spec` says; `why` finishes the sentence "chosen because …".
    Yes {
        /// What to compile.
        spec: String,
        /// For the person who wonders.
        why: String,
    },
    /// As [`Sniffed::Yes`], where no kind is sure: this one reads less of the lines than another might.
    Else {
        /// What to compile.
        spec: String,
        /// For the person who wonders.
        why: String,
    },
    /// It looks like this kind, but what its bytes mean cannot be told from the lines: `say` tells the operator what to
    /// pass instead.
    Unsure {
        /// A sentence with the `--format` to use.
        say: String,
    },
}

/// A format string or header that cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    /// What is wrong and what to do about it.
    pub message: String,
    /// Zero-based byte position in the text.
    pub position: usize,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (column {})", self.message, self.position + 1)
    }
}

impl std::error::Error for SpecError {}

/// Every format, in the order in which detection asks them: the self-describing first.
pub const KINDS: &[&Kind] = &[
    &flow::zeek_conn::KIND,
    &flow::zeek_http::KIND,
    &flow::zeek_dns::KIND,
    &flow::zeek_ssl::KIND,
    &flow::zeek_files::KIND,
    &flow::vpc_flow::KIND,
    &flow::suricata_eve::KIND,
    &flow::gcp_vpc::KIND,
    &flow::azure_nsg::KIND,
    &flow::azure_vnet::KIND,
    &flow::nfdump_csv::KIND,
    &flow::argus::KIND,
    &dns::bind_query::KIND,
    &dns::unbound::KIND,
    &dns::dnsmasq::KIND,
    &dns::coredns::KIND,
    &dns::route53_resolver::KIND,
    &dns::windows_dns::KIND,
    &generic::cef::KIND,
    &generic::leef::KIND,
    &generic::cloudtrail::KIND,
    &generic::ocsf::KIND,
    &generic::ecs::KIND,
    &firewall::fortigate::KIND,
    &firewall::panos_traffic::KIND,
    &firewall::panos_url::KIND,
    &firewall::cisco_asa::KIND,
    &firewall::checkpoint::KIND,
    &firewall::juniper_srx::KIND,
    &firewall::sonicwall::KIND,
    &firewall::sophos_xg::KIND,
    &firewall::filterlog::KIND,
    &firewall::iptables::KIND,
    &server::w3c::KIND,
    &proxy::netskope::KIND,
    &proxy::proxysg_pairs::KIND,
    &proxy::skyhigh::KIND,
    &proxy::umbrella_proxy::KIND,
    &proxy::zscaler_web::KIND,
    &proxy::fortiproxy::KIND,
    &proxy::cisco_wsa::KIND,
    &proxy::tinyproxy::KIND,
    &proxy::squid::KIND,
    // Before Apache's, which would read its lines with the host asked for as identd's name.
    &server::lighttpd::KIND,
    &server::apache::KIND,
    &server::nginx::KIND,
    &server::haproxy::KIND,
    &server::envoy::KIND,
    &server::nginx_json::KIND,
    &server::caddy::KIND,
    &server::aws_alb::KIND,
    &server::aws_elb::KIND,
    &server::aws_nlb::KIND,
    &server::traefik::KIND,
    &server::traefik_clf::KIND,
    &server::tomcat::KIND,
    &server::varnish::KIND,
    &store::s3_access::KIND,
    &store::gcs_usage::KIND,
    &store::azure_storage::KIND,
];

/// The row with this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}
