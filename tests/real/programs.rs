//! Servers that Debian does not have, or that cannot be installed beside others: `tests/run` puts them into `target/servers`.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Lends the program to a run in `dir`, and says how it is called there. Whoever runs the servers need not be let into this tree.
pub(crate) fn borrow(program: &str, dir: &Path) -> &'static str {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers");
    let (path, called) = match program {
        "envoy" => ("envoy/_bin/envoy", "./envoy"),
        "traefik" => ("bin/traefik", "./traefik"),
        _ => panic!("{program}: no program that tests/run installs into target/servers"),
    };
    let path = servers.join(path);
    fs::copy(&path, dir.join(called))
        .unwrap_or_else(|error| panic!("{}: {error}; tests/run installs it", path.display()));
    called
}

/// Lends syslog-ng to a run in `dir`; gives what to start it with. Debian does not install it beside rsyslog.
pub(crate) fn borrow_syslog_ng(dir: &Path) -> Vec<String> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/syslog-ng");
    let copied =
        Command::new("cp").arg("-r").arg(&from).arg(dir.join("syslog-ng")).status().expect("cp runs");
    assert!(copied.success(), "{}: tests/run puts it there", from.display());
    let lib = dir.join("syslog-ng/usr/lib");
    let triplets = fs::read_dir(&lib).expect("usr/lib").map(|entry| entry.expect("an entry").path());
    let libraries: Vec<String> = triplets.map(|path| path.display().to_string()).collect();
    let modules = libraries.iter().find(|path| path.ends_with("/syslog-ng")).expect("usr/lib/syslog-ng");
    let modules = fs::read_dir(modules).expect("its modules").map(|entry| entry.expect("an entry").path());
    let modules = modules.filter(|path| path.is_dir()).map(|path| path.display().to_string()).next();
    vec![
        format!("LD_LIBRARY_PATH={}", libraries.join(":")),
        dir.join("syslog-ng/usr/sbin/syslog-ng").display().to_string(),
        "--module-path".into(),
        modules.expect("a folder of modules"),
    ]
}
