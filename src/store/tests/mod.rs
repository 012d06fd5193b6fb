//! What must survive, over files and over storage that fails.

pub(crate) mod faulty;

use super::*;
use crate::pipeline::{DayRow, DayTotals};
use crate::units::{Span, Timestamp};
use faulty::Faulty;
use proptest::prelude::*;

const WRITTEN: Written<'_> = Written { form: 3, oldest: 3, settings: "--lateness 300s" };

fn open(folder: &Path) -> Result<Store, StoreError> {
    Store::open(folder, WRITTEN, Opening::AsItIs)
}

fn put(store: &Store, value: &Vec<u64>) -> Result<(), StoreError> {
    let mut batch = store.batch()?;
    batch.put("numbers", value)?;
    batch.commit()
}

fn get(store: &Store) -> Option<Vec<u64>> {
    store.snapshot().unwrap().get("numbers").unwrap()
}

#[test]
fn values_of_any_size_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    assert_eq!(get(&store), None);
    for length in [300_000u64, 0, 7, 65_536, 65_535, 1] {
        let value: Vec<u64> = (0..length).map(|number| number * 0x9e37_79b9).collect();
        put(&store, &value).unwrap();
        assert_eq!(get(&store), Some(value), "{length}: also where fewer pieces follow more");
    }
}

#[test]
fn a_batch_that_is_dropped_never_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    put(&store, &vec![1]).unwrap();
    let mut batch = store.batch().unwrap();
    batch.put("numbers", &vec![2u64]).unwrap();
    batch.send("{}").unwrap();
    drop(batch);
    assert_eq!(get(&store), Some(vec![1]));
    assert_eq!(store.snapshot().unwrap().last_sent().unwrap(), 0);
}

#[test]
fn the_outbox_keeps_what_an_output_has_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let outputs = ["siem".to_owned(), "file".to_owned()];
    let mut batch = store.batch().unwrap();
    for line in ["a", "b", "c", "d"] {
        batch.send(line).unwrap();
    }
    batch.sent("siem", 3).unwrap();
    batch.sent("file", 2).unwrap();
    batch.sent("gone", 1).unwrap();
    batch.drop_sent(&outputs, 0).unwrap();
    batch.commit().unwrap();
    let snapshot = store.snapshot().unwrap();
    let line = |number: u64, line: &str| (number, line.to_owned());
    assert_eq!(snapshot.outbox(0, 9).unwrap(), [line(3, "c"), line(4, "d")]);
    assert_eq!(snapshot.outbox(3, 9).unwrap(), [line(4, "d")]);
    assert_eq!((snapshot.cursor("siem").unwrap(), snapshot.cursor("gone").unwrap()), (3, 0));
    // Numbers go on although all lines were sent.
    let mut batch = store.batch().unwrap();
    outputs.iter().for_each(|output| batch.sent(output, 4).unwrap());
    batch.drop_sent(&outputs, 0).unwrap();
    assert_eq!(batch.send("e").unwrap(), 5);
}

#[test]
fn days_add_up_and_are_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let day = |number| Timestamp(0) + Span::DAY.times(number);
    let row = |out| DayRow {
        host: "db-17".into(),
        destination: "files.example".into(),
        totals: DayTotals { out, ..DayTotals::default() },
    };
    let mut batch = store.batch().unwrap();
    batch.add_day(day(1), &vec![row(1); 5000]).unwrap();
    batch.add_day(day(2), &[row(10)]).unwrap();
    batch.add_day(day(2), &[row(20)]).unwrap();
    batch.commit().unwrap();
    let sums = |store: &Store| {
        let mut sums = std::collections::BTreeMap::<i64, u64>::new();
        let snapshot = store.snapshot().unwrap();
        let add = |at: Timestamp, row: DayRow| *sums.entry(at.0 / Span::DAY.0).or_default() += row.totals.out;
        snapshot.days(day(0), day(9), add).unwrap();
        sums
    };
    assert_eq!(sums(&store), [(1, 5000), (2, 30)].into());
    let mut batch = store.batch().unwrap();
    batch.forget_days(day(2)).unwrap();
    batch.commit().unwrap();
    assert_eq!(sums(&store), [(2, 30)].into());
}

#[test]
fn others_read_while_one_writes_and_nobody_else_may_write() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(read(folder.path()).err().unwrap().kind(), StoreError::Empty));
    let store = open(folder.path()).unwrap();
    put(&store, &vec![7]).unwrap();
    let snapshot = read(folder.path()).unwrap();
    put(&store, &vec![8]).unwrap();
    assert_eq!(snapshot.get::<Vec<u64>>("numbers").unwrap(), Some(vec![7]), "a moment does not change");
    assert_eq!(read(folder.path()).unwrap().get::<Vec<u64>>("numbers").unwrap(), Some(vec![8]));
    let second = open(folder.path()).unwrap_err();
    assert!(matches!(second.kind(), StoreError::InUse), "{second}");
}

#[test]
fn what_a_killed_writer_left_is_read() {
    let (folder, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(folder.path()).unwrap();
    put(&store, &vec![7]).unwrap();
    // What is on the disk while it is open is what would be there were it killed now.
    fs::copy(folder.path().join(FILE), after.path().join(FILE)).unwrap();
    let snapshot = read(after.path()).unwrap();
    assert_eq!(snapshot.get::<Vec<u64>>("numbers").unwrap(), Some(vec![7]));
    drop(snapshot);
    assert!(read(after.path()).is_ok());
}

#[test]
fn another_form_or_other_settings_are_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let as_now = |form, settings| {
        Store::open(folder.path(), Written { form, oldest: form, settings }, Opening::AsItIs)
    };
    let newer = as_now(2, WRITTEN.settings).unwrap_err().to_string();
    assert!(newer.contains("form 3") && newer.contains('2'), "{newer}");
    let older = as_now(4, WRITTEN.settings).unwrap_err().to_string();
    assert!(older.contains("form 3") && older.contains('4'), "{older}");
    let other = as_now(3, "--lateness 600s").unwrap_err().to_string();
    assert!(other.contains("300s") && other.contains("600s"), "{other}");
}

#[test]
fn a_damaged_store_is_said_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let value: Vec<u64> = (0..100_000).collect();
    put(&store, &value).unwrap();
    drop(store);
    let path = folder.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    let (mut refused, mut right) = (0, 0);
    for number in 0..60usize {
        let mut bytes = whole.clone();
        let place = number * 7919 * 64 % bytes.len();
        match number % 3 {
            0 => bytes[place] ^= 0x10,
            1 => bytes[place / 4096 * 4096..].iter_mut().take(4096).for_each(|byte| *byte = 0),
            _ => bytes.truncate(place.max(1)),
        }
        fs::write(&path, &bytes).unwrap();
        match open(folder.path()) {
            // What was hit is not in use.
            Ok(store) => {
                assert_eq!(get(&store), Some(value.clone()), "damage {number} gives another value");
                right += 1;
            }
            Err(error) => {
                assert!(!matches!(error.kind(), StoreError::Empty), "{error}");
                assert_eq!(fs::read(&path).unwrap().len(), bytes.len(), "it was left as it is");
                refused += 1;
            }
        }
    }
    assert!(refused >= 20, "of 60 damaged stores {refused} were refused and {right} were whole");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(open(folder.path()).is_err());
    let store = Store::open(folder.path(), WRITTEN, Opening::Anew).unwrap();
    assert_eq!(get(&store), None);
    let aside = path.with_extension("redb.aside-1");
    assert_eq!(fs::read(aside).unwrap().len(), whole.len() / 2, "the damaged one is kept");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Power is cut at any write: unsynced writes are lost, or torn, or kept, in any mixture. What comes back is the last
    /// value that was committed, or the one whose commit was under way.
    #[test]
    fn no_power_cut_loses_what_was_committed(seed in any::<u64>(), cuts in proptest::collection::vec(1u64..120, 1..6)) {
        let storage = Faulty::new(seed);
        // A store gets its name when it is whole: it is never half made.
        drop(Store::over(storage.clone(), WRITTEN).unwrap());
        let mut committed = 0u64;
        for cut in cuts {
            storage.fail_after(cut);
            let mut tried = committed;
            if let Ok(store) = Store::over(storage.clone(), WRITTEN) {
                if committed > 0 {
                    prop_assert_eq!(get(&store).map(|value| value[0]), Some(committed));
                }
                for number in committed + 1..committed + 40 {
                    tried = number;
                    if put(&store, &vec![number; 40_000]).is_err() {
                        break;
                    }
                    committed = number;
                }
            }
            storage.cut_power();
            let store = Store::over(storage.clone(), WRITTEN).unwrap();
            let found = get(&store).map_or(0, |value| value[0]);
            prop_assert!(found == committed || found == tried, "{found} after {committed}, {tried} under way");
            committed = found;
        }
    }

    /// The disk is full for a while: the last commit stays, and writing goes on when there is room.
    #[test]
    fn a_full_disk_costs_nothing_that_was_committed(seed in any::<u64>(), room in 1u64..60) {
        let storage = Faulty::new(seed);
        let store = Store::over(storage.clone(), WRITTEN).unwrap();
        put(&store, &vec![1; 1000]).unwrap();
        storage.fail_after(room);
        let mut last = 1;
        while put(&store, &vec![last + 1; 50_000]).is_ok() {
            last += 1;
        }
        drop(store);
        storage.heal();
        let store = Store::over(storage, WRITTEN).unwrap();
        let found = get(&store).unwrap()[0];
        prop_assert!(found == last || found == last + 1, "{found} after {last}");
        put(&store, &vec![99]).unwrap();
        prop_assert_eq!(get(&store), Some(vec![99]));
    }
}
