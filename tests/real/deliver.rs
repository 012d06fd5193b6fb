//! Told incidents to a real rsyslogd, over UDP, TCP and TLS: each once and in order, also when it was down at first.

use crate::servers::{Server, folder, free_port, give_to_servers, signed_certificate, wait_until};
use outflow::config::{OutputConfig, Render, Target, Transport};
use outflow::daemon::deliver::{Deliveries, Outbox, Pace};
use outflow::units::Span;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// More than one batch, and no more than the buffer of a UDP socket holds while its reader is busy: 92 of these by default.
const ITEMS: u64 = 70;

/// One output's outbox.
#[derive(Default)]
struct Memory {
    cursor: Mutex<u64>,
}

impl Outbox for Memory {
    fn after(&self, cursor: u64, max: usize) -> Vec<(u64, String)> {
        let line = |number: u64| {
            format!(
                r#"{{"type":"incident","id":"id-{number}","severity":"critical","detected_at":"2023-03-29T00:30:00Z","summary":"ünïcode, and {}"}}"#,
                "x".repeat(1_000)
            )
        };
        (cursor + 1..=ITEMS).take(max).map(|number| (number, line(number))).collect()
    }

    fn cursor(&self, _: &str) -> u64 {
        *self.cursor.lock().expect("no panic elsewhere")
    }

    fn sent(&self, _: &str, upto: u64) {
        *self.cursor.lock().expect("no panic elsewhere") = upto;
    }

    fn waiting(&self, output: &str) -> u64 {
        ITEMS - self.cursor(output)
    }
}

/// An rsyslogd that writes what comes in by UDP and TCP at `plain`, and by TLS at `tls`, as a line of its parts.
fn rsyslog(dir: &Path, plain: u16, tls: u16) -> Server {
    let path = dir.display();
    let config = format!(
        "global(workDirectory=\"{path}/tmp\" maxMessageSize=\"64k\" DefaultNetstreamDriver=\"gtls\"\n\
          DefaultNetstreamDriverCAFile=\"{path}/ca.pem\" DefaultNetstreamDriverCertFile=\"{path}/cert.pem\"\n\
          DefaultNetstreamDriverKeyFile=\"{path}/key.pem\")\n\
         template(name=\"parts\" type=\"string\" string=\"%syslogfacility-text% %syslogseverity-text% %app-name% %msgid% \
          %timereported:::date-rfc3339% %msg%\\n\")\n\
         module(load=\"imudp\")\nmodule(load=\"imptcp\")\n\
         module(load=\"imtcp\" StreamDriver.Name=\"gtls\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"anon\")\n\
         ruleset(name=\"udp\") {{ action(type=\"omfile\" file=\"{path}/udp.log\" template=\"parts\") }}\n\
         ruleset(name=\"tcp\") {{ action(type=\"omfile\" file=\"{path}/tcp.log\" template=\"parts\") }}\n\
         ruleset(name=\"tls\") {{ action(type=\"omfile\" file=\"{path}/tls.log\" template=\"parts\") }}\n\
         input(type=\"imudp\" address=\"127.0.0.1\" port=\"{plain}\" ruleset=\"udp\")\n\
         input(type=\"imptcp\" address=\"127.0.0.1\" port=\"{plain}\" ruleset=\"tcp\")\n\
         input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{tls}\" ruleset=\"tls\")\n"
    );
    fs::write(dir.join("rsyslog.conf"), config).expect("rsyslog.conf");
    let conf = dir.join("rsyslog.conf").display().to_string();
    Server::start("rsyslogd", &["-n", "-f", &conf, "-i", "NONE"], "TERM", dir, &[plain, tls])
}

#[test]
fn rsyslog_gets_each_incident_once() {
    let (dir, plain, tls) = (folder(), free_port(), free_port());
    signed_certificate(dir.path(), "localhost");
    for name in ["ca.pem", "cert.pem", "key.pem"] {
        give_to_servers(&dir.path().join(name));
    }
    let pace = Pace { first: Duration::from_millis(10), most: Duration::from_millis(100) };
    let start = |transport: Transport, port: u16| {
        let to = Target::Syslog {
            transport,
            host: "localhost".into(),
            port,
            ca: (transport == Transport::Tls).then(|| dir.path().join("ca.pem")),
            time_limit: Span::MINUTE,
        };
        let outputs = [OutputConfig { name: "siem".into(), to, render: Render::Outflow }];
        let outbox = Arc::new(Memory::default());
        let deliveries =
            Deliveries::start(&outputs, Arc::clone(&outbox) as Arc<dyn Outbox>, pace).expect("it starts");
        (outbox, deliveries)
    };
    // Nobody is there yet.
    let early = [("tcp", start(Transport::Tcp, plain)), ("tls", start(Transport::Tls, tls))];
    for (_, (_, deliveries)) in &early {
        wait_until("it failed", || deliveries.states()[0].failures > 2);
    }
    let rsyslog = rsyslog(dir.path(), plain, tls);
    // Over UDP nobody says that there is nobody.
    let late = ("udp", start(Transport::Udp, plain));
    for (name, (outbox, deliveries)) in early.into_iter().chain([late]) {
        wait_until(&format!("all is told over {name}"), || outbox.waiting("siem") == 0);
        assert!(deliveries.stop(Duration::from_secs(60)), "{name}");
        let log = || fs::read_to_string(dir.path().join(format!("{name}.log"))).unwrap_or_default();
        wait_until(&format!("{name}.log is whole"), || log().lines().count() >= ITEMS as usize);
        for (line, number) in log().lines().zip(1..) {
            let parts = "local0 crit outflow incident 2023-03-29T00:30:00";
            let id = format!("\"id\":\"id-{number}\"");
            assert!(
                line.starts_with(parts) && line.contains(&id) && line.contains("ünïcode"),
                "{name}: {line}"
            );
        }
        assert_eq!(log().lines().count() as u64, ITEMS, "{name}");
    }
    rsyslog.stop();
}

/// A receiver that somebody else vouches for gets nothing.
#[test]
fn an_unknown_receiver_gets_nothing() {
    let (dir, plain, tls) = (folder(), free_port(), free_port());
    signed_certificate(dir.path(), "localhost");
    for name in ["ca.pem", "cert.pem", "key.pem"] {
        give_to_servers(&dir.path().join(name));
    }
    let rsyslog = rsyslog(dir.path(), plain, tls);
    let other = folder();
    signed_certificate(other.path(), "localhost");
    let to = Target::Syslog {
        transport: Transport::Tls,
        host: "localhost".into(),
        port: tls,
        ca: Some(other.path().join("ca.pem")),
        time_limit: Span::MINUTE,
    };
    let outputs = [OutputConfig { name: "siem".into(), to, render: Render::Outflow }];
    let outbox = Arc::new(Memory::default());
    let deliveries = Deliveries::start(&outputs, outbox, Pace::default()).expect("it starts");
    wait_until("it failed", || deliveries.states()[0].failures > 0);
    let state = deliveries.states().remove(0);
    assert!(state.sent == 0 && state.error.is_some_and(|error| error.contains("certificate")));
    let _ = deliveries.stop(Duration::from_secs(60));
    rsyslog.stop();
    assert!(!dir.path().join("tls.log").exists());
}
