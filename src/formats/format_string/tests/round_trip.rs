//! A random layout of known directives, a random event printed by it, and the event read back.

use crate::event::{Event, Role};
use crate::formats::{Context, Scratch, proxy, server};
use proptest::prelude::*;

/// What is printed and must come back.
#[derive(Clone, Debug)]
struct Truth {
    seconds: u32,
    millis: u16,
    client: std::net::IpAddr,
    port: u16,
    up: u64,
    down: u64,
    user: String,
    path: String,
    agent: String,
    status: u16,
    elapsed: u32,
}

fn truth() -> impl Strategy<Value = Truth> {
    let client = prop_oneof![any::<u32>().prop_map(|v4| std::net::IpAddr::from(v4.to_be_bytes())), v6()];
    let whole = (any::<u32>(), 0u16..1000, client, any::<u16>(), any::<u64>(), any::<u64>());
    let texts =
        ("[a-z]{1,8}", "/[a-z0-9/._?&=%\"\\\\]{0,20}", "[ -~]{0,30}[a-z]", 100u16..1000, any::<u32>());
    (whole, texts).prop_map(
        |((seconds, millis, client, port, up, down), (user, path, agent, status, elapsed))| Truth {
            seconds,
            millis,
            client,
            port,
            up,
            down,
            user,
            path,
            agent,
            status,
            elapsed,
        },
    )
}

fn v6() -> impl Strategy<Value = std::net::IpAddr> {
    any::<u128>().prop_filter_map("mapped addresses are read as IPv4", |bits| {
        let v6 = std::net::Ipv6Addr::from(bits);
        v6.to_ipv4_mapped().is_none().then_some(v6.into())
    })
}

fn escaped(text: &str, style: fn(char) -> String) -> String {
    text.chars()
        .map(|letter| if matches!(letter, '"' | '\\') { style(letter) } else { letter.to_string() })
        .collect()
}

fn apache_style(letter: char) -> String {
    format!("\\{letter}")
}

fn nginx_style(letter: char) -> String {
    format!("\\x{:02X}", u32::from(letter))
}

/// A directive as each dialect spells it and as each prints it: Squid, Apache, nginx.
type Row = [Spelling; 3];

/// A directive without its sigil, and what the server prints for it.
type Spelling = (&'static str, fn(&Truth) -> String);

fn clf(truth: &Truth) -> String {
    let stamp = jiff::Timestamp::from_second(truth.seconds.into()).unwrap();
    stamp
        .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(2)))
        .strftime("%d/%b/%Y:%H:%M:%S %z")
        .to_string()
}

fn rows() -> Vec<Row> {
    vec![
        [
            (">a", |t| t.client.to_string()),
            ("a", |t| t.client.to_string()),
            ("remote_addr", |t| t.client.to_string()),
        ],
        [
            (">p", |t| t.port.to_string()),
            ("{remote}p", |t| t.port.to_string()),
            ("remote_port", |t| t.port.to_string()),
        ],
        [
            (">st", |t| t.up.to_string()),
            ("I", |t| t.up.to_string()),
            ("request_length", |t| t.up.to_string()),
        ],
        [
            ("<st", |t| t.down.to_string()),
            ("O", |t| t.down.to_string()),
            ("bytes_sent", |t| t.down.to_string()),
        ],
        [
            (">Hs", |t| t.status.to_string()),
            (">s", |t| t.status.to_string()),
            ("status", |t| t.status.to_string()),
        ],
        [("un", |t| t.user.clone()), ("u", |t| t.user.clone()), ("remote_user", |t| t.user.clone())],
        [
            ("9tr", |t| format!("{:9}", t.elapsed)),
            ("D", |t| (u64::from(t.elapsed) * 1000).to_string()),
            ("request_time", |t| format!("{}.{:03}", t.elapsed / 1000, t.elapsed % 1000)),
        ],
        [
            ("\"ru", |t| escaped(&t.path, apache_style)),
            ("r", |t| format!("GET {} HTTP/1.1", escaped(&t.path, apache_style))),
            ("request", |t| format!("GET {} HTTP/1.1", escaped(&t.path, nginx_style))),
        ],
        [
            ("\"{User-Agent}>h", |t| escaped(&t.agent, apache_style)),
            ("{User-Agent}i", |t| escaped(&t.agent, apache_style)),
            ("http_user_agent", |t| escaped(&t.agent, nginx_style)),
        ],
        [("Ss", |_| "TCP_MISS".into()), ("k", |_| "0".into()), ("connection", |_| "17".into())],
    ]
}

fn stamps() -> [Spelling; 3] {
    [
        ("%ts.%03tu", |t| format!("{}.{:03}", t.seconds, t.millis)),
        ("%{%Y-%m-%d %H:%M:%S}t.%{msec_frac}t %{%z}t", |t| {
            let stamp = jiff::Timestamp::from_second(t.seconds.into()).unwrap();
            format!("{}.{:03} +0000", stamp.strftime("%Y-%m-%d %H:%M:%S"), t.millis)
        }),
        ("$msec", |t| format!("{}.{:03}", t.seconds, t.millis)),
    ]
}

proptest! {
    #[test]
    fn events_come_back(
        truth in truth(),
        dialect in 0usize..3,
        order in Just((0..rows().len()).collect::<Vec<_>>()).prop_shuffle(),
        marks in proptest::collection::vec(prop::sample::select(vec!["\" \"", "\"|\"", "\"\t\"", "\", \"x\": \""]), 12),
        as_clf in any::<bool>(),
    ) {
        let sigil = if dialect == 2 { "$" } else { "%" };
        let (stamp, print) = if as_clf {
            ([("%tl"), "%{%d/%b/%Y:%H:%M:%S %z}t", "$time_local"][dialect], clf as fn(&Truth) -> String)
        } else {
            stamps()[dialect]
        };
        let (mut spec, mut line) = (format!("\"{stamp}"), format!("\"{}", print(&truth)));
        for (place, mark) in order.iter().zip(&marks) {
            let (name, print) = rows()[*place][dialect];
            spec.push_str(&format!("{mark}{sigil}{name}"));
            line.push_str(&format!("{mark}{}", print(&truth)));
        }
        spec.push('"');
        line.push('"');
        let kind = [&proxy::squid::KIND, &server::apache::KIND, &server::nginx::KIND][dialect];
        let format = (kind.compile)(&spec, &Context::default()).unwrap();
        let scratch = Scratch::new();
        let mut events: Vec<Event<'_>> = Vec::new();
        prop_assert_eq!(format.parse(line.as_bytes(), &scratch, &mut events), Ok(()), "{} {}", spec, line);
        let event = &events[0];
        let millis = if as_clf { 0 } else { i64::from(truth.millis) };
        prop_assert_eq!(event.timestamp.0, i64::from(truth.seconds) * 1_000_000 + millis * 1_000, "{}", line);
        prop_assert_eq!(event.source.ip, Some(truth.client));
        prop_assert_eq!(event.source.port, Some(truth.port));
        prop_assert_eq!(event.source.bytes, Some(truth.up));
        prop_assert_eq!(event.destination.bytes, Some(truth.down));
        prop_assert_eq!(event.status, Some(truth.status));
        prop_assert_eq!(event.user, Some(truth.user.as_bytes()));
        prop_assert_eq!(event.duration.map(|span| span.0), Some(i64::from(truth.elapsed) * 1000));
        prop_assert_eq!(event.url, Some(truth.path.as_bytes()), "{}", line);
        prop_assert_eq!(event.user_agent, Some(truth.agent.as_bytes()), "{}", line);
        prop_assert_eq!(event.role, if dialect == 0 { Role::Proxy } else { Role::Server });
    }
}
