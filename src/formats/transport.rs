//! The names of transports, in lower case as ECS has them, whether a log writes them by name or by IANA number.

/// The usual name; the text itself where it is none of the usual ones.
pub(super) fn name(text: &[u8]) -> &[u8] {
    const NAMES: [(&[u8], &[u8], &[u8]); 9] = [
        (b"6", b"TCP", b"tcp"),
        (b"17", b"UDP", b"udp"),
        (b"1", b"ICMP", b"icmp"),
        (b"58", b"IPv6-ICMP", b"ipv6-icmp"),
        (b"58", b"ICMP6", b"ipv6-icmp"),
        (b"47", b"GRE", b"gre"),
        (b"50", b"ESP", b"esp"),
        (b"132", b"SCTP", b"sctp"),
        (b"2", b"IGMP", b"igmp"),
    ];
    NAMES
        .iter()
        .find(|(number, word, _)| text == *number || text.eq_ignore_ascii_case(word))
        .map_or(text, |(.., name)| name)
}
