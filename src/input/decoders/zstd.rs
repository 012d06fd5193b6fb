//! zstd frames, by libzstd, in turns: take input without room for output, then give output without input.
//!
//! One call that does both loses what it wrote when a later block of the same call is broken, because libzstd reports
//! positions on success only. A call that takes stops after one block (at most 128 KiB), so turns cost nothing.

use std::io;

use zstd::stream::raw::{DParameter, Decoder as Context, InBuffer, Operation, OutBuffer};

use super::{Decoder, Step, Then, Worked, work};
use crate::input::Fault;
use crate::input::source::Source;

/// The largest window, as a power of two: 128 MiB, what `zstd -d` accepts without being told more. A header may ask for
/// 2 GiB (`zstd --ultra --long=31`) without a byte of content behind it.
const WINDOW_LOG_MAX: u32 = 27;

pub(super) struct Zstd {
    /// None before the first frame.
    context: Option<Context<'static>>,
    /// The context may hold decoded bytes.
    pending: bool,
}

impl Zstd {
    pub(super) fn new() -> Zstd {
        Zstd { context: None, pending: false }
    }
}

impl Decoder for Zstd {
    fn restart(&mut self) -> Result<(), Fault> {
        // A context that finished a frame is ready for the next one.
        if self.context.is_none() {
            let mut context = Context::new().map_err(|error| fault(&error))?;
            context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(|error| fault(&error))?;
            self.context = Some(context);
        }
        Ok(())
    }

    fn decode(&mut self, source: &mut Source, out: &mut [u8]) -> io::Result<Step> {
        let Some(context) = &mut self.context else {
            let fault = Fault::Damaged("no frame was begun".to_owned());
            return Ok(Step { produced: 0, then: Then::Broken(fault) });
        };
        if self.pending {
            let worked = turn(context, &[], out);
            self.pending = worked.produced == out.len();
            let then = match worked.result {
                Err(fault) => Some(Then::Broken(fault)),
                Ok(true) => Some(Then::End),
                Ok(false) => (worked.produced > 0).then_some(Then::More),
            };
            if let Some(then) = then {
                return Ok(Step { produced: worked.produced, then });
            }
        }
        self.pending = true;
        work(source, |input| turn(context, input, &mut []))
    }
}

fn turn(context: &mut Context<'_>, input: &[u8], output: &mut [u8]) -> Worked {
    let mut input = InBuffer::around(input);
    let mut output = OutBuffer::around(output);
    // Zero says that the frame is at its end and all of it handed out.
    let result = context.run(&mut input, &mut output).map(|hint| hint == 0).map_err(|error| fault(&error));
    Worked { consumed: input.pos(), produced: output.pos(), result }
}

/// The crate passes errors on as libzstd's text only; a test holds the one phrase that matters.
fn fault(error: &io::Error) -> Fault {
    let text = error.to_string();
    match text.contains("too much memory") {
        true => Fault::Memory,
        false => Fault::Damaged(text),
    }
}
