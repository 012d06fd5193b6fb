//! Which file may be all that is left of a log that lost its own: the copy that `copytruncate` made, the compressed file that
//! took the place of a rotated one.

use super::Log;
use super::content;
use super::find::{Found, Sight, Turns, length_of};
use super::mark::{Front, HEAD, Mode, State};
use std::io;

impl Log {
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
            match content::sum(&file.path, mark.offset)?.0 {
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
            let same = length <= size && content.sum(length)? == content::sum(&file.path, length)?.0;
            return Ok(same.then_some(Turns::CopyOf(mark.number)));
        }
        // Others that hold more are asked first.
        let early = length < self.written() && sight < Sight::Old;
        Ok(Some(if early { Turns::Unsettled } else { Turns::Is(mark.number) }))
    }
}
