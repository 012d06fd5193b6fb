//! Ports of this machine for programs under test.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// True where `[::1]` can be bound.
pub(crate) fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// Gives each port once. They lie below the range from which the kernel takes the ports of outgoing connections, so that
/// no client can take one between the asking and the server's own bind.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Runs that start side by side begin far apart.
    let start = 10_000 + u16::try_from(std::process::id().wrapping_mul(97) % 15_000).expect("below 15,000");
    loop {
        let port = start + NEXT.fetch_add(1, Ordering::Relaxed) % 5_000;
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if free && (!has_ipv6() || TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok()) {
            return port;
        }
    }
}
