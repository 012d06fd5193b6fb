//! Standard input as a stream of lines.

use super::Shared;
use super::frames::Frames;
use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Its one sender.
const SENDER: &str = "stdin";

/// How often it looks whether there is room again.
const WAIT: Duration = Duration::from_millis(20);

/// Reads to the end in a thread of its own, which waits while there is no room; then `ended` is set.
pub(super) fn start(
    mut input: impl Read + Send + 'static,
    shared: Shared,
    ended: Arc<AtomicBool>,
    longest: usize,
) -> Result<(), String> {
    let thread = std::thread::Builder::new().name("stdin".into()).spawn(move || {
        let mut frames = Frames::of_lines(longest);
        let mut buffer = vec![0; 64 << 10];
        loop {
            while shared.lock().is_full(SENDER) {
                std::thread::sleep(WAIT);
            }
            match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    let mut intake = shared.lock();
                    let bytes = buffer.get(..length).unwrap_or_default();
                    frames.push(bytes, |line| intake.take(SENDER, line));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // A terminal that hung up.
                Err(_) => break,
            }
        }
        let mut intake = shared.lock();
        intake.state.too_long += frames.too_long;
        frames.end(|line| intake.take(SENDER, line));
        intake.flush_all();
        ended.store(true, Ordering::Release);
    });
    thread.map(drop).map_err(|error| error.to_string())
}
