//! What HAProxy writes of a connection when no layout is set: who came, to which frontend, and no bytes. The line has no
//! stamp but syslog's, which is of the moment at which the client came.

use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Role, Stamped, address, number};
use crate::units::Timestamp;

/// What opens its eyes.
pub(super) const REMEDY: &str = "set option httplog (or tcplog), or a log-format with %B, and %U for uploads";

const BEGIN: &[u8] = b"Connect from ";

/// Whether a line is one: `Connect from 192.0.2.7:50123 to 10.0.0.2:443 (web/HTTP)`.
pub(super) fn is(line: &[u8]) -> bool {
    line.starts_with(BEGIN) && line.ends_with(b")") && memchr::memmem::find(line, b" to ").is_some()
}

/// The event of such a line.
///
/// # Errors
/// `Malformed` if it is none, `BadAddress` and `BadNumber` for its two ends.
pub(super) fn event<'a>(line: &'a [u8], role: Role, timestamp: Timestamp) -> Result<Event<'a>, Reject> {
    let malformed = || Reject::line(Reason::Malformed);
    let ends = line.strip_prefix(BEGIN).ok_or_else(malformed)?;
    let middle = memchr::memmem::find(ends, b" to ").ok_or_else(malformed)?;
    let (client, asked) = ends.split_at_checked(middle).ok_or_else(malformed)?;
    let asked = asked.get(4..).ok_or_else(malformed)?;
    let asked = memchr::memchr(b' ', asked).and_then(|end| asked.get(..end)).ok_or_else(malformed)?;
    let (source, destination) = (end(client, line)?, end(asked, line)?);
    Ok(Event {
        dataset: "haproxy",
        role,
        timestamp,
        stamped: Stamped::Start,
        source,
        destination,
        ..Event::default()
    })
}

/// `ADDRESS:PORT`, where an IPv6 address has no brackets.
fn end<'a>(text: &'a [u8], line: &[u8]) -> Result<Endpoint<'a>, Reject> {
    let wrong = |reason| Reject::of(reason, line, text);
    let colon = memchr::memrchr(b':', text).ok_or_else(|| wrong(Reason::BadAddress))?;
    let (host, port) = text.split_at_checked(colon).ok_or_else(|| wrong(Reason::BadAddress))?;
    let port = port.get(1..).and_then(number).ok_or_else(|| wrong(Reason::BadNumber))?;
    let ip = address(host).ok_or_else(|| wrong(Reason::BadAddress))?;
    Ok(Endpoint { ip: Some(ip), port: Some(port), ..Endpoint::default() })
}

#[cfg(test)]
mod tests {
    use super::super::KIND;
    use crate::event::reject::Reason;
    use crate::formats::Context;
    use crate::formats::tests_support::{AT, chosen, end, found, rejected_lines};

    const LINE: &str =
        "<134>Mar 29 01:02:03 lb haproxy[77]: Connect from 192.0.2.7:50123 to 10.0.0.2:443 (web/HTTP)";

    #[test]
    fn a_line_without_a_layout_says_who_came() {
        for (line, client) in
            [(LINE.to_owned(), "192.0.2.7"), (LINE.replace("192.0.2.7", "2001:db8::7"), "2001:db8::7")]
        {
            let events = found(&KIND, &[&line]);
            assert_eq!(events.len(), 1, "{line}");
            assert_eq!((events[0].timestamp, events[0].source), (AT, end(client, 50123, None)), "{line}");
            assert_eq!(events[0].destination, end("10.0.0.2", 443, None), "{line}");
        }
    }

    /// Beside lines with bytes they are read too; alone they make the log a blind one.
    #[test]
    fn alone_it_is_blind() {
        assert_eq!(chosen(&[LINE, LINE]), "syslog+haproxy:connect");
        let http = LINE.split_once("Connect").unwrap().0.to_owned()
            + r#"192.0.2.7:50123 [29/Mar/2023:01:02:03.456] web pool/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1""#;
        assert_eq!(chosen(&[LINE, LINE, &http]), "syslog+haproxy");
        assert_eq!(found(&KIND, &[LINE, &http]).len(), 2);
        let blind = |spec| (KIND.compile)(spec, &Context::default()).unwrap().sight().blind();
        assert!(blind("connect").is_some_and(|say| say.contains("option httplog") && say.contains("%U")));
        assert_eq!(blind(""), None);
    }

    #[test]
    fn without_syslog_it_has_no_stamp() {
        let bare = LINE.split_once(": ").unwrap().1;
        rejected_lines(&KIND, &[(bare, Reason::BadTimestamp)]);
    }

    #[test]
    fn ends_that_are_none() {
        let context = crate::formats::tests_support::context();
        for (right, wrong, reason) in [
            ("192.0.2.7", "nobody", Reason::BadAddress),
            (":50123", ":502123", Reason::BadNumber),
            ("192.0.2.7:50123", "x", Reason::BadAddress),
            (":443 ", ":443", Reason::Malformed),
        ] {
            let line = LINE.replace(right, wrong);
            let format = crate::formats::detect::named("syslog+haproxy", &context).unwrap().1;
            let read = format.parse(line.as_bytes(), &crate::formats::Scratch::new(), &mut Vec::new());
            assert_eq!(read.map_err(|reject| reject.reason), Err(reason), "{line}");
        }
    }
}
