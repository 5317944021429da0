//! A query that is killed while what it opened lies in temporary files.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::pipeline::{person, silos};

/// What one partition of a sort must have at once, and little more.
const MEMORY_OF_PARTITION_MIB: usize = 24;
/// More to sort in each partition than half of its memory: 30 people, as often, in 100 bytes each.
const ROWS_OF_PARTITION: usize = 10_000;
/// Longer than any machine takes to put the first rows aside.
const PATIENCE: Duration = Duration::from_secs(120);

/// Every address four times in a row, `times` times.
fn large_sort(times: usize) -> String {
    format!(
        "WITH ten(digit) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)),
              thousand(number) AS (SELECT 100 * a.digit + 10 * b.digit + c.digit FROM ten a, ten b, ten c)
         SELECT repeat(p.email, 4) AS addresses, 1000 * a.number + b.number AS number
         FROM golden.profiles p, thousand a, thousand b
         WHERE 1000 * a.number + b.number < {times} ORDER BY number, addresses"
    )
}

/// What the process has in files without a name below `folder`; nothing once it has ended.
fn nameless_files(process: &Child, folder: &Path) -> Vec<Vec<u8>> {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{}/fd", process.id())) else { return Vec::new() };
    descriptors
        .filter_map(|descriptor| {
            let descriptor = descriptor.ok()?.path();
            let target = fs::read_link(&descriptor).ok()?;
            let is_nameless = target.starts_with(folder) && target.to_string_lossy().ends_with(" (deleted)");
            if is_nameless { fs::read(&descriptor).ok() } else { None }
        })
        .collect()
}

/// Files of a folder, but for those that a database keeps beside its own.
fn names(folder: &Path) -> BTreeSet<OsString> {
    let names = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    names.filter(|name| !name.to_string_lossy().starts_with("vermeil.db-")).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_query_that_is_killed_leaves_no_file_and_had_no_readable_value_in_any() {
    let workspace = silos();
    // A query sorts in as many partitions as there are processors.
    let partitions = thread::available_parallelism().map_or(1, usize::from);
    let memory = MEMORY_OF_PARTITION_MIB * partitions;
    workspace.append("pipeline.yaml", format!("query: {{ memory_mib: {memory}, temporary_mib: 8192 }}\n"));
    workspace.land_and_publish();
    let state = workspace.file("state").canonicalize().expect("a folder");
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let before = names(&state);

    let sql = large_sort(ROWS_OF_PARTITION * partitions);
    let arguments = ["query", &sql, "--role", "dpo", "--purpose", "data_subject_rights", "--format", "json"];
    let mut command = workspace.command(&arguments);
    // Nobody reads what it prints: it can only wait, with its files open.
    command.env("TMPDIR", temporary.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut query = command.spawn().expect("the binary starts");
    let started = Instant::now();
    let files = loop {
        let files = nameless_files(&query, &state);
        if files.iter().map(Vec::len).sum::<usize>() > 1_000_000 {
            break files;
        }
        assert!(query.try_wait().expect("a child").is_none(), "it ended and put nothing aside");
        assert!(started.elapsed() < PATIENCE, "nothing was put aside");
        thread::sleep(Duration::from_millis(5));
    };
    query.kill().expect("killed");
    query.wait().expect("a child");

    let (address, domain) = (person(1).email, "@courrier.example");
    assert!(address.ends_with(domain), "what is looked for is in each address");
    assert!(!files.iter().any(|file| contains(file, domain)), "an address was put aside in the clear");
    assert_eq!(names(&state), before);
    assert_eq!(names(temporary.path()), BTreeSet::new());
    for (path, content) in workspace.content_of("state") {
        assert!(!contains(&content, domain), "an address is in {}", path.display());
    }
}
