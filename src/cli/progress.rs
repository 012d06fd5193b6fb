//! The progress bar: only on a terminal, and never in the way of the data.

use crate::batch::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the bar is drawn anew; also the longest that a finished command waits for it.
const TICK: Duration = Duration::from_millis(100);

/// A bar that runs until it is finished or dropped.
pub(super) struct Bar {
    running: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Bar {
    /// Draws `progress` on stderr where that is a terminal and talk is wanted.
    pub(super) fn start(progress: &Arc<Progress>, quiet: bool) -> Bar {
        if quiet || !std::io::stderr().is_terminal() {
            return Bar { running: None };
        }
        let (progress, done) = (Arc::clone(progress), Arc::new(AtomicBool::new(false)));
        let stop = Arc::clone(&done);
        let draw = std::thread::spawn(move || {
            let total = progress.total.load(Ordering::Relaxed);
            let bar =
                ProgressBar::with_draw_target((total > 0).then_some(total), ProgressDrawTarget::stderr());
            let known = "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {msg}, {eta} left";
            let unknown = "{spinner} {bytes}, {bytes_per_sec}, {msg}";
            if let Ok(style) = ProgressStyle::with_template(if total > 0 { known } else { unknown }) {
                bar.set_style(style);
            }
            while !stop.load(Ordering::Relaxed) {
                let lines = progress.lines.load(Ordering::Relaxed);
                bar.set_position(progress.raw.load(Ordering::Relaxed));
                let seconds = bar.elapsed().as_secs_f64().max(0.001);
                bar.set_message(format!("{lines} lines, {:.0} lines/s", lines as f64 / seconds));
                std::thread::park_timeout(TICK);
            }
            bar.finish_and_clear();
        });
        Bar { running: Some((done, draw)) }
    }

    /// Takes the bar away.
    pub(super) fn finish(mut self) {
        if let Some((done, draw)) = self.running.take() {
            done.store(true, Ordering::Relaxed);
            draw.thread().unpark();
            let _ = draw.join();
        }
    }
}
