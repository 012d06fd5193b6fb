//! What a file is that is no log's own: a new log, a copy, or all that is left of a log that lost its file: the copy that
//! `copytruncate` made, the compressed file that took the place of a rotated one.

use super::alike::Alike;
use super::content;
use super::find::{Found, Sight, is_own};
use super::mark::{Front, HEAD, Mark, Mode, State};
use super::{Log, Tail};
use std::io;

/// What a file turns out to be.
pub(super) enum Turns {
    /// A log that was not known.
    New,
    /// The text of this log, which has a file of its own.
    CopyOf(u32),
    /// This log, whose own file is gone.
    Is(u32),
    /// That shows when it is written to its end.
    Unsettled,
}

impl Tail {
    /// What a file turns out to be that is no log's own.
    ///
    /// # Errors
    /// As the file system's. [`io::ErrorKind::NotFound`]: it, or a log like it, has another name by now.
    pub(super) fn turns(&self, file: &Found, sight: Sight, alike: &Alike) -> io::Result<Turns> {
        if is_own(&self.groups, file.group) {
            return Ok(Turns::New);
        }
        let Some(mode) = content::mode(file.named())? else {
            // Empty, or the beginning of a first line.
            return Ok(Turns::New);
        };
        // A compressed file is looked at when it is whole.
        if mode == Mode::Stream && sight < Sight::Settled {
            return Ok(Turns::Unsettled);
        }
        let mut front = match content::front(file.named(), HEAD) {
            Ok(front) => Front::new(front),
            Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::NotFound) => {
                return Err(error);
            }
            // Broken at its very beginning: what can be read of it is read as a log.
            Err(_) => return Ok(Turns::New),
        };
        let mut unsettled = false;
        let named = |number: &u32| self.logs.get(number);
        for log in alike.unread(&front.text).iter().filter_map(named) {
            if !log.is_unread_like(&front.text, file) {
                continue;
            }
            if holds_too(&log.mark, file, length_of(file, mode)?)? {
                return Ok(Turns::CopyOf(log.mark.number));
            }
            unsettled |= !is_there(&log.mark)?;
        }
        // A log that holds all of it says more than one without a file, which may have been no more than a header; of
        // several of these the one of which most is known.
        let likely = alike.likely(&mut front);
        let mut likely: Vec<&Log> =
            likely.iter().filter_map(named).filter(|log| log.mark.offset > 0 || log.seeks()).collect();
        likely.sort_by_key(|log| (log.seeks(), std::cmp::Reverse(log.known())));
        for log in likely {
            let mark = &log.mark;
            if log.seeks() {
                match log.sought(file, mode, (&mut front, sight))? {
                    Some(Turns::Unsettled) => unsettled = true,
                    Some(turns) => return Ok(turns),
                    None => {}
                }
                continue;
            }
            if !mark.begins_like(&mut front) {
                continue;
            }
            let (sum, length) = content::sum(file.named(), mark.offset)?;
            let same = sum.is_some_and(|sum| mark.is_sum(sum));
            if mark.state == State::Over {
                if same && length_of(file, mode)? > mark.offset {
                    return Ok(Turns::Is(mark.number));
                }
                if same {
                    return Ok(Turns::CopyOf(mark.number));
                }
            } else {
                let length = if same { length_of(file, mode)? } else { length };
                if holds_too(mark, file, length)? {
                    return Ok(Turns::CopyOf(mark.number));
                }
                unsettled |= !is_there(mark)?;
            }
        }
        if mode == Mode::Plain && front.text.len() < HEAD {
            // Shorter than what logs are known by: the copy of one that was read may only have begun.
            for log in alike.called(&file.path).iter().filter_map(named) {
                let reads_on = log.mark.is_live() && log.mark.offset > file.seen.0 && log.mark.id != file.id;
                if reads_on && holds_too(&log.mark, file, file.seen.0)? {
                    return Ok(Turns::CopyOf(log.mark.number));
                }
            }
        }
        Ok(if unsettled { Turns::Unsettled } else { Turns::New })
    }
}

impl Log {
    /// Whether it is a log of which nothing was read and that begins like another file.
    fn is_unread_like(&self, front: &[u8], file: &Found) -> bool {
        let own = &self.mark.front;
        let alike = own.starts_with(front) || front.starts_with(own);
        let unread = self.mark.offset == 0 && self.mark.state == State::Live && self.gone.is_none();
        unread && !own.is_empty() && alike && file.id != self.mark.id
    }

    /// Whether a file is the copy of it, made before its last lines were written, which then were read here and truncated.
    fn is_copied_early(&self, file: &Found, mode: Mode) -> io::Result<bool> {
        if self.ends.is_empty() || file.id == self.mark.id {
            return Ok(false);
        }
        let length = length_of(file, mode)?;
        let Ok(place) = self.ends.binary_search_by_key(&length, |(end, _)| *end) else { return Ok(false) };
        let sum = self.ends.get(place).map(|(_, sum)| *sum);
        Ok(length < self.mark.offset && content::sum(file.named(), length)?.0 == sum)
    }

    /// Whether it has no file under any name, so that a copy may stand for it.
    pub(super) fn seeks(&self) -> bool {
        match self.mark.state {
            State::Live => self.gone.is_some(),
            State::Astray { .. } => true,
            State::Over => false,
        }
    }

    /// How much of its text it can be known by.
    pub(super) fn known(&self) -> u64 {
        self.mark.offset.max(self.mark.front.len() as u64)
    }

    /// How much text was certainly written, as far as it was seen.
    pub(super) fn written(&self) -> u64 {
        match (self.mark.mode, self.mark.state) {
            (Some(Mode::Stream), _) => self.mark.offset,
            (_, State::Astray { unread }) => self.mark.offset + unread,
            (_, State::Live) => self.mark.seen.0.max(self.mark.offset),
            (_, State::Over) => self.mark.offset,
        }
    }

    /// What a file is to this log, which has none under any name; `None` where it is not its text.
    pub(super) fn sought(
        &self,
        file: &Found,
        mode: Mode,
        (front, sight): (&mut Front, Sight),
    ) -> io::Result<Option<Turns>> {
        let mark = &self.mark;
        if self.is_copied_early(file, mode)? {
            return Ok(Some(Turns::CopyOf(mark.number)));
        }
        // Shorter than what is compared: a copy that is only begun, or a log. That shows at the next look.
        let length = front.text.len() as u64;
        let short = (length > 0 && length < self.known().min(HEAD as u64) && sight == Sight::First)
            .then_some(Turns::Unsettled);
        if mark.offset == 0 {
            // Nothing of it was read: to take another that begins like it for it costs no line.
            if mark.front.is_empty() || !front.text.starts_with(&mark.front) {
                return Ok(short);
            }
        } else {
            if !mark.begins_like(front) {
                return Ok(short);
            }
            match content::sum(file.named(), mark.offset)?.0 {
                // It is being written: so long as the log is looked for, nothing else is more likely.
                None => return Ok(Some(Turns::Unsettled)),
                Some(sum) if !mark.is_sum(sum) => return Ok(None),
                Some(_) => {}
            }
        }
        let length = length_of(file, mode)?;
        if let (Some(content), State::Live) = (&self.content, mark.state)
            && let Some(size) = content.size()
        {
            // The file that is still open has all that was ever written.
            let same = length <= size && content.sum(length)? == content::sum(file.named(), length)?.0;
            return Ok(same.then_some(Turns::CopyOf(mark.number)));
        }
        // Others that hold more are asked first.
        let early = length < self.written() && sight < Sight::Old;
        Ok(Some(if early { Turns::Unsettled } else { Turns::Is(mark.number) }))
    }
}

/// Whether a log's own file holds the first `length` bytes of another, and so that is a copy.
fn holds_too(mark: &Mark, file: &Found, length: u64) -> io::Result<bool> {
    if length == 0 {
        return Ok(false);
    }
    let own = match content::sum(mark.named(), length) {
        // It has another name already, and is compared when that is known.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
        own => own.ok().and_then(|(sum, _)| sum),
    };
    Ok(own.is_some() && content::sum(file.named(), length)?.0 == own)
}

/// How long a file's text is.
pub(super) fn length_of(file: &Found, mode: Mode) -> io::Result<u64> {
    match mode {
        Mode::Plain => Ok(file.seen.0),
        Mode::Stream => Ok(content::sum(file.named(), u64::MAX)?.1),
    }
}

/// Whether a log's own file is what the look has found: truncated since, it says nothing of what is a copy of it.
fn is_there(mark: &Mark) -> io::Result<bool> {
    let as_read = || {
        let (sum, _) = content::sum(mark.named(), mark.offset)?;
        Ok::<bool, io::Error>(sum.is_some_and(|sum| mark.is_sum(sum)))
    };
    let as_seen = || {
        let front = content::front(mark.named(), HEAD)?;
        Ok(front.starts_with(&mark.front) && content::size(mark.named())? >= mark.seen.0)
    };
    match if mark.offset > 0 { as_read() } else { as_seen() } {
        // What may not be read says nothing either, and that does not change soon.
        Err(error) if error.kind() != io::ErrorKind::NotFound => Ok(true),
        there => there,
    }
}
