//! `2023-03-29T01:02:03.456789Z stdout F the line`: what kubelet reads (`/var/log/pods`). Runtimes cut lines at 16 KiB;
//! all pieces but the last carry `P` instead of `F`.

use super::{Opened, Stamp};
use crate::event::reject::{Reason, Reject};

pub(super) fn open(line: &[u8]) -> Result<Opened<'_>, Reject> {
    let mut parts = line.splitn(4, |&byte| byte == b' ');
    let wrong = || Reject::line(Reason::Malformed);
    let (stamp, stream) = (parts.next().unwrap_or_default(), parts.next().ok_or_else(wrong)?);
    let (mark, inner) = (parts.next().ok_or_else(wrong)?, parts.next().unwrap_or_default());
    if stamp.get(10) != Some(&b'T') || !matches!(stream, b"stdout" | b"stderr") {
        return Err(wrong());
    }
    // Marks may have company after a colon.
    match mark.split(|&byte| byte == b':').next() {
        Some(b"F") => Ok(Opened { inner, stamp: Stamp::Iso(stamp), ..Opened::default() }),
        Some(b"P") => Err(Reject::of(Reason::Truncated, line, mark)),
        _ => Err(Reject::of(Reason::Malformed, line, mark)),
    }
}
