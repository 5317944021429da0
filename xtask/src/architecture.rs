//! The rules of `ARCHITECTURE.md` that a tool can hold: who may know whom, which library lives in which crate, and
//! how long a file may get. They run as tests of xtask.
//!
//! Rules are data and checks are functions from text to violations, so that the tests can also show each check a
//! tree that breaks its rule.

use std::collections::BTreeSet;

mod sources;
mod tests;

/// Which crates of the workspace a crate may depend on. A crate that is not listed may not exist: decide first.
const KNOWS: &[(&str, &[&str])] = &[
    ("vermeil-model", &[]),
    ("vermeil-resolve", &["vermeil-model"]),
    ("vermeil-protect", &["vermeil-model"]),
    ("vermeil-rights", &["vermeil-model"]),
    ("vermeil-state", &["vermeil-model", "vermeil-protect", "vermeil-rights"]),
    ("vermeil-audit", &["vermeil-model"]),
    ("vermeil-ingest", &["vermeil-model"]),
    ("vermeil-policy", &["vermeil-model"]),
    (
        "vermeil-engine",
        &[
            "vermeil-model",
            "vermeil-resolve",
            "vermeil-protect",
            "vermeil-state",
            "vermeil-audit",
            "vermeil-ingest",
            "vermeil-policy",
            "vermeil-leaks",
            "vermeil-rights",
        ],
    ),
    ("vermeil-synth", &["vermeil-model"]),
    ("vermeil-serve", &["vermeil-model", "vermeil-rights"]),
    ("vermeil-leaks", &["vermeil-model"]),
    ("vermeil-bi", &["vermeil-model", "vermeil-engine"]),
    ("vermeil-cli", ALL),
    ("vermeil-benches", ALL),
    ("xtask", &[]),
];

const ALL: &[&str] = &[
    "vermeil-model",
    "vermeil-resolve",
    "vermeil-protect",
    "vermeil-state",
    "vermeil-audit",
    "vermeil-ingest",
    "vermeil-policy",
    "vermeil-engine",
    "vermeil-synth",
    "vermeil-leaks",
    "vermeil-rights",
    "vermeil-serve",
    "vermeil-bi",
];

/// Libraries that only some crates may name, with everything whose name continues theirs after a hyphen
/// (`datafusion` covers `datafusion-expr`), and why.
const RESERVED: &[(&[&str], &[&str], &str)] = &[
    (
        &["datafusion", "deltalake", "ballista"],
        &["vermeil-engine", "vermeil-bi"],
        "the heavy engine has one home",
    ),
    (&["axum"], &["vermeil-serve"], "only services speak HTTP"),
    (
        &["aes", "aes-gcm", "argon2", "aws-lc-rs", "aws-sigv4", "cryptoki", "ghash", "hkdf", "hmac", "ring"],
        &["vermeil-protect"],
        "cryptography is reviewed in one place",
    ),
    (
        &["sha2"],
        &["vermeil-protect", "vermeil-audit"],
        "cryptography is reviewed in one place; the audit log is verified without a secret, so hashes suffice it",
    ),
    (
        &["ed25519", "ed25519-dalek"],
        &["vermeil-audit"],
        "only the audit log and what it vouches for are signed",
    ),
    (
        &["reqwest"],
        &["vermeil-protect", "vermeil-serve"],
        "only key management services, issuers of identities and the servers of recipients are asked over HTTP",
    ),
    (&["sqlx"], &["vermeil-state"], "the state database has one owner"),
    (&["cedar"], &["vermeil-policy"], "one crate evaluates policies"),
];

/// Development dependencies that may name a reserved library.
const TESTED_FROM_OUTSIDE: &[(&str, &[&str], &str)] = &[(
    "vermeil-cli",
    &["deltalake-core", "sqlx", "reqwest"],
    "the integration tests look into the lake and the state database behind the program's back, and ask the service",
)];

/// Libraries (by name or by the part before a hyphen) that pull in a runtime or input and output. `model` may not
/// depend on them, even through others.
const ASYNCHRONOUS: &[&str] = &["async", "futures", "hyper", "mio", "tokio"];

/// Of these the lock file holds one version each: two would not exchange values.
const ONE_VERSION: &[&str] = &["arrow", "parquet", "object_store", "datafusion"];

/// Why a crate depends on another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    /// To run or to be built.
    Run,
    /// Only for its tests.
    Development,
}

/// One direct dependency.
#[derive(PartialEq, Eq, Debug)]
struct Dependency {
    from: String,
    to: String,
    purpose: Purpose,
}

/// Libraries that `alone` builds with other features than `whole`, both as `cargo tree --format "{p} {f}"`
/// prints them. Each would be compiled a second time, and with it all that stands on it, DataFusion included.
fn built_otherwise(whole: &str, alone: &str) -> Vec<String> {
    // `(*)` marks a library that was shown before.
    let libraries =
        |tree| -> BTreeSet<&str> { str::lines(tree).map(|line| line.trim_end_matches(" (*)")).collect() };
    let (whole, alone) = (libraries(whole), libraries(alone));
    alone
        .difference(&whole)
        .map(|library| format!("{library} is built with other features here than in the workspace"))
        .collect()
}

/// Reads what `cargo tree --workspace --depth 1 --no-dedupe --prefix depth` prints: `0` and a crate of the workspace, then `1`
/// and a dependency on each line that follows.
fn dependencies(tree: &str, purpose: Purpose) -> Vec<Dependency> {
    let mut from = "";
    let mut found = Vec::new();
    for line in tree.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        if let Some(member) = name.strip_prefix('0') {
            from = member;
        } else if let Some(dependency) = name.strip_prefix('1') {
            found.push(Dependency { from: from.into(), to: dependency.into(), purpose });
        }
    }
    found
}

/// Crates of the workspace that know one they must not know, or that no rule speaks of.
fn wrong_acquaintances(dependencies: &[Dependency]) -> Vec<String> {
    let ours = |name: &str| name.starts_with("vermeil-") || name == "xtask";
    let wrong = dependencies.iter().filter_map(|Dependency { from, to, .. }| {
        match KNOWS.iter().find(|(crate_name, _)| crate_name == from) {
            None => Some(format!("`{from}` is not in KNOWS: say whom it may know")),
            Some((_, known)) if ours(to) && !known.contains(&to.as_str()) => {
                Some(format!("`{from}` must not know `{to}`"))
            }
            Some(_) => None,
        }
    });
    wrong.collect()
}

/// Crates that name a library reserved for others.
fn trespasses(dependencies: &[Dependency]) -> Vec<String> {
    let mut found = Vec::new();
    for Dependency { from, to, purpose } in dependencies {
        let excepted = *purpose == Purpose::Development
            && TESTED_FROM_OUTSIDE.iter().any(|(who, what, _)| who == from && what.contains(&to.as_str()));
        for (libraries, homes, reason) in RESERVED {
            let reserved = libraries.iter().any(|library| is_or_continues(to, library));
            if reserved && !homes.contains(&from.as_str()) && !excepted {
                found.push(format!("`{from}` names `{to}`, reserved for {}: {reason}", homes.join(", ")));
            }
        }
    }
    found
}

/// Asynchronous libraries in a tree printed with `--prefix none`.
fn asynchronous_libraries(tree: &str) -> Vec<String> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let mut found: Vec<String> = names
        .filter(|name| ASYNCHRONOUS.iter().any(|known| is_or_continues(name, known)))
        .map(Into::into)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Libraries of [`ONE_VERSION`] that a lock file does not hold exactly once.
fn not_exactly_once(lock_file: &str) -> Vec<String> {
    let count = |library: &str| {
        let line = format!("name = \"{library}\"");
        lock_file.lines().filter(|candidate| *candidate == line).count()
    };
    let counted = ONE_VERSION.iter().map(|library| (library, count(library)));
    counted
        .filter(|(_, count)| *count != 1)
        .map(|(library, count)| format!("{count} versions of `{library}`"))
        .collect()
}

/// Whether a crate's manifest takes over the workspace's lints, among them `unsafe_code = "forbid"`.
fn takes_over_the_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
    lines.find(|line| !line.is_empty() && !line.starts_with('#')) == Some("workspace = true")
}

fn is_or_continues(name: &str, library: &str) -> bool {
    name.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
