//! Directives that nobody knows: passed over where something stands behind them, refused with their column where nothing
//! does; and strings without a count of bytes, which are read and reported blind. Every dialect keeps this.

use super::shown_by;
use crate::event::Role;
use crate::formats::{Context, SpecError, detect};

/// A dialect's own spelling of the same things.
struct Dialect {
    /// Unknown directives, each with a literal behind it.
    passed_over: &'static str,
    /// A line of it.
    line: &'static str,
    /// What must still be read.
    read: &'static [&'static str],
    /// An unknown directive with nothing between it and the next one, whose place is marked by `^`.
    joined: &'static str,
    /// No directive at all, at the `^`.
    broken: &'static str,
    /// Without bytes.
    blind: &'static str,
    /// What its report says to add.
    remedy: &'static str,
}

const DIALECTS: [Dialect; 5] = [
    Dialect {
        passed_over: "squid:%ts %made_up %>a %new::thing [%{x}zz] %>st %ru",
        line: "1680051723 what 10.1.2.3 is [this] 77 http://files.example/a",
        read: &["2023-03-29T01:02:03Z", "src 10.1.2.3 =77", "http://files.example/a"],
        joined: "squid:%ts %made_up^%>a %ru",
        broken: "squid:%ts %>a ^%? %ru",
        blind: "squid:%ts %>a %made_up %ru",
        remedy: "%>st",
    },
    Dialect {
        passed_over: "apache:%h %{X}Q %t \"%r\" %>s [%Z] %O",
        line: "192.0.2.1 what [29/Mar/2023:01:02:03 +0000] \"GET /a HTTP/1.1\" 200 [is this] 170",
        read: &["2023-03-29T01:02:03Z", "src 192.0.2.1", "=170", "GET | /a | 200"],
        joined: "apache:%h %t %Q^%O",
        broken: "apache:%h %t ^%; %O",
        blind: "apache:%h %t \"%r\" %Q",
        remedy: "%O",
    },
    Dialect {
        passed_over: "nginx:$remote_addr $made_up [$time_local] \"$request\" [${brand_new}] $bytes_sent",
        line: "192.0.2.1 what [29/Mar/2023:01:02:03 +0000] \"GET /a HTTP/1.1\" [is this] 170",
        read: &["2023-03-29T01:02:03Z", "src 192.0.2.1", "=170", "GET | /a"],
        joined: "nginx:$remote_addr [$time_local] $made_up^$bytes_sent",
        broken: "nginx:$remote_addr [$time_local] ^$- $bytes_sent",
        blind: "nginx:$remote_addr [$time_local] $made_up",
        remedy: "$bytes_sent",
    },
    Dialect {
        passed_over: "haproxy:%ci %made [%tr] [%[brand.new(x),lower]] %U %B",
        line: "192.0.2.1 what [29/Mar/2023:01:02:03.000] [is this] 77 170",
        read: &["2023-03-29T01:02:03Z", "src 192.0.2.1 =77", "=170"],
        joined: "haproxy:%ci [%tr] %{+Q}made^%B",
        broken: "haproxy:%ci [%tr] ^%; %B",
        blind: "haproxy:%ci [%tr] %made",
        remedy: "%B",
    },
    Dialect {
        passed_over: "envoy:[%START_TIME%] %MADE_UP(x)% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% \"%NEW%\" %BYTES_SENT%",
        line: "[2023-03-29T01:02:03Z] what 192.0.2.1 \"is this\" 170",
        read: &["2023-03-29T01:02:03Z", "src 192.0.2.1", "=170"],
        joined: "envoy:[%START_TIME%] %MADE_UP%^%BYTES_SENT%",
        broken: "envoy:[%START_TIME%] ^%made up% %BYTES_SENT%",
        blind: "envoy:[%START_TIME%] %MADE_UP%",
        remedy: "%BYTES_SENT%",
    },
];

fn error(marked: &str) -> (SpecError, usize) {
    let context = Context::default();
    let error = detect::named(&marked.replace('^', ""), &context).map(|_| ()).expect_err(marked);
    (error, marked.find('^').expect(marked))
}

#[test]
fn what_can_be_delimited_is_passed_over() {
    for dialect in DIALECTS {
        let (_, format) = detect::named(dialect.passed_over, &Context::default()).unwrap();
        let shown = shown_by(&*format, dialect.line.as_bytes());
        for part in dialect.read {
            assert!(shown.contains(part), "{}: {part} is not in {shown}", dialect.passed_over);
        }
    }
}

#[test]
fn what_cannot_be_delimited_is_refused_at_its_column() {
    for dialect in DIALECTS {
        let (joined, place) = error(dialect.joined);
        assert_eq!(joined.position, place, "{}: {joined}", dialect.joined);
        assert!(joined.to_string().contains("side by side"), "{joined}");
        assert!(joined.to_string().contains(&format!("column {}", place + 1)), "{joined}");
        let (broken, place) = error(dialect.broken);
        assert_eq!(broken.position, place, "{}: {broken}", dialect.broken);
    }
}

#[test]
fn strings_without_bytes_are_read_and_blind() {
    for dialect in DIALECTS {
        let role = (!dialect.blind.starts_with("squid")).then_some(Role::Server);
        let (_, format) = detect::named(dialect.blind, &Context { role, ..Context::default() }).unwrap();
        let blind = format.sight().blind().expect(dialect.blind);
        assert!(blind.contains(&format!("add {} to", dialect.remedy)), "{blind}");
    }
}
