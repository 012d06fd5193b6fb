//! What becomes of the files of logs while they are followed: held, lost, copied, renamed.

use super::*;
use crate::input::tail::alike::Alike;
use crate::input::tail::find::{Found, Sight};
use crate::input::tail::sought::Turns;

const HEADER: &str = "#Fields: date time c-ip cs-host cs-bytes\n";

#[test]
fn what_was_found_is_read_though_it_was_removed_before() {
    let mut world = World::new();
    world.append("a.log", "one\n");
    world.look();
    fs::remove_file(world.path("a.log")).unwrap();
    world.append("a.log", "two\n");
    world.wait();
    world.has_read(&["one", "two"]);
    assert_eq!(world.lost(), 0);
}

#[test]
fn a_copy_without_the_last_lines_is_read_and_they_are_said_lost() {
    let mut world = World::new();
    world.append("a.log", "one\n");
    world.read_all();
    world.append("a.log", "two\n");
    fs::copy(world.path("a.log"), world.path("a.log.1")).unwrap();
    world.append("a.log", "three, lost\n");
    world.look();
    File::create(world.path("a.log")).unwrap();
    world.append("a.log", "four\n");
    world.wait();
    world.has_read(&["one", "two", "four"]);
    assert_eq!(world.lost(), 12);
}

#[test]
fn truncated_at_the_header_between_look_and_read() {
    let mut world = World::new();
    world.append("a.log", HEADER);
    world.read_all();
    world.append("a.log", &"a line that is copied\n".repeat(9));
    world.look();
    fs::copy(world.path("a.log"), world.path("a.log.1")).unwrap();
    fs::write(world.path("a.log"), format!("{HEADER}new\n")).unwrap();
    world.read(usize::MAX);
    world.wait();
    assert_eq!((world.read[&b"a line that is copied"[..]], world.read[&b"new"[..]]), (9, 1));
    assert_eq!(world.lost(), 0);
}

#[test]
fn a_server_that_writes_on_into_what_was_compressed() {
    let mut world = World::new();
    world.append("a.log", "one\n");
    world.read_all();
    let mut writer = OpenOptions::new().append(true).open(world.path("a.log")).unwrap();
    world.compress("a.log");
    world.read_all();
    writer.write_all(b"two\n").unwrap();
    world.read_all();
    world.has_read(&["one", "two"]);
    world.wait();
    world.restart();
    world.wait();
    world.has_read(&["one", "two"]);
}

#[test]
fn the_last_line_of_a_renamed_log_is_whole_after_a_time() {
    let mut world = World::new();
    world.append("a.log", "one\ntw");
    world.read_all();
    world.rename("a.log", "a.log.1");
    world.append("a.log", "three\nfou");
    world.read_all();
    world.has_read(&["one", "three"]);
    world.restart();
    world.wait();
    world.has_read(&["one", "tw", "three"]);
    world.append("a.log", "r\n");
    world.wait();
    world.has_read(&["one", "tw", "three", "four"]);
}

#[test]
fn a_copy_that_is_written_slowly_is_waited_for() {
    let mut world = World::new();
    let text: String = (0..200).map(|number| format!("line {number} of the log\n")).collect();
    world.append("a.log", &text);
    world.read_all();
    world.restart();
    fs::remove_file(world.path("a.log")).unwrap();
    for piece in text.as_bytes().chunks(1500) {
        world.append("a.log.1", std::str::from_utf8(piece).unwrap());
        world.read_all();
    }
    world.append("a.log.1", "the last\n");
    world.wait();
    assert!(world.read.len() == 201 && world.read.values().all(|count| *count == 1));
    assert_eq!(world.lost(), 0);
}

/// What is seen of a copy while it is made may be less than what logs are known by.
#[test]
fn a_copy_that_has_only_begun_is_no_log() {
    let text: String = (0..200).map(|number| format!("line {number} of the log\n")).collect();
    for (begun, killed) in [(10, false), (100, true), (930, false), (930, true), (1100, true)] {
        let mut world = World::with_log(&text, true);
        let (piece, rest) = text.split_at(begun);
        world.append("a.log.1", piece);
        (0..3).for_each(|_| world.read_all());
        world.append("a.log.1", rest);
        if killed {
            world.restart();
        } else {
            world.read_all();
        }
        File::create(world.path("a.log")).unwrap();
        world.append("a.log", "another\n");
        world.wait();
        let once = world.read.values().all(|count| *count == 1);
        assert!(once && world.read.len() == 201, "{begun} {killed} {:?}", world.read);
        assert_eq!(world.lost(), 0);
    }
}

/// What is written between copying and truncating is read here alone; the copy, without it, is still a copy.
#[test]
fn a_copy_that_was_made_before_the_last_lines_is_not_read_again() {
    for (count, compressed) in [(5, false), (200, false), (200, true)] {
        let text: String = (0..count).map(|number| format!("line {number} of the log\n")).collect();
        let mut world = World::new();
        world.append("a.log", &text);
        world.read_all();
        fs::copy(world.path("a.log"), world.path("copy")).unwrap();
        world.append("a.log", "written after the copy\nand this too\n");
        world.read_all();
        world.rename("copy", "a.log.1");
        File::create(world.path("a.log")).unwrap();
        world.append("a.log", "another\n");
        if compressed {
            world.compress("a.log.1");
        }
        world.wait();
        world.restart();
        world.wait();
        let once = world.read.values().all(|count| *count == 1);
        assert!(once && world.read.len() == count + 3, "{count} {compressed} {:?}", world.read);
        assert_eq!(world.lost(), 0);
    }
}

/// Whoever copies or compresses makes the file first, and fills it some time later.
#[test]
fn an_empty_file_may_become_a_copy() {
    let text: String = (0..200).map(|number| format!("line {number} of the log\n")).collect();
    for read_before in [true, false] {
        let mut world = World::with_log(&text, read_before);
        world.append("a.log.1", "");
        world.look();
        world.append("a.log.1", &text);
        File::create(world.path("a.log")).unwrap();
        world.append("a.log.2.gz", "");
        world.look();
        world.compress("a.log.1");
        fs::rename(world.path("a.log.1.gz"), world.path("other")).unwrap();
        let compressed = fs::read(world.path("other")).unwrap();
        // Nothing but the head of a compressed file says nothing either.
        for piece in [&compressed[..10], &compressed[10..]] {
            let mut file = OpenOptions::new().append(true).open(world.path("a.log.2.gz")).unwrap();
            file.write_all(piece).unwrap();
            (0..3).for_each(|_| world.read_all());
        }
        world.wait();
        assert!(world.read.len() == 200 && world.read.values().all(|count| *count == 1), "{:?}", world.read);
        assert_eq!(world.lost(), 0);
    }
}

/// Between the moment at which a look lists files and the one at which it reads them, logs are rotated.
#[test]
fn what_changes_during_a_look_is_left_to_the_next() {
    let text: String = (0..200).map(|number| format!("line {number} of the log\n")).collect();
    let turns = |world: &World, copy: &Found| {
        world.tail.turns(copy, Sight::First, &Alike::of(world.tail.logs.values()))
    };
    for read_before in [true, false] {
        let mut world = World::with_log(&text, read_before);
        world.append("a.log.1", &text);
        let found = |name: &str, world: &World| {
            let (path, metadata) = (world.path(name), fs::metadata(world.path(name)).unwrap());
            Found { path, group: 0, id: Identity::of(&metadata), seen: (metadata.len(), 0) }
        };
        let copy = found("a.log.1", &world);
        assert!(matches!(turns(&world, &copy), Ok(Turns::CopyOf(0))));
        File::create(world.path("a.log")).unwrap();
        assert!(matches!(turns(&world, &copy), Ok(Turns::Unsettled)));
        world.append("a.log", "line 0 of another\n");
        assert!(matches!(turns(&world, &copy), Ok(Turns::Unsettled)));
        // The name is another file's.
        world.rename("a.log.1", "a.log.2");
        world.append("a.log.1", "line 0 of a third\n");
        assert!(turns(&world, &copy).is_err_and(|error| error.kind() == io::ErrorKind::NotFound));
        world.wait();
        assert!(world.read.len() == 202 && world.read.values().all(|count| *count == 1), "{:?}", world.read);
    }
}

#[test]
fn of_logs_that_begin_alike_each_finds_its_own_compressed_file() {
    let mut world = World::new();
    world.append("a.log.3", HEADER);
    world.read_all();
    world.append("a.log.1", &format!("{HEADER}one\n"));
    world.look();
    world.restart();
    world.compress("a.log.3");
    world.compress("a.log.1");
    world.wait();
    world.has_read(&[HEADER.trim_end(), HEADER.trim_end(), "one"]);
    assert_eq!((world.lost(), world.numbers().len()), (0, 2));
}

#[test]
fn rewritten_with_the_same_bytes_before_the_offset() {
    let mut world = World::new();
    let same = "the same in both\n".repeat(40);
    world.append("a.log", &format!("first\n{same}"));
    world.read_all();
    fs::write(world.path("a.log"), format!("other\n{same}more\n")).unwrap();
    world.wait();
    assert_eq!((world.read[&b"other"[..]], world.read[&b"the same in both"[..]]), (1, 80));
}

#[test]
fn the_same_damage_is_said_once() {
    let mut world = World::new();
    let text: String = (0..5000).map(|number| format!("line {number} of many\n")).collect();
    world.append("a.log", &text);
    world.compress("a.log");
    for _ in 0..3 {
        world.append("a.log.gz", "this is no gzip");
        world.read_all();
    }
    assert!(world.read.len() == 5000 && world.read.values().all(|count| *count == 1));
    assert_eq!(world.errors.len(), 1, "{:?}", world.errors);
    assert!(world.errors[0].contains("compressed byte"), "{:?}", world.errors);
}

#[test]
fn files_are_closed_when_there_are_too_many() {
    let mut world = World::new();
    for number in 0..OPEN_MAX + 40 {
        world.append(&format!("{number}.log"), &format!("of {number}\n"));
    }
    world.read_all();
    assert!(world.tail.open_files() <= OPEN_MAX, "{}", world.tail.open_files());
    for number in 0..OPEN_MAX + 40 {
        world.append(&format!("{number}.log"), &format!("more of {number}\n"));
    }
    world.read_all();
    assert!(world.tail.open_files() <= OPEN_MAX);
    assert!(world.read.len() == 2 * (OPEN_MAX + 40) && world.read.values().all(|count| *count == 1));
}
