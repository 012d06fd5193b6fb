//! One test for each of the faults that are known from other programs.

use super::*;

#[test]
fn a_short_log_is_read_at_once_and_a_line_when_it_is_whole() {
    let mut world = World::new();
    world.append("a.log", "one\ntw");
    world.look();
    world.read(usize::MAX);
    world.has_read(&["one"]);
    world.restart();
    world.read_all();
    world.append("a.log", "o\n");
    world.read_all();
    world.has_read(&["one", "two"]);
}

#[test]
fn a_log_that_is_deleted_while_it_is_open_is_read_to_its_end() {
    let mut world = World::new();
    world.append("a.log", "one\n");
    world.read_all();
    let mut writer = OpenOptions::new().append(true).open(world.path("a.log")).unwrap();
    fs::remove_file(world.path("a.log")).unwrap();
    writer.write_all(b"two\nthr").unwrap();
    world.wait();
    world.has_read(&["one", "two", "thr"]);
    assert!(world.news.contains(&News::Over(0)), "{:?}", world.news);
    assert_eq!((world.lost(), world.tail.open_files()), (0, 0));
}

#[test]
fn an_inode_that_is_used_again_is_another_log() {
    let mut world = World::new();
    for round in 0..10 {
        world.append("a.log", &format!("round {round}, of which each line is another\n"));
        world.read_all();
        fs::remove_file(world.path("a.log")).unwrap();
    }
    world.wait();
    assert_eq!(world.read.len(), 10);
    assert!(world.read.values().all(|count| *count == 1));
}

#[test]
fn truncated_and_regrown_past_the_old_place_while_nobody_looked() {
    let mut world = World::new();
    world.append("a.log", "one\ntwo\n");
    world.read_all();
    world.keep();
    fs::write(world.path("a.log"), "four\nfive\nsix\nseven\n").unwrap();
    world.crash();
    world.read_all();
    world.has_read(&["one", "two", "four", "five", "six", "seven"]);
    // To the very same size.
    fs::write(world.path("a.log"), "fire\nfifty\nsix\neight\n").unwrap();
    world.read_all();
    assert_eq!((world.read[&b"six"[..]], world.read[&b"fifty"[..]]), (2, 1));
}

#[test]
fn what_was_removed_unread_is_said_and_sized() {
    let mut world = World::new();
    world.append("a.log", "one\n");
    world.read_all();
    world.append("a.log", "two, which nobody reads\n");
    world.look();
    File::create(world.path("a.log")).unwrap();
    world.wait();
    world.has_read(&["one"]);
    assert_eq!(world.lost(), 24);
}

#[test]
fn two_logs_with_the_same_beginning_are_two_logs() {
    let mut world = World::new();
    let head = format!("#Fields: {}\n", "x".repeat(2000));
    for name in ["a.log", "b.log"] {
        world.append(name, &head);
        world.append(name, &format!("{name}\n"));
    }
    world.read_all();
    world.has_read(&[head.trim_end(), head.trim_end(), "a.log", "b.log"]);
}

#[test]
fn links_and_two_groups_are_one_log() {
    let mut world = World::new();
    world.append("a.log", "one\n");
    fs::hard_link(world.path("a.log"), world.path("b.log")).unwrap();
    std::os::unix::fs::symlink(world.path("a.log"), world.path("c.log")).unwrap();
    std::os::unix::fs::symlink(world.path("loop.log"), world.path("loop.log")).unwrap();
    let again = Group { paths: vec![world.path("a.log")], from_end: false, own: false };
    world.tail.set_groups([groups(world.folder.path()), vec![again]].concat());
    world.read_all();
    world.has_read(&["one"]);
    let loops: Vec<_> = world.news.iter().filter(|news| matches!(news, News::Trouble { .. })).collect();
    assert!(loops.len() == 1 && format!("{loops:?}").contains("loop.log"), "{loops:?}");
    // The link leads elsewhere now.
    world.append("d.txt", "two\n");
    fs::remove_file(world.path("c.log")).unwrap();
    std::os::unix::fs::symlink(world.path("d.txt"), world.path("c.log")).unwrap();
    world.read_all();
    world.has_read(&["one", "two"]);
}

#[test]
fn compressed_logs_are_read_once_also_when_broken() {
    let mut world = World::new();
    world.append("a.log", &"a line of a log that is compressed\n".repeat(9000));
    world.compress("a.log");
    let whole = fs::read(world.path("a.log.gz")).unwrap();
    fs::write(world.path("a.log.gz"), &whole[..whole.len() / 2]).unwrap();
    world.read_all();
    let good = world.read[&b"a line of a log that is compressed"[..]];
    assert!((1000..9000).contains(&good), "{good}");
    assert_eq!(world.read.len(), 1, "no line is cut");
    world.restart();
    world.read_all();
    assert_eq!(world.read[&b"a line of a log that is compressed"[..]], good);
    // The rest arrives.
    fs::write(world.path("a.log.gz"), &whole).unwrap();
    world.read_all();
    assert_eq!(world.read[&b"a line of a log that is compressed"[..]], 9000);
}

#[test]
fn killed_in_the_middle_of_a_compressed_log() {
    let mut world = World::new();
    let text: String = (0..20_000).map(|number| format!("line {number} of many\n")).collect();
    world.append("a.log", &text);
    world.compress("a.log");
    world.look();
    world.read(2);
    world.restart();
    world.read_all();
    assert!(world.read.len() == 20_000 && world.read.values().all(|count| *count == 1));
}

#[test]
fn rotated_three_times_while_stopped() {
    let mut world = World::new();
    world.append("a.log", "one\ntwo\n");
    world.look();
    world.read(1);
    world.append("a.log", "three\n");
    world.rename("a.log", "a.log.3");
    world.append("a.log.2", "four\n");
    world.append("a.log.1", "five\n");
    world.append("a.log", "six\n");
    world.restart();
    world.read_all();
    world.has_read(&["one", "two", "three", "four", "five", "six"]);
}

#[test]
fn a_line_without_an_end_costs_no_memory_and_is_counted() {
    let mut world = World::new();
    world.append("a.log", "one\n");
    let piece = "x".repeat(1 << 20);
    for _ in 0..40 {
        world.append("a.log", &piece);
    }
    world.read_all();
    world.has_read(&["one"]);
    world.restart();
    world.read_all();
    world.append("a.log", "\ntwo\n");
    world.read_all();
    world.has_read(&["one", "(too long)", "two"]);
    let mark = world.tail.mark(0).unwrap();
    assert_eq!((mark.lines, mark.offset), (3, 4 + (40 << 20) + 1 + 4));
}

#[test]
fn unreadable_is_said_once_and_read_when_it_may_be() {
    use std::os::unix::fs::PermissionsExt;
    let mut world = World::new();
    world.append("a.log", "one\n");
    let may = |mode| fs::set_permissions(world.path("a.log"), fs::Permissions::from_mode(mode)).unwrap();
    may(0);
    if File::open(world.path("a.log")).is_ok() {
        // Root reads everything; a directory in the place of a file is refused to it too.
        return;
    }
    world.read_all();
    assert_eq!(world.news.len(), 1, "{:?}", world.news);
    fs::set_permissions(world.path("a.log"), fs::Permissions::from_mode(0o600)).unwrap();
    world.read_all();
    world.has_read(&["one"]);
}

#[test]
fn from_the_end_only_at_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new();
    world.append("a.log", "old\nol");
    let mut groups = groups(world.folder.path());
    groups[0].from_end = true;
    world.tail = Tail::new(groups, Vec::new(), PATIENCE, OPEN_MAX);
    world.look();
    world.append("a.log", "d\nnew\n");
    world.append("b.log", "of a new log\n");
    world.read_all();
    world.has_read(&["old", "new", "of a new log"]);
    drop(folder);
}

#[test]
fn other_encodings_and_documents_come_as_they_do_in_a_scan() {
    let mut world = World::new();
    let utf16 = |text: &str| -> Vec<u8> {
        [vec![0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()
    };
    fs::write(world.path("w.log"), utf16("one\r\ntwo\r\n")).unwrap();
    fs::write(world.path("m.log"), "\u{feff}three\nfour\n").unwrap();
    fs::write(world.path("j.log"), "{\"Records\":[\n{\"a\":1},\n{\"a\":2}]}").unwrap();
    world.read_all();
    world.restart();
    world.read_all();
    let read: Vec<String> =
        world.read.keys().map(|line| String::from_utf8_lossy(line).trim().to_owned()).collect();
    for line in ["one", "two", "three", "four", "{\"a\":1}", "{\"a\":2}"] {
        assert!(read.iter().any(|one| one == line), "{line} in {read:?}");
    }
}

#[test]
fn files_that_nobody_writes_to_are_closed() {
    let mut world = World::new();
    for name in ["a.log", "b.log"] {
        world.append(name, &format!("{name}\n"));
    }
    world.append("c.log", "two\n");
    world.compress("c.log");
    world.read_all();
    assert_eq!(world.tail.open_files(), 2, "the stream is at its end");
    for _ in 0..QUIET {
        world.look();
    }
    assert_eq!(world.tail.open_files(), 0);
    world.append("a.log", "three\n");
    world.read_all();
    world.has_read(&["a.log", "b.log", "two", "three"]);
    assert_eq!(world.tail.open_files(), 1);
}
