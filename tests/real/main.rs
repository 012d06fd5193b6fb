//! Real servers, real clients: squid, nginx, apache2 and others from Debian, Envoy and Traefik, driven with curl and rclone on loopback.
//!
//! Each server is run and driven once, and the tests ask of what it logged: does `outflow` read every line, and add up
//! exactly the bytes that the server logged; and are these, within headers, the bytes that the clients sent? Beside some of
//! them `outflow watch` follows their logs while these are rotated: does it hold exactly what they wrote?
//! Run by `tests/run`, or with `cargo test --test real` where what it installs is there.

mod apache;
mod caddy;
mod capture;
mod checks;
mod chromium;
mod client;
mod conf;
mod daemon;
mod deliver;
mod dns;
mod envoy;
mod haproxy;
mod iodine;
mod listen;
mod lighttpd;
mod namespace;
mod nfdump;
mod nginx;
mod outflow;
#[path = "../integration/ports.rs"]
mod ports;
mod programs;
mod report;
mod rsyslog;
mod schemas;
mod servers;
mod squid;
mod tinyproxy;
mod traefik;
mod trafficserver;
mod varnish;
mod watch;

use capture::Capture;

/// What every server of the suite logged.
fn captures() -> Vec<&'static Capture> {
    let mut all = Vec::new();
    all.extend(nginx::captures());
    all.extend(apache::captures());
    all.extend(squid::captures());
    all.extend(haproxy::captures());
    all.extend(caddy::captures());
    all.extend(dns::captures());
    all.extend(tinyproxy::captures());
    all.extend(lighttpd::captures());
    all.extend(varnish::captures());
    all.extend(trafficserver::captures());
    all.extend(nfdump::captures());
    all.extend(envoy::captures());
    all.extend(traefik::captures());
    all
}

/// With `OUTFLOW_CAPTURE=FOLDER` the logs of this run are written there: that is how `sample-logs/` was made.
#[test]
fn capture() {
    for capture in captures() {
        if let Some(folder) = std::env::var_os("OUTFLOW_CAPTURE") {
            capture.write_into(folder.as_ref());
        }
        assert!((300..100_000).contains(&capture.log.len()), "{}: {} bytes", capture.name, capture.log.len());
    }
}
