//! The wanted fields of one line by slot, read as numbers, addresses and times; what is wrong points at its column.
//!
//! How a field is found (a key, a column, a JSON path) is the format's business; what it may look like is the same
//! everywhere. `-`, `N/A`, `None` and nothing mean absent.

use super::columns::Row;
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, address, number};
use crate::units::Timestamp;
use std::net::IpAddr;

/// The fields of one line.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a, const N: usize> {
    /// For columns in rejects.
    line: &'a [u8],
    row: Row<'a, N>,
}

impl<'a, const N: usize> Fields<'a, N> {
    /// No field found yet.
    pub fn new(line: &'a [u8]) -> Self {
        Fields { line, row: Row::default() }
    }

    /// The line that the fields are of.
    pub fn line(&self) -> &'a [u8] {
        self.line
    }

    /// A field was found. A slot that does not exist is ignored, so that a format may give `usize::MAX` to what it does
    /// not want.
    #[inline]
    pub fn set(&mut self, slot: usize, text: &'a [u8]) {
        self.row.set(slot, text);
    }

    /// The text of a field; `None` where it is absent.
    #[inline]
    pub fn text(&self, slot: usize) -> Option<&'a [u8]> {
        let text = self.row.get(slot);
        (!matches!(text, b"" | b"-" | b"N/A" | b"None")).then_some(text)
    }

    /// The first of several fields that is present.
    pub fn first(&self, slots: &[usize]) -> Option<&'a [u8]> {
        slots.iter().find_map(|&slot| self.text(slot))
    }

    /// Points at a text of the line (at the whole line where it was decoded elsewhere).
    pub fn wrong(&self, reason: Reason, text: &[u8]) -> Reject {
        Reject::of(reason, self.line, text)
    }

    /// A decimal number.
    ///
    /// # Errors
    /// For any other text.
    #[inline]
    pub fn number<T: TryFrom<u64>>(&self, slot: usize) -> Result<Option<T>, Reject> {
        self.text(slot)
            .map(|text| number(text).ok_or_else(|| self.wrong(Reason::BadNumber, text)))
            .transpose()
    }

    /// An address.
    ///
    /// # Errors
    /// For any other text.
    #[inline]
    pub fn address(&self, slot: usize) -> Result<Option<IpAddr>, Reject> {
        self.text(slot)
            .map(|text| address(text).ok_or_else(|| self.wrong(Reason::BadAddress, text)))
            .transpose()
    }

    /// An address that must be there.
    ///
    /// # Errors
    /// For any other text, and for none.
    pub fn must_address(&self, slot: usize) -> Result<IpAddr, Reject> {
        self.address(slot)?.ok_or_else(|| Reject::line(Reason::Malformed))
    }

    /// One end by the slots of its address, port and bytes.
    ///
    /// # Errors
    /// For an address that is none or missing, and for numbers that are none.
    pub fn end(&self, ip: usize, port: usize, bytes: usize) -> Result<Endpoint<'a>, Reject> {
        let (ip, port, bytes) = (self.must_address(ip)?, self.number(port)?, self.number(bytes)?);
        Ok(Endpoint { ip: Some(ip), port, bytes, domain: None })
    }

    /// A time stamp in the style that `read` knows.
    ///
    /// # Errors
    /// For any other text.
    pub fn stamp(
        &self,
        slot: usize,
        read: impl FnOnce(&[u8]) -> Option<Timestamp>,
    ) -> Result<Option<Timestamp>, Reject> {
        self.text(slot)
            .map(|text| read(text).ok_or_else(|| self.wrong(Reason::BadTimestamp, text)))
            .transpose()
    }

    /// An HTTP status; what is none (0, `NA`) is left out, as it decides nothing.
    pub fn status(&self, slot: usize) -> Option<u16> {
        self.text(slot).and_then(number::<u16>).filter(|status| (100..=999).contains(status))
    }
}

/// The name of an IP protocol by its IANA number; the text itself where it is a name or none of the usual numbers.
pub fn transport(protocol: &[u8]) -> &[u8] {
    match protocol {
        b"1" => b"icmp",
        b"6" | b"TCP" => b"tcp",
        b"17" | b"UDP" => b"udp",
        b"ICMP" => b"icmp",
        b"47" => b"gre",
        b"50" => b"esp",
        b"58" => b"ipv6-icmp",
        b"132" => b"sctp",
        other => other,
    }
}

/// The authority of `scheme://user@host:port/path`; of `host:port` and `host/path` as well.
pub fn authority(url: &[u8]) -> &[u8] {
    let rest = memchr::memmem::find(url, b"://").and_then(|mark| url.get(mark + 3..)).unwrap_or(url);
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    memchr::memrchr(b'@', authority).and_then(|at| authority.get(at + 1..)).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_is_not_wrong() {
        let line = b"- 10.1.2.300 7x";
        let mut fields = Fields::<3>::new(line);
        fields.set(0, &line[..1]);
        fields.set(1, &line[2..12]);
        fields.set(2, &line[13..]);
        fields.set(9, b"nowhere");
        assert_eq!(fields.number::<u64>(0), Ok(None));
        assert_eq!(fields.address(1), Err(Reject::at(Reason::BadAddress, 2)));
        assert_eq!(fields.number::<u64>(2), Err(Reject::at(Reason::BadNumber, 13)));
        assert_eq!(fields.must_address(0), Err(Reject::line(Reason::Malformed)));
    }

    #[test]
    fn authorities_of_urls() {
        for (url, expected) in [
            ("https://jdoe@files.example:8443/a?b", "files.example:8443"),
            ("files.example/a@b", "files.example"),
            ("files.example:443", "files.example:443"),
            ("tcp://[2001:db8::1]:443/", "[2001:db8::1]:443"),
            ("", ""),
        ] {
            assert_eq!(authority(url.as_bytes()), expected.as_bytes(), "{url}");
        }
    }
}
