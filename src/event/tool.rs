//! Programs known for carrying data out, by what they call themselves.
//!
//! A name can be changed by its user, so a hit raises suspicion and absence never lowers it.

use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::LazyLock;

/// A program and how its agent text begins or what it contains (lower case).
#[derive(Debug)]
pub struct Tool {
    /// What people call it.
    pub name: &'static str,
    /// A part of its user agent that others do not have.
    pub mark: &'static str,
}

/// The tools, each with the bit of its place. Sources: the default user agents in the programs' own documentation and
/// code; their use in thefts is catalogued by MITRE ATT&CK (S1040 Rclone, T1567.002).
pub const TOOLS: [Tool; 14] = [
    Tool { name: "rclone", mark: "rclone/" },
    Tool { name: "MEGA", mark: "megaclient" },
    Tool { name: "MEGAcmd", mark: "megacmd" },
    Tool { name: "AzCopy", mark: "azcopy/" },
    Tool { name: "restic", mark: "restic/" },
    Tool { name: "Cyberduck", mark: "cyberduck/" },
    Tool { name: "Mountain Duck", mark: "mountainduck/" },
    Tool { name: "WinSCP", mark: "winscp/" },
    Tool { name: "FileZilla", mark: "filezilla" },
    Tool { name: "s5cmd", mark: "s5cmd" },
    Tool { name: "s3cmd", mark: "s3cmd" },
    Tool { name: "MinIO client", mark: "mc/release" },
    Tool { name: "gsutil", mark: "gsutil/" },
    Tool { name: "FreeFileSync", mark: "freefilesync" },
];

static MARKS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let marks = TOOLS.iter().map(|tool| tool.mark);
    AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(marks).ok()
});

/// The tools named in an agent text, a bit for the place of each in [`TOOLS`].
pub fn tools_in(agent: &[u8]) -> u16 {
    let Some(marks) = MARKS.as_ref() else { return 0 };
    marks.find_overlapping_iter(agent).fold(0, |set, found| set | 1 << found.pattern().as_usize())
}

/// The names of a set of tools.
pub fn names(set: u16) -> impl Iterator<Item = &'static str> {
    TOOLS.iter().enumerate().filter(move |(place, _)| set & 1 << place != 0).map(|(_, tool)| tool.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_by_agent() {
        let named = |agent: &str| names(tools_in(agent.as_bytes())).collect::<Vec<_>>();
        assert_eq!(named("rclone/v1.60.1"), ["rclone"]);
        assert_eq!(named("MEGAclient/4.9 Rclone/v1"), ["rclone", "MEGA"]);
        assert!(named("Mozilla/5.0 (Windows NT 10.0)").is_empty());
    }
}
