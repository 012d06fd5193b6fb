//! An engine whose storage fails at every write there is: whatever was written, its answers stay the same.

use super::checkpoint::FORM;
use super::*;
use crate::batch::{How, Told};
use crate::estate::Estate;
use crate::formats::Detail;
use crate::incidents::Budget;
use crate::input::tail::Group;
use crate::outputs::{self, Style};
use crate::pipeline::{Scan, Take};
use crate::store::tests::faulty::Faulty;
use crate::store::{Opening, Store, Written};
use crate::tally::Settings;
use crate::units::{Span, Timestamp};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const LATENESS: Span = Span(5 * Span::MINUTE.0);
const WRITTEN: Written<'_> = Written { form: FORM, oldest: FORM, settings: "a test" };

fn scan() -> Scan {
    let (settings, budget) = (Settings::default(), Budget::default());
    Scan::new(settings, LATENESS, 2, 0, Estate::default(), Take::default(), budget).with_days()
}

fn followed(folder: &Path) -> Vec<Followed> {
    let how = How {
        format: Told::Nothing,
        host: None,
        role: None,
        zone: jiff::tz::TimeZone::UTC,
        detail: Detail::Judged,
        own: Arc::default(),
        near: None,
    };
    let group = Group { paths: vec![folder.join("*.log")], from_end: false, own: false };
    vec![Followed { group, how: Arc::new(how) }]
}

/// One line of a proxy's log: minutes since the start, host, destination, bytes.
fn line(minute: i64, host: i64, place: &str, bytes: i64) -> String {
    let at = (Timestamp::from_seconds(1_680_000_000).unwrap() + Span::MINUTE.times(minute)).to_string();
    let (date, time) = at.trim_end_matches('Z').split_once('T').unwrap();
    format!("{date} {} 10.0.0.{host} {place} {bytes} 99 TCP_MISS\n", time.split('.').next().unwrap())
}

/// Five days of twelve hosts, and what one of them sends on the last.
fn text() -> String {
    let mut text = "#Software: SGOS\n#Fields: date time c-ip cs-host cs-bytes sc-bytes s-action\n".to_owned();
    for minute in (0..5 * 1440).step_by(20) {
        for host in 0..12 {
            text.push_str(&line(
                minute,
                host,
                &format!("d{}.example", (host + minute / 20) % 9),
                900 + host * 7,
            ));
        }
        if minute > 4 * 1440 {
            text.push_str(&line(minute, 3, "files.test", 700_000_000));
        }
    }
    text
}

/// An engine over storage that others may let fail.
struct Run<'w> {
    folder: &'w Path,
    storage: Faulty,
    engine: Engine,
    keeper: Keeper,
    now: Duration,
}

impl<'w> Run<'w> {
    fn start(folder: &'w Path, storage: &Faulty) -> Option<Run<'w>> {
        let own = storage.clone();
        let opener = move |_| Store::over(own.clone(), WRITTEN);
        let every = (Duration::ZERO, Span::DAY.times(400));
        let (keeper, kept) =
            Keeper::with(Box::new(opener), Opening::AsItIs, every, WRITTEN.settings.into()).ok()?;
        let about = (Estate::default(), LATENESS);
        let engine = match kept {
            Some(kept) => kept.into_engine(followed(folder), scan(), about, 512),
            None => Engine::anew(followed(folder), scan(), about, 512),
        };
        Some(Run { folder, storage: storage.clone(), engine, keeper, now: Duration::ZERO })
    }

    /// Reads on by a few pieces at most and writes that down; `false` where it could not be written.
    fn go_on(&mut self) -> bool {
        self.now += Duration::from_millis(250);
        self.engine.look(self.now, Timestamp::MAX - Span::DAY.times(2));
        self.engine.step(self.now);
        let now = self.now;
        self.keeper.commit(&mut self.engine, || now).is_ok()
    }

    /// Reads all that is there; gives the answers.
    fn answers(mut self) -> (String, Vec<String>) {
        while self.go_on() && !self.engine.is_idle() {}
        assert!(self.engine.files(Timestamp::MAX).all(|file| file.behind == 0), "{:?}", self.folder);
        let store = self.keeper.store();
        let snapshot = store.lock().unwrap().as_ref().unwrap().snapshot().unwrap();
        let told = snapshot.outbox(0, usize::MAX).unwrap().into_iter().map(|(_, line)| line).collect();
        let (scan, sources) = Kept::read(&snapshot).unwrap().unwrap().into_scan(scan());
        drop(self.storage);
        let days = format!("{:?}", scan.days_so_far());
        let mut report = Vec::new();
        let scanned = scan.finish();
        let style = Style { all: true, ..Style::default() };
        let inventory = crate::estate::Inventory::default();
        let resolved = scanned.report(&sources, &inventory, Duration::ZERO);
        outputs::write("jsonl", &resolved, style, &mut report).unwrap();
        (String::from_utf8(report).unwrap() + &days, told)
    }
}

/// Writes a part of the text more.
fn grow(folder: &Path, text: &str, part: usize, parts: usize) {
    let at = |part: usize| text.len() * part / parts;
    let mut log = fs::OpenOptions::new().create(true).append(true).open(folder.join("a.log")).unwrap();
    log.write_all(&text.as_bytes()[at(part)..at(part + 1)]).unwrap();
}

#[test]
fn storage_that_fails_at_any_write_changes_no_answer() {
    let text = text();
    const PARTS: usize = 6;
    let folder = tempfile::tempdir().unwrap();
    let mut calm = Run::start(folder.path(), &Faulty::new(1)).unwrap();
    for part in 0..PARTS {
        grow(folder.path(), &text, part, PARTS);
        assert!(calm.go_on());
    }
    let (expected, told) = calm.answers();
    assert!(expected.contains("files.test") && !told.is_empty(), "the theft is told");
    let same = |text: &str, folder: &Path| text.replace(&*folder.to_string_lossy(), "");
    let expected = same(&expected, folder.path());
    let mut failed = 0;
    for writes in (1..240).step_by(5) {
        let folder = tempfile::tempdir().unwrap();
        let storage = Faulty::new(writes);
        // A store is never half made; see its own tests.
        drop(Run::start(folder.path(), &storage).unwrap());
        storage.fail_after(writes);
        let mut run = Run::start(folder.path(), &storage);
        for part in 0..PARTS {
            grow(folder.path(), &text, part, PARTS);
            let goes_on = run.as_mut().is_some_and(Run::go_on);
            if !goes_on {
                failed += 1;
                drop(run.take());
                storage.cut_power();
                // It fails again, later.
                storage.fail_after(writes * 2);
                run = Run::start(folder.path(), &storage);
            }
        }
        drop(run);
        storage.cut_power();
        let (answers, again) = Run::start(folder.path(), &storage).unwrap().answers();
        assert_eq!(same(&answers, folder.path()), expected, "after {writes} writes");
        assert_eq!(again.len(), told.len(), "each is told once: {writes}");
    }
    assert!(failed > 24, "{failed}");
}

#[test]
fn a_full_disk_pauses_and_nothing_is_lost() {
    let text = text();
    let (folder, storage) = (tempfile::tempdir().unwrap(), Faulty::new(5));
    let mut run = Run::start(folder.path(), &storage).unwrap();
    grow(folder.path(), &text, 0, 2);
    assert!(run.go_on());
    storage.fail_after(3);
    grow(folder.path(), &text, 1, 2);
    assert!(!run.go_on() && !run.go_on());
    storage.heal();
    assert!(run.go_on());
    let (answers, told) = run.answers();
    let calm = tempfile::tempdir().unwrap();
    grow(calm.path(), &text, 0, 1);
    let (expected, all) = Run::start(calm.path(), &Faulty::new(1)).unwrap().answers();
    let same = |text: &str, folder: &Path| text.replace(&*folder.to_string_lossy(), "");
    assert_eq!(same(&answers, folder.path()), same(&expected, calm.path()));
    assert_eq!(told.len(), all.len());
}

#[test]
fn logs_that_are_rotated_for_years_need_no_more_numbers() {
    let (folder, storage) = (tempfile::tempdir().unwrap(), Faulty::new(7));
    let mut run = Run::start(folder.path(), &storage).unwrap();
    for day in 0..400 {
        let mut text =
            "#Software: SGOS\n#Fields: date time c-ip cs-host cs-bytes sc-bytes s-action\n".to_owned();
        (0..1440).step_by(480).for_each(|minute| text += &line(day * 1440 + minute, 1, "d.example", 900));
        fs::write(folder.path().join("a.log"), text).unwrap();
        assert!(run.go_on() && run.go_on());
        fs::remove_file(folder.path().join("a.log")).unwrap();
        // It is looked for under other names before it is forgotten.
        for _ in 0..3 {
            run.now += Duration::from_secs(61);
            assert!(run.go_on());
        }
        if day == 200 {
            drop(run);
            run = Run::start(folder.path(), &storage).unwrap();
        }
    }
    // So many are remembered in case they come back.
    assert_eq!(run.engine.sources().len(), 257);
    let status = run.engine.read_status(Timestamp::MAX);
    assert_eq!((status.lines, status.events), (400 * 5, 400 * 3));
}
