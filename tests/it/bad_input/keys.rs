//! Keyrings and state databases that are missing, damaged, or somebody else's.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::{check_mended, check_refused, in_french, not_run_yet, row, run_before};
use crate::common::Workspace;

/// Puts a file aside while something else takes its place, then back.
fn without(workspace: &Workspace, file: &str, meanwhile: impl FnOnce()) {
    let (place, aside) = (workspace.file(file), workspace.file("aside"));
    fs::rename(&place, &aside).expect("put aside");
    meanwhile();
    assert!(aside.exists());
    fs::rename(&aside, &place).expect("put back");
}

/// Puts the state database aside, with the files that SQLite keeps beside it.
fn without_database(workspace: &Workspace, meanwhile: impl FnOnce()) {
    without(workspace, "state", || {
        fs::create_dir(workspace.file("state")).expect("a folder");
        fs::copy(workspace.file("aside/keyring.json"), workspace.file("state/keyring.json")).expect("copied");
        meanwhile();
        fs::remove_dir_all(workspace.file("state")).expect("removed");
    });
}

#[test]
fn a_new_keyring_is_readable_by_its_owner_only() {
    let workspace = run_before();
    for file in ["state/keyring.json", "state/vermeil.db"] {
        let mode = fs::metadata(workspace.file(file)).expect("made by the run").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_lake_without_its_keyring_gets_no_new_one() {
    let workspace = run_before();
    without(&workspace, "state/keyring.json", || {
        let says = ["is missing, but the lake", "was sealed with it", "restore the keyring from its backup"];
        for arguments in
            [&["run"][..], &["plan"], &["query", "SELECT 1"], &["optimize"], &["quarantine", "replay"]]
        {
            check_refused(&workspace.run(arguments), 1, &says);
        }
        assert!(!workspace.file("state/keyring.json").exists());
    });
    check_mended(&workspace, 11);
}

#[test]
fn the_keyring_of_another_lake_is_refused() {
    let (workspace, other) = (run_before(), run_before());
    without(&workspace, "state/keyring.json", || {
        fs::copy(other.file("state/keyring.json"), workspace.file("state/keyring.json")).expect("copied");
        let ended = workspace.run(&["run"]);
        check_refused(&ended, 1, &["was sealed with keyring", "not with the one given", "under `keyring`"]);
        let ended = in_french(&workspace, &["run"]);
        check_refused(&ended, 1, &["a été scellé avec le trousseau", "et non avec celui-ci"]);
    });
    check_mended(&workspace, 11);
}

#[test]
fn a_keyring_that_others_may_read_is_refused() {
    let workspace = run_before();
    let keyring = workspace.file("state/keyring.json");
    fs::set_permissions(&keyring, Permissions::from_mode(0o644)).expect("changed");
    check_refused(&workspace.run(&["run"]), 1, &["others may read the keyring", "(mode 644)", "chmod 600"]);
    fs::set_permissions(&keyring, Permissions::from_mode(0o600)).expect("changed");
    check_mended(&workspace, 11);
}

#[test]
fn a_damaged_keyring_is_refused_without_quoting_it() {
    let workspace = run_before();
    let text = fs::read_to_string(workspace.file("state/keyring.json")).expect("a keyring");
    without(&workspace, "state/keyring.json", || {
        workspace.write("state/keyring.json", &text[..text.len() / 2]);
        fs::set_permissions(workspace.file("state/keyring.json"), Permissions::from_mode(0o600))
            .expect("changed");
        let ended = workspace.run(&["run"]);
        check_refused(&ended, 1, &["the keyring", "is damaged", "restore it from its backup"]);
        let keys = text.lines().filter_map(|line| line.split('"').nth(3)).filter(|value| value.len() > 40);
        assert_eq!(keys.clone().count(), 2, "that of the generation, and the roots");
        for key in keys {
            assert!(!ended.stderr.contains(key), "a key is quoted");
        }
    });
    check_mended(&workspace, 11);
}

#[test]
fn a_damaged_state_database_is_told_as_such() {
    let workspace = run_before();
    without_database(&workspace, || {
        workspace.write("state/vermeil.db", "this is no database at all\n".repeat(400));
        let says = ["the state database", "is damaged, or no state database", "restore it from its backup"];
        check_refused(&workspace.run(&["run"]), 1, &says);
        check_refused(&workspace.run(&["status"]), 1, &says);
    });
    check_mended(&workspace, 11);
}

#[test]
fn the_state_of_another_lake_is_refused() {
    let (workspace, other) = (run_before(), not_run_yet());
    other.land_and_publish();
    without_database(&workspace, || {
        for (path, content) in other.content_of("state") {
            let name = path.file_name().expect("a file").to_str().expect("UTF-8");
            if name.starts_with("vermeil.db") {
                workspace.write(&format!("state/{name}"), content);
            }
        }
        let says = ["the state database", "belongs to keyring", "name the right file under `keyring`"];
        check_refused(&workspace.run(&["run"]), 2, &says);
    });
    check_mended(&workspace, 11);
}

#[test]
fn a_state_database_that_is_gone_is_not_silently_begun_anew() {
    let workspace = run_before();
    without_database(&workspace, || {
        let says =
            ["the lake holds load 1 of source `people`", "knows nothing", "restore the state database"];
        for _ in 0..2 {
            check_refused(&workspace.run(&["run"]), 1, &says);
        }
    });
    check_mended(&workspace, 11);
}

#[test]
fn a_lake_that_lost_a_load_is_noticed() {
    let workspace = run_before();
    let lake = workspace.content_of("lake");
    workspace.land_and_publish();
    workspace.append("data/people.csv", row(11));
    let later = workspace.content_of("lake");
    // As if the lake came from an older backup than the state database.
    fs::remove_dir_all(workspace.file("lake")).expect("removed");
    let restore = |content: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>| {
        for (path, bytes) in content {
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, bytes).expect("written");
        }
    };
    restore(&lake);
    let says =
        ["was confirmed, but the lake ends at load", "restore lake and state database of the same moment"];
    check_refused(&workspace.run(&["run"]), 1, &says);
    restore(&later);
    check_mended(&workspace, 12);
}
