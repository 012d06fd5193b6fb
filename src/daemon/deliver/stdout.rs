//! Standard output, a line for each incident.

use super::{Failure, Item, Receiver};
use std::io::{self, Write};

pub(super) struct Stdout;

impl Receiver for Stdout {
    fn deliver(&mut self, items: &[Item]) -> Result<usize, Failure> {
        let text: String = items.iter().map(|item| format!("{}\n", item.text)).collect();
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(|error| Failure::later(format!("standard output: {error}")))?;
        Ok(items.len())
    }
}
