//! The fields of VPC flow logs by name, and what a row or a header looks like.

use crate::formats::columns::{Columns, MAX_COLUMNS};
use crate::formats::{Detail, SpecError};

/// The order of version 2, which AWS uses unless told otherwise.
pub(super) const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                                  bytes start end action log-status";

/// The order of a transit gateway's flow logs, which AWS uses unless told otherwise.
pub(super) const GATEWAY: &str = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id \
                                  tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id \
                                  tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id \
                                  tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
                                  log-status type packets-lost-no-route packets-lost-blackhole \
                                  packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region flow-direction \
                                  pkt-src-aws-service pkt-dst-aws-service";

/// Every field of versions 2 to 8 as AWS names them. More will come: a header may name others as well, but must begin
/// with one of these.
const NAMES: [&str; 46] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
    "vpc-id",
    "subnet-id",
    "instance-id",
    "tcp-flags",
    "type",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "region",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    "ecs-cluster-arn",
    "ecs-cluster-name",
    "ecs-container-instance-arn",
    "ecs-container-instance-id",
    "ecs-container-id",
    "ecs-second-container-id",
    "ecs-service-name",
    "ecs-task-definition-arn",
    "ecs-task-arn",
    "ecs-task-id",
    "reject-reason",
    "resource-id",
    "encryption-status",
    "resource-type",
    "tgw-id",
    "tgw-attachment-id",
    "packets-lost-no-route",
];

/// The fields that are read; the rest go to `Skip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    SrcAddr,
    DstAddr,
    /// The original ends where an intermediary (NAT gateway, load balancer) stands in `srcaddr` or `dstaddr`.
    PktSrcAddr,
    PktDstAddr,
    SrcPort,
    DstPort,
    Bytes,
    Start,
    End,
    Action,
    LogStatus,
    Protocol,
    InterfaceId,
    /// `flow-direction`
    Way,
    Skip,
}

/// As many slots as are read.
pub(super) const SLOTS: usize = Slot::Skip as usize;

impl Slot {
    pub(super) fn of(name: &str, detail: Detail) -> Slot {
        match name {
            "srcaddr" => Slot::SrcAddr,
            "dstaddr" => Slot::DstAddr,
            "pkt-srcaddr" => Slot::PktSrcAddr,
            "pkt-dstaddr" => Slot::PktDstAddr,
            "srcport" => Slot::SrcPort,
            "dstport" => Slot::DstPort,
            "bytes" => Slot::Bytes,
            "start" => Slot::Start,
            "end" => Slot::End,
            "action" => Slot::Action,
            "log-status" => Slot::LogStatus,
            "flow-direction" => Slot::Way,
            "protocol" if detail == Detail::Full => Slot::Protocol,
            "interface-id" if detail == Detail::Full => Slot::InterfaceId,
            _ => Slot::Skip,
        }
    }
}

/// Where each field of a row stands.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) columns: Columns<SLOTS>,
    /// It is a transit gateway's.
    pub(super) gateway: bool,
}

impl Layout {
    /// Lays a row out by field names, as a header line or a flow log's own `${version} ${srcaddr} …` gives them.
    /// Names that are not known are columns to skip, so that a field that AWS adds does not blind us; in a spec, where a
    /// slip of the pen is likelier, what has not the shape of a name is an error.
    pub(super) fn new(names: &str, detail: Detail) -> Result<Layout, SpecError> {
        let mut slots = Vec::new();
        let mut gateway = false;
        let mut position = 0;
        for word in names.split(' ') {
            let name = bare(word);
            if !name.is_empty() {
                if !has_name_shape(&name) {
                    let message =
                        format!("\"{word}\" is no field of a flow log; write its fields as in \"{DEFAULT}\"");
                    return Err(SpecError { message, position });
                }
                slots.push(Slot::of(&name, detail) as u8);
                gateway |= name == "tgw-id";
            }
            position += word.len() + 1;
        }
        let wrong = |message: &str| SpecError { message: message.to_owned(), position: 0 };
        let columns = Columns::new(slots)
            .ok_or_else(|| wrong(&format!("a flow log has between 1 and {MAX_COLUMNS} fields")))?;
        let has = |slot: Slot| columns.has(slot as usize);
        if !(has(Slot::SrcAddr) || has(Slot::PktSrcAddr)) || !(has(Slot::DstAddr) || has(Slot::PktDstAddr)) {
            return Err(wrong(
                "its fields do not name srcaddr and dstaddr, so nobody can be held to its bytes",
            ));
        }
        if !has(Slot::Start) && !has(Slot::End) {
            return Err(wrong("its fields name neither start nor end, so its bytes have no time"));
        }
        Ok(Layout { columns, gateway })
    }
}

/// The name in `${srcaddr}`, `srcaddr` or `pkt_srcaddr` (as query tools write it).
fn bare(word: &str) -> String {
    let word = word.trim();
    word.strip_prefix("${").and_then(|word| word.strip_suffix('}')).unwrap_or(word).replace('_', "-")
}

fn has_name_shape(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// A line that begins with two names of fields. No value of a field is itself such a name, and rows of the default order
/// are settled by their first byte, a digit.
pub(super) fn is_header(line: &[u8]) -> bool {
    if !line.first().is_some_and(u8::is_ascii_lowercase) {
        return false;
    }
    let mut words = line.split(|&byte| byte == b' ');
    let mut named = || words.next().is_some_and(|word| NAMES.iter().any(|name| name.as_bytes() == word));
    named() && named()
}

/// The number of fields of a row in the default order, or in the order of AWS's own table of fields, which is the default
/// one with what later versions added behind it ("all fields" in the console); by the fields whose values are few.
pub(super) fn usual_fields(row: &[u8]) -> Option<usize> {
    let cells: Vec<&[u8]> = row.splitn(MAX_COLUMNS, |&byte| byte == b' ').collect();
    let cell = |place: usize| cells.get(place).copied().unwrap_or_default();
    let ended =
        matches!((cell(12), cell(13)), (b"ACCEPT" | b"REJECT", b"OK") | (b"-", b"NODATA" | b"SKIPDATA"));
    let added = || {
        let address = |text: &[u8]| text == b"-" || crate::event::address(text).is_some();
        (21..=NAMES.len()).contains(&cells.len())
            && (cell(14) == b"-" || cell(14).starts_with(b"vpc-"))
            && (cell(15) == b"-" || cell(15).starts_with(b"subnet-"))
            && matches!(cell(18), b"IPv4" | b"IPv6" | b"EFA" | b"-")
            && address(cell(19))
            && address(cell(20))
    };
    let version = crate::event::number::<u8>(cell(0)).is_some_and(|version| (2..=20).contains(&version));
    (version && ended && (cells.len() == 14 || added())).then_some(cells.len())
}

/// A row of a transit gateway in its default order.
pub(super) fn is_gateway_row(row: &[u8]) -> bool {
    let cells: Vec<&[u8]> = row.splitn(MAX_COLUMNS, |&byte| byte == b' ').collect();
    let cell = |place: usize| cells.get(place).copied().unwrap_or_default();
    let address = |text: &[u8]| text == b"-" || crate::event::address(text).is_some();
    cells.len() == GATEWAY.split(' ').count()
        && cell(3).starts_with(b"tgw-")
        && address(cell(16))
        && address(cell(17))
        && matches!(cell(25), b"OK" | b"NODATA" | b"SKIPDATA")
}

/// The first names of AWS's table of fields, as a spec.
pub(super) fn first_names(count: usize) -> String {
    NAMES.get(..count).unwrap_or_default().join(" ")
}

/// A row in some order: a network interface or a gateway, and what became of the traffic.
pub(super) fn is_some_row(row: &[u8]) -> bool {
    let cells: Vec<&[u8]> = row.splitn(MAX_COLUMNS, |&byte| byte == b' ').collect();
    let known = cells.iter().any(|cell| cell.starts_with(b"eni-") || cell.starts_with(b"tgw-"));
    let status = |cell: &&[u8]| matches!(*cell, b"ACCEPT" | b"REJECT" | b"OK" | b"NODATA" | b"SKIPDATA");
    known && cells.iter().any(status)
}
