//! Zeek's JSON lines, in the shapes that loggers and shippers give them: `id.orig_h`, `id_orig_h`, `{"id":{"orig_h":…}}`,
//! and the whole record under `{"conn":{…}}`.

use super::record::{Fields, Slot, is_conn_path};
use crate::event::reject::{Reason, Reject};
use crate::formats::json::{self, Members, Value};
use crate::formats::{Detail, Scratch};

/// The fields of a connection; `Malformed` for an object that is no connection's.
pub(super) fn fields<'a>(line: &'a [u8], scratch: &'a Scratch, detail: Detail) -> Result<Fields<'a>, Reject> {
    let mut reader = Reader { line, scratch, detail, fields: Fields::default() };
    reader.read(&mut json::members(line), Within::Line)?;
    let has = |slot: Slot| !reader.fields.get(slot as usize).is_empty();
    // Every Zeek log has both ends; what only connections have must be there too, else an http line of the same stream
    // would count as a transfer of unknown size.
    let connection = [Slot::State, Slot::OrigBytes, Slot::RespBytes, Slot::OrigIpBytes, Slot::RespIpBytes];
    if !connection.into_iter().any(has) || !is_conn_path(reader.fields.get(Slot::Path as usize)) {
        return Err(Reject::line(Reason::Malformed));
    }
    Ok(reader.fields)
}

/// Which object is being read; each is opened from the one before it, so that nothing recurses with the input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Line,
    Conn,
    Id,
}

struct Reader<'a> {
    line: &'a [u8],
    scratch: &'a Scratch,
    detail: Detail,
    fields: Fields<'a>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, members: &mut Members<'a>, within: Within) -> Result<(), Reject> {
        let mut place = *members;
        while let Some(member) = place.next() {
            let (key, value) = member?;
            let name = key.decode(self.scratch);
            let slot = match within {
                Within::Id => Slot::of_end(name),
                Within::Line | Within::Conn => Slot::of(name, self.detail),
            };
            match (value, within, name) {
                (Value::Object(mut id), Within::Line | Within::Conn, b"id") => {
                    self.read(&mut id, Within::Id)?;
                    place.pass(id.end());
                }
                (Value::Object(mut conn), Within::Line, b"conn") => {
                    self.read(&mut conn, Within::Conn)?;
                    place.pass(conn.end());
                }
                _ if slot == Slot::Skip => {}
                (Value::Object(_) | Value::Array(_), ..) if slot.is_detail() => {}
                (Value::Object(_) | Value::Array(_), ..) => {
                    return Err(key.reject(Reason::Malformed, self.line));
                }
                _ => self.fields.set(slot as usize, value.scalar(self.scratch).unwrap_or_default()),
            }
        }
        *members = place;
        Ok(())
    }
}
