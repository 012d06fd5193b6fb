//! Arbitrary bytes against everything that reads what a stranger wrote. `tests/fuzz/run` builds this, makes the first inputs
//! and runs each target; one binary holds them all, and `FUZZ_TARGET` says which one runs.
//!
//! An input fails by a panic, by a promise that is not kept (`reading.rs`), by time (`-timeout`) or by memory (`MEMORY`).

#![no_main]

mod conf;
mod decompression;
mod detection;
mod framing;
mod reading;

use cap::Cap;
use std::alloc::System;
use std::sync::LazyLock;

/// A target reads one input and panics where a promise is broken.
type Target = fn(&[u8]);

/// Each family of formats is a folder of `src/formats`; there `reading` reads an input's first line as a `--format`, and
/// the others by it.
const TARGETS: [(&str, Target); 14] = [
    ("server", reading::family),
    ("proxy", reading::family),
    ("firewall", reading::family),
    ("flow", reading::family),
    ("dns", reading::family),
    ("store", reading::family),
    ("generic", reading::family),
    ("mapped", reading::mapped),
    ("strings", reading::strings),
    ("envelopes", reading::envelopes),
    ("detection", detection::detection),
    ("framing", framing::framing),
    ("conf", conf::conf),
    ("decompression", decompression::decompression),
];

/// Most memory that reading one input may hold: `framing` makes texts of 3 MiB and keeps a copy, all else reads a few
/// kilobytes.
const MEMORY: usize = 32 << 20;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

static TARGET: LazyLock<(&str, Target)> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let names = TARGETS.map(|(name, _)| name).join(", ");
    let found = TARGETS.into_iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("FUZZ_TARGET={name}: expected one of {names}"))
});

libfuzzer_sys::fuzz_target!(init: tell_panics_without_the_cap(), |input: &[u8]| {
    let (_, target) = *TARGET;
    ALLOCATOR.set_limit(ALLOCATOR.allocated() + MEMORY).expect("the limit lies above what is held");
    target(input);
});

/// A backtrace takes more memory than any input may: under the cap, telling a panic would fail and hang.
fn tell_panics_without_the_cap() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        _ = ALLOCATOR.set_limit(usize::MAX);
        tell(panic);
    }));
}
