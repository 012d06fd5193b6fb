//! What Apache and nginx share when they look at the first lines of a source: both write
//! `host ident user [stamp] "request" status bytes` and then what the operator added.
//!
//! [`any`] reads lines of one such file that differ in what stands before and behind.
//!
//! The lines alone do not say what an added number counts. They sometimes say who wrote them: Apache's `%b` writes `-`
//! for no bytes where nginx writes 0, and each has its own way to escape a quote.

pub(super) mod any;

use crate::formats::format_string::sample;
use crate::formats::format_string::target;
use crate::formats::time;

/// Who wrote the lines, as far as they show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    Apache,
    Nginx,
    Either,
}

/// What stands before the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Front {
    Nothing,
    /// `%v`
    Name,
    /// `%v:%p`
    NameAndPort,
    /// The addresses that proxies before the server told, which may follow the site and stand in quotes.
    List,
}

/// What the first lines have in common.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) front: Front,
    /// In most lines the name that identd would give is that of a host, or an address.
    pub(super) second_is_host: bool,
    /// A letter for each value behind the size: `q`uoted, whole `n`umber, `f`raction, `w`ord.
    pub(super) columns: String,
    /// The third quoted value is `-` or a list of addresses, in each line.
    pub(super) third_is_addresses: bool,
    pub(super) writer: Writer,
    /// Most requests name a whole URL, as those to a proxy do.
    pub(super) absolute: bool,
    /// The lines are of this family but not of one shape; front and columns are those of the commonest.
    pub(super) mixed: bool,
}

/// One line, taken apart.
pub(super) struct Row<'a> {
    front: Front,
    /// All before the stamp.
    before: &'a [u8],
    second: &'a [u8],
    request: &'a [u8],
    status: &'a [u8],
    bytes: &'a [u8],
    columns: Vec<(u8, &'a [u8])>,
    /// Where the size ends, in the line.
    size_ends: usize,
}

/// More values behind the size than any log of this family has; a line with more is not taken apart further.
const MAX_COLUMNS: usize = 64;

/// Looks at the lines; `None` if most are not of this family, or differ in shape.
pub(super) fn survey(lines: &[&[u8]]) -> Option<Survey> {
    let lines = sample::filled(lines);
    let rows: Vec<Row<'_>> = lines.iter().filter_map(|line| row(line.trim_ascii_start())).collect();
    let shape = |row: &Row<'_>| {
        (row.front, row.columns.iter().map(|(kind, _)| char::from(*kind)).collect::<String>())
    };
    let shapes: Vec<(Front, String)> = rows.iter().map(shape).collect();
    let alike = |shape: &(Front, String)| shapes.iter().filter(|other| *other == shape).count();
    let (front, columns) = shapes.iter().max_by_key(|shape| alike(shape))?.clone();
    if !sample::is_most(rows.len(), lines.len()) {
        return None;
    }
    let mixed = !sample::is_most(alike(&(front, columns.clone())), lines.len());
    let third = |row: &Row<'_>| {
        row.columns.get(2).is_none_or(|(_, text)| *text == b"-" || target::forwarded(text).is_some())
    };
    let absolute = rows.iter().filter(|row| {
        let request = target::request(row.request);
        request.method == Some(b"CONNECT")
            || request.url.is_some_and(|url| memchr::memmem::find(url, b"://").is_some_and(|at| at < 8))
    });
    Some(Survey {
        front,
        second_is_host: sample::is_most(rows.iter().filter(|row| is_host(row.second)).count(), rows.len()),
        third_is_addresses: rows.iter().all(third),
        absolute: absolute.count() * 2 > rows.len(),
        writer: writer(&rows),
        columns,
        mixed,
    })
}

/// A name of several labels, or an address, with or without a port.
fn is_host(text: &[u8]) -> bool {
    let (host, _) = crate::event::split_authority(text);
    let label = |label: &[u8]| {
        !label.is_empty()
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    crate::event::address(host).is_some()
        || (host.contains(&b'.') && host.split(|byte| *byte == b'.').all(label))
}

fn writer(rows: &[Row<'_>]) -> Writer {
    let holds = |row: &Row<'_>, mark: &[u8]| {
        let texts = row.columns.iter().map(|(_, text)| *text).chain([row.request]);
        texts.into_iter().any(|text| memchr::memmem::find(text, mark).is_some())
    };
    let apache = rows.iter().any(|row| row.bytes == b"-" || holds(row, b"\\\""));
    let nginx = rows.iter().any(|row| {
        // 444, 494 to 499: nginx's own. An empty request line is one that nginx never got.
        let own_status = row.status == b"444" || matches!(row.status, [b'4', b'9', b'4'..=b'9']);
        row.bytes == b"0" || own_status || row.request.is_empty() || holds(row, b"\\x22")
    });
    match (apache, nginx) {
        (true, false) => Writer::Apache,
        (false, true) => Writer::Nginx,
        _ => Writer::Either,
    }
}

fn site(name: &[u8]) -> Front {
    match crate::event::split_authority(name) {
        (_, Some(_)) => Front::NameAndPort,
        _ => Front::Name,
    }
}

pub(super) fn row(line: &[u8]) -> Option<Row<'_>> {
    let line = line.trim_ascii_end();
    // A user's name may hold " [", so the bracket that a stamp follows is looked for.
    let stamp = memchr::memmem::find_iter(line, b" [").find(|at| {
        let rest = line.get(at + 2..).unwrap_or_default();
        rest.get(..26).and_then(time::clf).is_some()
            && rest.get(26..).is_some_and(|rest| rest.starts_with(b"] \""))
    })?;
    let before = line.get(..stamp)?;
    let words: Vec<&[u8]> = before.split(|byte| *byte == b' ').collect();
    let is_address = |text: &&[u8]| crate::event::address(text).is_some();
    let front = match words.as_slice() {
        [list @ .., _, _] if list.iter().any(|word| word.ends_with(b",")) && !list.contains(&&b"-"[..]) => {
            Front::List
        }
        // A site may be called by its address, and a client by its name.
        [_, client, b"-", b"-"] if is_address(client) || *client == b"localhost" => site(words.first()?),
        [name, client, _, _, ..] if !is_address(name) && *client != b"-" => match site(name) {
            Front::Name if !is_address(client) => return None,
            front => front,
        },
        [_, _, _, ..] => Front::Nothing,
        _ => return None,
    };
    let second = words.get(1).copied().unwrap_or_default();
    let (request, rest) = quoted(line.get(stamp + 31..)?)?;
    let mut rest = rest.strip_prefix(b" ")?;
    let mut columns = Vec::new();
    let mut size_ends = line.len();
    while !rest.is_empty() && columns.len() < MAX_COLUMNS {
        let (column, after) = match rest.strip_prefix(b"\"") {
            // What a damaged line ends with is a word, whatever it holds.
            Some(inner) => match quoted(inner) {
                Some((text, after)) => ((b'q', text), after),
                None => ((b'w', rest), &b""[..]),
            },
            None => {
                let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
                let (text, after) = rest.split_at(end);
                ((kind(text), text), after)
            }
        };
        columns.push(column);
        if columns.len() == 2 {
            size_ends = line.len() - after.len();
        }
        rest = after.strip_prefix(b" ").unwrap_or(after);
    }
    let mut columns = columns.into_iter();
    let ((_, status), (_, bytes)) = (columns.next()?, columns.next()?);
    let number = |text: &[u8]| text == b"-" || kind(text) == b'n';
    let fits = number(status) && status.len() <= 3 && number(bytes);
    fits.then(|| Row { front, before, second, request, status, bytes, columns: columns.collect(), size_ends })
}

/// The text up to the quote that ends it, and what follows that.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr_iter(b'"', text).find(|end| {
        let escaped =
            text.get(..*end).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count() % 2
                == 1;
        !escaped && text.get(end + 1).is_none_or(|next| *next == b' ')
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

fn kind(text: &[u8]) -> u8 {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match memchr::memchr(b'.', text) {
        None if digits(text) => b'n',
        Some(dot)
            if digits(text.get(..dot).unwrap_or_default())
                && digits(text.get(dot + 1..).unwrap_or_default()) =>
        {
            b'f'
        }
        _ => b'w',
    }
}
