//! Which of the layouts that a configuration defines a log is written in, by the log's path.

use super::Defined;
use std::path::Path;

/// Chooses the layout of the log at `path`: the one called `name` where the operator says so; else the one that the
/// configuration writes a log of that name in, rotated or copied elsewhere as it may be; else the only one there is.
///
/// # Errors
/// If more than one may be meant, or none is; the sentence says which there are.
pub fn choose<'d>(defined: &'d [Defined], name: Option<&str>, path: &Path) -> Result<&'d Defined, String> {
    if let Some(name) = name {
        return defined
            .iter()
            .find(|layout| layout.name == name)
            .ok_or_else(|| format!("it defines no layout called \"{name}\", but {}", names(defined)));
    }
    let by_path: Vec<&Defined> = defined.iter().filter(|layout| layout.writes(path, false)).collect();
    let by_name: Vec<&Defined> = defined.iter().filter(|layout| layout.writes(path, true)).collect();
    let used: Vec<&Defined> = defined.iter().filter(|layout| !layout.used_by.is_empty()).collect();
    let all: Vec<&Defined> = defined.iter().collect();
    for candidates in [by_path, by_name, used, all] {
        if let Some((first, others)) = candidates.split_first()
            && others.iter().all(|other| other.spec == first.spec)
        {
            return Ok(first);
        }
        if !candidates.is_empty() {
            break;
        }
    }
    Err(match defined {
        [] => "it defines no layout of a log: pass --format NAME or 'KIND:STRING'".into(),
        _ => format!("it may be any of {}: name one behind the file, as in FILE#NAME", names(defined)),
    })
}

impl Defined {
    /// Whether the log at `path` is one that it is used by: the same file or a rotated one beside it; `anywhere`: the same
    /// name in any folder.
    fn writes(&self, path: &Path, anywhere: bool) -> bool {
        let Some(file) = path.file_name().map(|name| name.to_string_lossy()) else { return false };
        self.used_by.iter().any(|log| {
            // Apache and Squid write `stdio:/path`, `daemon:/path`.
            let log = log.find('/').and_then(|slash| log.get(slash..)).unwrap_or(log);
            let log = Path::new(log);
            let same_folder = anywhere || log.parent() == path.parent();
            let name = log.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            // `access.log`, `access.log.1`, `access.log-20230329.gz`, but not `access.log2` of another site.
            let rest = file.strip_prefix(name.as_ref()).filter(|_| !name.is_empty());
            same_folder && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
        })
    }
}

fn names(defined: &[Defined]) -> String {
    let names: Vec<String> = defined.iter().map(|layout| format!("\"{}\"", layout.name)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(name: &str, used_by: &[&str]) -> Defined {
        let used_by = used_by.iter().map(|log| (*log).to_owned()).collect();
        Defined { name: name.into(), spec: format!("nginx:{name}"), used_by }
    }

    fn chosen(defined: &[Defined], name: Option<&str>, path: &str) -> String {
        choose(defined, name, Path::new(path)).map_or_else(|error| error, |layout| layout.name.clone())
    }

    #[test]
    fn by_path_then_by_name_then_the_only_one() {
        let two = [
            layout("main", &["/var/log/nginx/access.log"]),
            layout("up", &["/srv/a/up.log", "/srv/b/access.log"]),
        ];
        assert_eq!(chosen(&two, None, "/var/log/nginx/access.log"), "main");
        assert_eq!(chosen(&two, None, "/srv/b/access.log.2.gz"), "up");
        assert_eq!(chosen(&two, None, "copies/up.log-20230329"), "up");
        assert_eq!(chosen(&two, Some("up"), "-"), "up");
        for unclear in ["copies/access.log", "-", "/var/log/nginx/access.log2"] {
            assert!(chosen(&two, None, unclear).contains("\"main\", \"up\""), "{unclear}");
        }
        assert!(chosen(&two, Some("down"), "-").contains("no layout called"));
        assert_eq!(
            chosen(&[layout("main", &["daemon:/var/log/squid/access.log"]), layout("spare", &[])], None, "-"),
            "main"
        );
        assert!(chosen(&[], None, "-").contains("--format"));
    }
}
