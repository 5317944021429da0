//! No plaintext personal value reaches the disk.
//!
//! Distinctive invented values go through every command; then every file of the
//! lake, the state, the temporary folder and everything printed is decoded and
//! searched with `vermeil_leaks`. That the values were there is proven by the silos and by what a
//! role with a grant reads: the same search finds each of them there.

mod canaries;
mod command;
mod sqlite;

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use vermeil_leaks::{Limits, Matcher, Report, Values, scan};

use self::canaries::{DAYS, TEXTS};
use crate::common::Workspace;

const DEMO_PIPELINE: &str = include_str!("../../pipelines/demo/pipeline.yaml");

/// What may hold values: what sources delivered, and what was read under a grant.
const SILOS: &str = "data";
const GRANTED: &str = "granted";
/// Must hold none: what everything else printed, and temporary files.
const PRINTED: &str = "printed";
const TEMPORARY: &str = "temporary";

#[test]
fn no_plaintext_personal_value_reaches_the_disk() {
    let scene = Scene::set();
    let landed = scene.passes(&["run"]);
    for code in canaries::BROKEN_CONTRACTS {
        assert!(landed.contains(&format!("\"{code}\":")), "no row was quarantined as {code}: {landed}");
    }
    let profile = scene.profile();
    scene.read_under_a_grant(&profile);
    scene.ask_without_a_grant(&profile);
    scene.fail();

    canaries::change(&scene.workspace);
    scene.passes(&["plan"]);
    scene.passes(&["run"]);
    // Without its contract the row that lacks an address is good.
    scene.workspace.edit("pipeline.yaml", "required: [email]", "required: []");
    let replayed = scene.passes(&["quarantine", "replay"]);
    assert!(replayed.contains("\"landed\":1"), "{replayed}");
    scene.passes(&["run"]);
    scene.passes(&["optimize"]);
    scene.read_under_a_grant(&profile);
    scene.ask_without_a_grant(&profile);
    // Who is to be erased stands in the state database from now on, sealed.
    scene.passes(&["erase", "open", &profile, "--dry-run"]);
    scene.passes(&["erase", "open", &profile]);
    scene.passes(&["erase", "status"]);

    let planted: BTreeSet<usize> = (0..TEXTS.len() + DAYS.len()).collect();
    assert_eq!(values_in(&scene.search(SILOS, &[])), planted, "not every value was planted");
    let mut opened = planted;
    opened.retain(|value| TEXTS.get(*value) != Some(&canaries::EVENT_KEY));
    assert_eq!(values_in(&scene.search(GRANTED, &[])), opened, "not every value came through");

    let found = scene.search("", &[SILOS, GRANTED]);
    assert!(found.findings.is_empty(), "readable values: {:#?}", found.findings);
    assert!(found.unreadable.is_empty(), "could hide anything: {:#?}", found.unreadable);
    assert!(50 < found.files, "only {} files were there to search", found.files);
}

#[test]
fn state_and_keyring_are_their_owners_alone() {
    let scene = Scene::set();
    scene.passes(&["run"]);
    for name in ["vermeil.db", "keyring.json"] {
        assert_eq!(mode(&scene.workspace.file("state").join(name)), 0o600, "{name}");
    }
    for entry in std::fs::read_dir(scene.workspace.file("state")).expect("a folder") {
        let file = entry.expect("an entry").path();
        let is_empty = file.metadata().expect("a file").len() == 0;
        assert!(is_empty || mode(&file) & 0o077 == 0, "others may open {}", file.display());
    }
}

fn mode(file: &Path) -> u32 {
    std::fs::metadata(file).expect("a file").permissions().mode() & 0o777
}

/// Positions among the texts, and behind them among the days.
fn values_in(report: &Report) -> BTreeSet<usize> {
    report.findings.iter().map(|finding| finding.value.line as usize - 1).collect()
}

/// A demo pipeline with canaries among its silos.
struct Scene {
    workspace: Workspace,
    matcher: Matcher,
}

impl Scene {
    fn set() -> Self {
        let workspace = Workspace::new(DEMO_PIPELINE);
        for folder in [GRANTED, PRINTED, TEMPORARY] {
            std::fs::create_dir(workspace.file(folder)).expect("a folder");
        }
        let matcher = Matcher::new(&Values::from_texts(TEXTS.into_iter().chain(DAYS)));
        assert_eq!(matcher.values(), TEXTS.len() + DAYS.len(), "a canary is too short");
        let scene = Self { workspace, matcher };
        let silos = scene.workspace.file(SILOS);
        scene.passes(&["synth", "--people", "120", "--out", silos.to_str().expect("UTF-8")]);
        canaries::plant(&scene.workspace);
        scene
    }

    fn search(&self, below: &str, left_out: &[&str]) -> Report {
        let left_out: Vec<&Path> = left_out.iter().map(Path::new).collect();
        scan(&self.workspace.file(below), &left_out, &self.matcher, Limits::default())
            .expect("readable files")
    }

    /// A command that must end well, and what it prints.
    #[track_caller]
    fn passes(&self, arguments: &[&str]) -> String {
        let (code, printed) = self.prints(PRINTED, arguments, "");
        assert_eq!(code, 0, "{arguments:?} failed");
        printed
    }

    /// Runs a command with logs as full as they get, and keeps what it prints:
    /// standard output in `folder`, standard error always where no value may be.
    fn prints(&self, folder: &str, arguments: &[&str], input: &str) -> (i32, String) {
        let mut command = self.workspace.command(arguments);
        command.args(["--format", "json", "--log", "json", "-vv"]);
        command.env("TMPDIR", self.workspace.file(TEMPORARY));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().expect("the binary starts");
        // A command that does not read its input closes it.
        let _ = running.stdin.take().expect("piped").write_all(input.as_bytes());
        let output = running.wait_with_output().expect("it ends");
        let number = std::fs::read_dir(self.workspace.file(PRINTED)).expect("a folder").count();
        self.workspace.write(&format!("{folder}/{number}.out"), &output.stdout);
        self.workspace.write(&format!("{PRINTED}/{number}.err"), &output.stderr);
        (output.status.code().unwrap_or(-1), String::from_utf8(output.stdout).expect("UTF-8"))
    }

    /// The profile of the person that three silos know.
    fn profile(&self) -> String {
        let sql =
            format!("SELECT profile_id FROM golden.profiles WHERE family_name = '{}'", canaries::FAMILY_NAME);
        let (code, rows) = self.prints(GRANTED, &as_officer(&["query", "-"]), &sql);
        assert_eq!(code, 0);
        let row = rows.lines().next().expect("the person is published");
        let row: serde_json::Value = serde_json::from_str(row).expect("JSON");
        row["profile_id"].as_str().expect("an id").to_owned()
    }

    /// Everything there is to read, by someone who may.
    fn read_under_a_grant(&self, profile: &str) {
        for table in ["golden.profiles", "landing.erp", "landing.web", "landing.crm", "landing.orders"] {
            let (code, _) =
                self.prints(GRANTED, &as_officer(&["query", "-"]), &format!("SELECT * FROM {table}"));
            assert_eq!(code, 0, "{table}");
        }
        let (code, _) = self.prints(GRANTED, &as_officer(&["explain", profile]), "");
        assert_eq!(code, 0);
        for row in self.passes(&["quarantine", "ls"]).lines() {
            let row: serde_json::Value = serde_json::from_str(row).expect("JSON");
            let id = row["id"].as_str().expect("an id");
            let (code, _) = self.prints(GRANTED, &as_officer(&["quarantine", "show", id]), "");
            assert_eq!(code, 0);
        }
    }

    /// The same by someone who may not, and what anyone may ask.
    fn ask_without_a_grant(&self, profile: &str) {
        let tables = ["golden.profiles", "golden.members", "golden.provenance", "golden.history"];
        let stored = ["landing.erp", "landing.crm", "landing.orders", "landing.quarantine", "resolved.links"];
        for table in tables.iter().chain(&stored) {
            self.passes(&["query", &format!("SELECT * FROM {table}")]);
            self.passes(&["query", &format!("EXPLAIN VERBOSE SELECT * FROM {table}")]);
        }
        let explained = self.passes(&["explain", profile]);
        let explained: serde_json::Value = serde_json::from_str(&explained).expect("JSON");
        let records: Vec<&str> = explained["members"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|member| member["record"].as_str())
            .collect();
        let [page, chart] = ["page.html", "pair.svg"].map(|name| {
            let file = self.workspace.file(&format!("{PRINTED}/{name}"));
            file.to_str().expect("UTF-8").to_owned()
        });
        self.passes(&["explain", records[0], records[1], "--svg", &chart]);
        self.passes(&["run", "--report", &page]);
        self.passes(&["check"]);
        self.passes(&["plan"]);
        self.passes(&["status"]);
        self.passes(&["review", "--list"]);
        let find = |arguments: &[&str]| self.prints(PRINTED, arguments, canaries::EMAIL);
        let (code, found) = find(&as_officer(&["find", "email"]));
        assert!(code == 0 && found.contains("record_id"), "the planted address is not found: {found}");
        assert_eq!(find(&["find", "email"]).0, 4);
        let (email, name) = (canaries::EMAIL, canaries::FAMILY_NAME);
        let questions = format!(
            "{{\"email\":\"{email}\",\"family_name\":\"{name}\"}}\n{{\"{name}\":1}}\n{{\"email\":\"{email}\n"
        );
        let resolve = |arguments: &[&str]| self.prints(PRINTED, arguments, &questions);
        let (code, found) = resolve(&as_officer(&["resolve"]));
        assert!(code == 2 && found.contains("record_id"), "the planted person is not found: {found}");
        assert_eq!(resolve(&["resolve"]).0, 4);
        assert_eq!(find(&as_officer(&["find", canaries::FAMILY_NAME])).0, 2);
        // Spills its sort, if anything does.
        self.prints(
            GRANTED,
            &as_officer(&["query", "-"]),
            "SELECT a.family_name, b.email FROM landing.erp a CROSS JOIN landing.web b ORDER BY 1 DESC, 2",
        );
    }

    /// Commands that end in an error while they hold a value.
    fn fail(&self) {
        let name = canaries::FAMILY_NAME;
        let statements = [
            "SELECT CAST(family_name AS INT) FROM golden.profiles".to_owned(),
            "SELECT CAST(notes AS TIMESTAMP) FROM golden.profiles".to_owned(),
            "SELECT to_date(family_name) FROM landing.erp".to_owned(),
            "SELECT 1 / (character_length(family_name) - character_length(family_name)) FROM landing.erp"
                .to_owned(),
            format!("SELECT 1 / 0 FROM golden.profiles WHERE family_name = '{name}'"),
            format!("SELECT CAST('{name}' AS INT) FROM golden.profiles"),
            // A message that quotes a quote can no longer be taken apart.
            format!("SELECT CAST('d''{name}' AS INT) FROM golden.profiles"),
            format!("SELECT birth_date FROM golden.profiles WHERE birth_date = '{name}'"),
            format!("SELECT no_such_column FROM golden.profiles WHERE family_name = '{name}'"),
            format!("SELECT family_name FROM golden.profiles WHERE family_name = '{name}"),
            format!("SELECT family_name FROM WHERE family_name = '{name}'"),
            format!("DELETE FROM golden.profiles WHERE family_name = '{name}'"),
        ];
        for statement in statements {
            let (code, printed) = self.prints(PRINTED, &as_officer(&["query", "-"]), &statement);
            assert!(code > 0, "{statement} ended well");
            assert_eq!(printed, "", "{statement} gave rows");
        }
        assert_eq!(self.prints(PRINTED, &["query", "SELECT 1", "--role", "nobody"], "").0, 4);
        assert_eq!(self.prints(PRINTED, &["explain", name], "").0, 2);
        let (code, _) = self.prints(PRINTED, &["quarantine", "show", name], "");
        assert!(code > 0);
    }
}

fn as_officer<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &["--role", "dpo", "--purpose", "data_subject_rights"]].concat()
}
