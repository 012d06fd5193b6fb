//! Ten thousand logs in one folder.

use crate::daemon::{Place, events, squid_line};
use crate::servers::SQUID_UPLOAD;
use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};

const FILES: usize = 10_000;

/// Files that the daemon holds open at most: 512 logs, and what it needs itself.
const OPEN: usize = 560;

#[test]
fn ten_thousand_files_that_grow_are_read_exactly() {
    let place = Place::new(&format!("squid:{SQUID_UPLOAD}"), None);
    let grow = |round: i64, lines: i64| {
        for number in (0..).take(FILES) {
            let client = format!("10.{}.{}.7", number / 250, number % 250);
            let line = |line| {
                squid_line(1_790_000_000 + round * 60 + line, &client, "files.example", 1_000 + number)
            };
            place.append(&format!("access.log-{number}"), &(0..lines).map(line).collect::<String>());
        }
    };
    grow(0, 3);
    let began = Instant::now();
    let daemon = place.start();
    let mut most = 0;
    for (round, wanted) in [(1, 30_000), (2, 40_000), (3, 50_000)] {
        let read = || {
            sleep(Duration::from_millis(200));
            events(&place.kept()) >= wanted
        };
        daemon.wait_until(&format!("{wanted} lines were read"), read);
        most = most.max(daemon.open_files());
        if round == 1 {
            // Past the harness, which hides what passing tests print.
            let line = format!("{FILES} new logs were read after {:.1?}\n", began.elapsed());
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
        if round < 3 {
            grow(round, 1);
        }
    }
    assert!((100..=OPEN).contains(&most), "{most} open files");
    let expected = place.read(&[place.logs()]);
    assert_eq!((events(&expected), expected.len()), (50_000, FILES));
    place.holds(daemon, &expected);
}
