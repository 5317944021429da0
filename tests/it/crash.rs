//! A run that is killed, at whatever point, and started again gives the same
//! result as one that was not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::{Clusters, Workspace, assert_nothing_lost};

const DEMO: &str = include_str!("../../pipelines/demo/pipeline.yaml");
const SOURCES: [&str; 4] = ["erp", "web", "crm", "orders"];
/// Rows that break their contract, beside those that the generator spoils.
const BAD_ROWS: &str = "neither JSON nor anything\n[1, 2]\n{\"id\": null}\n";

/// What must not depend on how often a run was killed.
#[derive(Debug, PartialEq)]
struct Outcome {
    clusters: Clusters,
    /// Source → rows landed.
    rows: BTreeMap<&'static str, usize>,
    /// (source, code, file, line) of each quarantined row.
    quarantined: Vec<(String, String, String, String)>,
    /// Per source: how many events or records of each plain kind.
    kinds: Vec<Value>,
    /// Entries of the blind index, each counted once.
    indexed: usize,
}

/// The silos, written once.
fn data() -> &'static [(String, Vec<u8>)] {
    static DATA: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    DATA.get_or_init(|| {
        let workspace = Workspace::new(DEMO);
        let ended = workspace.run(&[
            "synth",
            "--people",
            "80",
            "--out",
            workspace.file("data").to_str().expect("UTF-8"),
        ]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        workspace.append("data/web.ndjson", BAD_ROWS);
        let files = workspace.content_of("data");
        let name = |path: &Path| path.strip_prefix(workspace.path()).expect("below").display().to_string();
        files.into_iter().map(|(path, content)| (name(&path), content)).collect()
    })
}

fn not_run_yet() -> Workspace {
    let workspace = Workspace::new(DEMO);
    for (name, content) in data() {
        workspace.write(name, content);
    }
    workspace
}

/// What a run that nobody killed makes of the silos, and how long it takes.
fn undisturbed() -> &'static (Outcome, Duration) {
    static UNDISTURBED: OnceLock<(Outcome, Duration)> = OnceLock::new();
    UNDISTURBED.get_or_init(|| {
        let workspace = not_run_yet();
        let started = Instant::now();
        let report = workspace.land_and_publish();
        let took = started.elapsed();
        assert_ne!(report["quarantined"], 0);
        (outcome(&workspace), took)
    })
}

fn start(workspace: &Workspace) -> Child {
    let mut command = workspace.command(&["run"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
}

/// Kills with SIGKILL once `reached` holds; says whether that was before the end.
fn kill_when(mut run: Child, mut reached: impl FnMut() -> bool) -> bool {
    loop {
        let ended = run.try_wait().expect("a child").is_some();
        if ended || reached() {
            // An error here means that it has ended meanwhile.
            let _ = run.kill();
            let status = run.wait().expect("a child");
            return status.code().is_none();
        }
        // Gives the run the processor it needs to get there.
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Runs to the end, then compares with what an undisturbed run made.
#[track_caller]
fn check(workspace: &Workspace, killed: &str) {
    let report = workspace.json(&["run"]);
    assert_nothing_lost(&report);
    let found = outcome(workspace);
    let (expected, _) = undisturbed();
    assert_eq!(found.rows, expected.rows, "rows after a kill at {killed}");
    assert_eq!(found.quarantined, expected.quarantined, "quarantine after a kill at {killed}");
    assert_eq!(found.indexed, expected.indexed, "entries of the blind index after a kill at {killed}");
    assert!(found == *expected, "profiles after a kill at {killed}");
    assert_no_stray_keys(workspace, killed);
    let log = workspace.json(&["audit", "verify"]);
    assert_eq!(log["faults"], json!([]), "the audit log after a kill at {killed}");
    let idle = workspace.json(&["run"]);
    assert_nothing_lost(&idle);
    assert_eq!((&idle["records_landed"], &idle["up_to_date"]), (&json!(0), &json!(true)), "{killed}");
}

/// Looks at everything that a run makes, and asserts that nothing of it is doubled.
#[track_caller]
fn outcome(workspace: &Workspace) -> Outcome {
    let mut rows = BTreeMap::new();
    for source in SOURCES {
        let stored = workspace.stored(&format!("landing/{source}")).expect("landed");
        let tags = stored.column("record_tag");
        let records: BTreeSet<String> = stored.column("record_id").into_iter().collect();
        assert_eq!(BTreeSet::from_iter(&tags).len(), tags.len(), "{source}: a record landed twice");
        assert_eq!(records.len(), tags.len(), "{source}: two records share an id");
        assert!(
            stored.column("version").iter().all(|version| version == "1"),
            "{source}: a version too many"
        );
        rows.insert(source, tags.len());
    }
    let quarantine = workspace.stored("landing/quarantine").expect("quarantined");
    let [sources, codes, files, lines] =
        ["source", "code", "file", "line"].map(|name| quarantine.column(name).into_iter());
    let mut quarantined: Vec<_> =
        sources.zip(codes).zip(files.zip(lines)).map(|((a, b), (c, d))| (a, b, c, d)).collect();
    quarantined.sort_unstable();

    let clusters = workspace.clusters();
    let accounts: usize = clusters.iter().map(BTreeSet::len).sum();
    let counts = workspace.query(
        "SELECT (SELECT count(*) FROM golden.profiles) AS profiles,
                (SELECT sum(records) FROM golden.profiles) AS records,
                (SELECT count(*) FROM golden.members) AS members,
                (SELECT count(DISTINCT record_id) FROM golden.members) AS member_records,
                (SELECT count(DISTINCT profile_id) FROM golden.members) AS member_profiles,
                (SELECT count(*) FROM golden.history) AS changes,
                (SELECT count(*) FROM golden.provenance p LEFT ANTI JOIN golden.members m
                 ON p.record_id = m.record_id AND p.profile_id = m.profile_id) AS foreign_values",
    );
    let expected = json!({
        "profiles": clusters.len(), "records": accounts, "members": accounts, "member_records": accounts,
        "member_profiles": clusters.len(), "changes": 0, "foreign_values": 0,
    });
    assert_eq!(counts, [expected]);
    let kinds = workspace.query(
        "SELECT event_kind, count(*) AS events, count(subject_line) AS opened FROM landing.orders
         GROUP BY event_kind ORDER BY event_kind",
    );
    let chunks = workspace.blobs("SELECT entries FROM blind_index_chunks");
    let indexed = chunks.iter().flat_map(|chunk| chunk.chunks(42)).collect::<BTreeSet<_>>().len();
    Outcome { clusters, rows, quarantined, kinds, indexed }
}

/// Keys in the state database belong to loads that are in the lake.
#[track_caller]
fn assert_no_stray_keys(workspace: &Workspace, killed: &str) {
    let strays = workspace.state(
        "SELECT count(*) FROM key_pages WHERE owner LIKE 'landing/%'
         AND owner NOT IN (SELECT key_owner FROM loads WHERE status = 'confirmed')",
    );
    assert_eq!(strays, 0, "keys of loads that never arrived, after a kill at {killed}");
    let pages: BTreeSet<String> = SOURCES
        .iter()
        .flat_map(|source| workspace.stored(&format!("landing/{source}")).expect("landed").column("key_page"))
        .collect();
    let kept = workspace.state("SELECT count(*) FROM key_pages WHERE owner LIKE 'landing/%'");
    assert_eq!(kept, i64::try_from(pages.len()).expect("few"), "every kept key opens something");
    let pages = workspace
        .stored("landing/quarantine")
        .map_or(0, |stored| stored.column("key_page").into_iter().collect::<BTreeSet<String>>().len());
    let kept = workspace.state("SELECT count(*) FROM key_pages WHERE owner LIKE 'landing.quarantine/%'");
    assert_eq!(kept, i64::try_from(pages).expect("few"), "every kept quarantine key opens a row");
}

/// Kills once a run is at a `part` of the time that an undisturbed one takes.
fn killed_at(workspace: &Workspace, part: f64) -> bool {
    let (_, took) = undisturbed();
    let moment = Instant::now() + took.mul_f64(part);
    kill_when(start(workspace), || Instant::now() >= moment)
}

#[track_caller]
fn check_parts(parts: impl IntoIterator<Item = usize>) {
    for part in parts {
        let workspace = not_run_yet();
        // A late kill may find the run at its end, which is a moment like any other.
        killed_at(&workspace, part as f64 / 13.0);
        check(&workspace, &format!("{part}/13 of the time"));
    }
}

// Several tests, so that they run side by side.

#[test]
fn a_run_killed_in_its_first_quarter_is_made_good() {
    check_parts(1..=3);
}

#[test]
fn a_run_killed_in_its_second_quarter_is_made_good() {
    check_parts(4..=6);
}

#[test]
fn a_run_killed_in_its_third_quarter_is_made_good() {
    check_parts(7..=9);
}

#[test]
fn a_run_killed_in_its_last_quarter_is_made_good() {
    check_parts(10..=12);
}

#[test]
fn a_run_killed_again_and_again_is_made_good() {
    let workspace = not_run_yet();
    let killed = [2, 5, 7, 9, 10, 11, 12, 13, 14].map(|part| killed_at(&workspace, f64::from(part) / 16.0));
    assert!(killed.contains(&true), "not one kill came in time");
    check(&workspace, "nine moments");
}

/// Kills as soon as a file whose path ends in `end` stands below `folder`.
#[track_caller]
fn check_file(folder: &str, end: &str) {
    let workspace = not_run_yet();
    let folder = workspace.file(folder);
    let stands = || {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().ends_with(end))
    };
    let killed = kill_when(start(&workspace), stands);
    assert!(killed, "{} was not seen before the run ended", folder.display());
    check(&workspace, &format!("the first *{end} in {}", folder.display()));
}

#[test]
fn a_run_killed_while_it_makes_keyring_state_and_lake_is_made_good() {
    check_file("state", "keyring.json");
    check_file("state", "vermeil.db");
    check_file("lake", "vermeil.json");
}

#[test]
fn a_run_killed_while_it_lands_is_made_good() {
    check_file("lake/landing/erp/_delta_log", "00.json");
    check_file("lake/landing/erp", ".parquet");
    check_file("lake/landing/erp/_delta_log", "01.json");
    check_file("lake/landing/orders/_delta_log", "01.json");
}

#[test]
fn a_run_killed_between_quarantine_and_landing_is_made_good() {
    check_file("lake/landing/quarantine", ".parquet");
    check_file("lake/landing/quarantine/_delta_log", "01.json");
    check_file("lake/landing/web", ".parquet");
    check_file("lake/landing/web/_delta_log", "01.json");
}

#[test]
fn a_run_killed_while_it_publishes_is_made_good() {
    check_file("lake/resolved/links/_delta_log", "01.json");
    check_file("lake/golden/members/_delta_log", "01.json");
    check_file("lake/golden/profiles", ".parquet");
    check_file("lake/golden/provenance/_delta_log", "01.json");
    check_file("lake/golden/history/_delta_log", "01.json");
}

#[test]
fn what_was_published_is_read_on_while_a_later_run_is_killed() {
    let workspace = not_run_yet();
    workspace.land_and_publish();
    let clusters = workspace.clusters();
    let text = std::fs::read_to_string(workspace.file("data/web.ndjson")).expect("a silo");
    let (first, _) = text.split_once('\n').expect("rows");
    let mut newcomer: Value = serde_json::from_str(first).expect("an object");
    newcomer["id"] = json!("w-new");
    newcomer["emailAddress"] = json!("nouveau.venu@ailleurs.example");
    for key in ["firstName", "lastName"] {
        newcomer[key] = json!("Tréguilly");
    }
    for key in ["phoneNumber", "birthDate", "address"] {
        newcomer[key] = Value::Null;
    }
    workspace.append("data/web.ndjson", format!("{newcomer}\n"));
    let folder = workspace.file("lake/golden/profiles/_delta_log");
    let commits = || std::fs::read_dir(&folder).expect("published").count();
    let before = commits();
    assert!(kill_when(start(&workspace), || commits() > before));
    assert_eq!(workspace.clusters(), clusters, "the publication cut off is not seen");
    let report = workspace.land_and_publish();
    assert_eq!((&report["records_landed"], &report["unchanged"]), (&json!(0), &json!(data_rows() + 1)));
    assert_eq!(report["profiles"], clusters.len() + 1);
    let mut after = workspace.clusters();
    assert!(after.remove(&BTreeSet::from([("web".to_owned(), "w-new".to_owned())])));
    assert_eq!(after, clusters);
}

/// Rows that an undisturbed run lands.
fn data_rows() -> usize {
    undisturbed().0.rows.values().sum()
}
