//! Datagrams that the kernel dropped before anybody could take them, as Linux counts them in `/proc/net/udp`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// By `udp://ADDRESS` of the socket; empty where there are no such tables (other systems).
pub(super) fn drops() -> BTreeMap<String, u64> {
    let tables = ["/proc/net/udp", "/proc/net/udp6"].map(std::fs::read_to_string);
    tables.iter().flatten().flat_map(|table| table.lines().filter_map(row)).collect()
}

/// `sl local_address rem_address st … drops`, addresses in hexadecimal words of the machine's own byte order.
fn row(line: &str) -> Option<(String, u64)> {
    let mut fields = line.split_ascii_whitespace();
    let (address, port) = fields.nth(1)?.split_once(':')?;
    let drops = fields.last()?.parse().ok()?;
    let words: Option<Vec<u8>> = (0..address.len() / 8)
        .map(|word| u32::from_str_radix(address.get(word * 8..word * 8 + 8)?, 16).ok())
        .try_fold(Vec::new(), |mut bytes, word| {
            bytes.extend(word?.to_ne_bytes());
            Some(bytes)
        });
    let ip = match words?.as_slice() {
        bytes @ [_, _, _, _] => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        bytes => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
    };
    let at = SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?);
    Some((format!("udp://{at}"), drops))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn rows_are_sockets() {
        let line = "  123: 0100007F:1590 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 99 2 0000000000000000 17";
        assert_eq!(row(line), Some(("udp://127.0.0.1:5520".into(), 17)));
        let line = " 9: 00000000000000000000000001000000:0202 00000000000000000000000000000000:0000 07 0:0 00:0 0 0 0 9 2 0 3";
        assert_eq!(row(line), Some(("udp://[::1]:514".into(), 3)));
        assert_eq!(row("   sl  local_address rem_address   st"), None);
    }
}
