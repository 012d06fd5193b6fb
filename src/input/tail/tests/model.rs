//! Random sequences of everything that happens to logs, compared with the sum of what was written.

use super::*;
use proptest::prelude::*;
use proptest::sample::Index;

#[derive(Clone, Debug)]
enum Step {
    /// Lines of such lengths, and whether the last one is finished at once.
    Write(Vec<u16>, bool),
    Rename,
    /// Copy, perhaps looks and a read before and after, then truncate.
    CopyTruncate(bool),
    /// Of the rotated files that are not yet compressed; perhaps a look at the file that is made for it.
    Compress(Index, bool),
    /// The oldest rotated file, after it was read and that was kept.
    Remove,
    Look,
    Read(u8),
    ReadAll,
    Keep,
    Crash,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (proptest::collection::vec(1u16..2500, 1..60), any::<bool>()).prop_map(|(lines, whole)| Step::Write(lines, whole)),
        2 => Just(Step::Rename),
        2 => any::<bool>().prop_map(Step::CopyTruncate),
        2 => (any::<Index>(), any::<bool>()).prop_map(|(which, looked_at)| Step::Compress(which, looked_at)),
        1 => Just(Step::Remove),
        4 => Just(Step::Look),
        3 => (1u8..4).prop_map(Step::Read),
        2 => Just(Step::ReadAll),
        2 => Just(Step::Keep),
        2 => Just(Step::Crash),
        1 => Just(Step::Restart),
    ]
}

/// Whoever writes the log, and rotates it.
struct Writer {
    world: World,
    /// All lines written, by how often.
    written: BTreeMap<Vec<u8>, u32>,
    /// What is missing of the last line.
    unfinished: String,
    /// Rotated files, the newest first.
    rotated: Vec<String>,
    serial: u32,
}

const LOG: &str = "access.log";
const HEADER: &str = "#Fields: date time c-ip cs-host cs-bytes\n";

impl Writer {
    fn new() -> Writer {
        let (world, written) = (World::new(), BTreeMap::new());
        let mut writer = Writer { world, written, unfinished: String::new(), rotated: Vec::new(), serial: 0 };
        writer.begin();
        writer
    }

    fn begin(&mut self) {
        self.world.append(LOG, HEADER);
        *self.written.entry(HEADER.trim_end().into()).or_default() += 1;
    }

    fn write(&mut self, lengths: &[u16], whole: bool) {
        let mut text = std::mem::take(&mut self.unfinished);
        let mut line = String::new();
        for length in lengths {
            self.serial += 1;
            // As in logs, no stretch of text comes twice.
            line = format!("line {} ", self.serial);
            (0..length / 9).for_each(|place| line.push_str(&format!("{}.{place} ", self.serial)));
            *self.written.entry(line.clone().into()).or_default() += 1;
            line.push('\n');
            text.push_str(&line);
        }
        if !whole {
            let cut = text.len() - line.len() / 2;
            self.unfinished = text.split_off(cut);
        }
        self.world.append(LOG, &text);
    }

    fn finish_line(&mut self) {
        let rest = std::mem::take(&mut self.unfinished);
        self.world.append(LOG, &rest);
    }

    /// Names move up by one.
    fn shift(&mut self) {
        for (place, name) in self.rotated.iter_mut().enumerate().rev() {
            let ending = if name.ends_with(".gz") { ".gz" } else { "" };
            let next = format!("{LOG}.{}{ending}", place + 2);
            self.world.rename(name, &next);
            *name = next;
        }
        self.rotated.insert(0, format!("{LOG}.1"));
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Write(lengths, whole) => self.write(lengths, *whole),
            Step::Rename => {
                self.finish_line();
                self.shift();
                self.world.rename(LOG, &format!("{LOG}.1"));
                self.begin();
            }
            Step::CopyTruncate(looked_at) => {
                self.finish_line();
                self.shift();
                if *looked_at {
                    self.world.append(&format!("{LOG}.1"), "");
                    self.world.look();
                }
                fs::copy(self.world.path(LOG), self.world.path(&format!("{LOG}.1"))).unwrap();
                if *looked_at {
                    self.world.look();
                    self.world.read(2);
                    self.world.look();
                }
                File::create(self.world.path(LOG)).unwrap();
                self.begin();
            }
            Step::Compress(which, looked_at) => {
                let plain: Vec<usize> =
                    (0..self.rotated.len()).filter(|place| !self.rotated[*place].ends_with(".gz")).collect();
                if !plain.is_empty() {
                    let name = &mut self.rotated[plain[which.index(plain.len())]];
                    if *looked_at {
                        self.world.append(&format!("{name}.gz"), "");
                        self.world.look();
                    }
                    self.world.compress(name);
                    name.push_str(".gz");
                }
            }
            Step::Remove => {
                if !self.rotated.is_empty() {
                    self.world.read_all();
                    self.world.keep();
                    let oldest = self.rotated.pop().unwrap();
                    fs::remove_file(self.world.path(&oldest)).unwrap();
                }
            }
            Step::Look => self.world.look(),
            Step::Read(pieces) => self.world.read(usize::from(*pieces)),
            Step::ReadAll => self.world.read_all(),
            Step::Keep => self.world.keep(),
            Step::Crash => self.world.crash(),
            Step::Restart => self.world.restart(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn each_line_is_handed_on_once(steps in proptest::collection::vec(step(), 1..40)) {
        let mut writer = Writer::new();
        for step in &steps {
            writer.step(step);
        }
        writer.finish_line();
        writer.world.wait();
        let (read, written) = (&writer.world.read, &writer.written);
        let name = |line: &Vec<u8>| String::from_utf8_lossy(line).chars().take(12).collect::<String>();
        let wrong: Vec<_> = written
            .iter()
            // A file that holds only the header is like any other that does: nobody can tell whether it is a copy.
            .filter(|(line, count)| match read.get(*line) {
                Some(read) if line.starts_with(b"#") => read > *count,
                read => read != Some(*count),
            })
            .map(|(line, count)| (name(line), *count, read.get(line).copied()))
            .take(4)
            .collect();
        prop_assert!(wrong.is_empty(), "(line, written, read): {wrong:?}");
        prop_assert_eq!(read.len(), written.len());
        // Of a file that held only the header nobody can tell where it went.
        prop_assert_eq!(writer.world.lost() % HEADER.len() as u64, 0);
    }
}
