use std::{fs, path::Path, process::Command};

use super::{
    Purpose, asynchronous_libraries, built_otherwise, dependencies, not_exactly_once,
    sources::{FOLDERS, Source, reads_of_the_environment, sources, too_long, unfinished},
    takes_over_the_lints, trespasses, wrong_acquaintances,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the file is part of the workspace")
}

/// What `cargo tree` prints for this workspace.
fn cargo_tree(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--color", "never"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs: it started this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("crate names are UTF-8")
}

fn workspace_dependencies() -> Vec<super::Dependency> {
    // Without `--no-dedupe`, a crate already shown as a dependency is not shown with its own.
    let shape = ["--workspace", "--depth", "1", "--no-dedupe", "--prefix", "depth", "--edges"];
    let tree = |edges| cargo_tree(&[shape.as_slice(), &[edges]].concat());
    let mut all = dependencies(&tree("normal,build"), Purpose::Run);
    all.extend(dependencies(&tree("dev"), Purpose::Development));
    assert!(
        all.iter().any(|found| found.from == "vermeil-engine" && found.to == "datafusion"),
        "a tree was read"
    );
    assert!(
        all.iter().any(|found| found.purpose == Purpose::Development),
        "development dependencies were read"
    );
    all
}

#[track_caller]
fn check(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[track_caller]
fn check_seen(violations: Vec<String>, expected: &[&str]) {
    assert_eq!(violations, expected, "a fabricated violation must be seen, and nothing else");
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), text: text.into() }
}

mod this_workspace {
    use super::*;

    #[test]
    fn crates_know_only_whom_they_may_know() {
        check(wrong_acquaintances(&workspace_dependencies()));
    }

    #[test]
    fn heavy_and_delicate_libraries_stay_in_their_crate() {
        check(trespasses(&workspace_dependencies()));
    }

    #[test]
    fn the_program_and_the_benches_alone_are_built_like_the_whole_workspace() {
        let shape = ["--prefix", "none", "--format", "{p} {f}", "--edges"];
        let whole = cargo_tree(&[&["--workspace"], shape.as_slice(), &["normal,build,dev"]].concat());
        for package in ["vermeil-cli", "vermeil-benches"] {
            let alone = cargo_tree(&[&["-p", package], shape.as_slice(), &["normal,build"]].concat());
            check(built_otherwise(&whole, &alone));
        }
    }

    #[test]
    fn model_depends_on_nothing_asynchronous() {
        let tree = cargo_tree(&["-p", "vermeil-model", "--prefix", "none", "--edges", "normal,build"]);
        assert!(tree.starts_with("vermeil-model "), "{tree}");
        check(asynchronous_libraries(&tree));
    }

    #[test]
    fn shared_table_libraries_have_one_version() {
        check(not_exactly_once(&read("Cargo.lock")));
    }

    #[test]
    fn unsafe_code_is_forbidden_in_every_crate() {
        assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
        let mut manifests = vec!["benches/Cargo.toml".to_owned(), "xtask/Cargo.toml".to_owned()];
        for entry in fs::read_dir(root().join("crates")).expect("the workspace has crates") {
            let name = entry.expect("its entries can be read").file_name();
            manifests.push(format!("crates/{}/Cargo.toml", name.to_string_lossy()));
        }
        manifests.retain(|manifest| !takes_over_the_lints(&read(manifest)));
        check(manifests);
    }

    #[test]
    fn every_folder_with_sources_is_searched() {
        let sources = sources(root());
        for folder in FOLDERS {
            assert!(sources.iter().any(|source| source.path.starts_with(folder)), "{folder} has no source");
        }
    }

    #[test]
    fn no_file_is_longer_than_a_readers_patience() {
        check(too_long(&sources(root())));
    }

    #[test]
    fn nothing_is_left_unfinished() {
        check(unfinished(&sources(root())));
    }

    #[test]
    fn only_the_command_line_reads_the_environment() {
        check(reads_of_the_environment(&sources(root())));
    }
}

mod a_workspace_that_breaks_the_rules {
    use super::*;

    #[test]
    fn a_crate_that_knows_too_much_is_seen() {
        let tree = "0vermeil-resolve v0.1.0 (x)\n1serde v1.0.0\n1vermeil-model v0.1.0 (x) (*)\n\
                    1vermeil-protect v0.1.0 (x)\n\n0vermeil-new v0.1.0 (x)\n1serde v1.0.0 (*)\n";
        check_seen(
            wrong_acquaintances(&dependencies(tree, Purpose::Run)),
            &[
                "`vermeil-resolve` must not know `vermeil-protect`",
                "`vermeil-new` is not in KNOWS: say whom it may know",
            ],
        );
    }

    #[test]
    fn acquaintance_for_tests_counts_too() {
        let tree = "0vermeil-model v0.1.0 (x)\n1vermeil-synth v0.1.0 (x)\n";
        check_seen(
            wrong_acquaintances(&dependencies(tree, Purpose::Development)),
            &["`vermeil-model` must not know `vermeil-synth`"],
        );
    }

    #[test]
    fn a_library_with_other_features_is_seen() {
        let whole = "serde v1.0.0 derive,std\nregex v1.0.0 std\n";
        let alone = "serde v1.0.0 std\nregex v1.0.0 std\nserde v1.0.0 std\n";
        check_seen(
            built_otherwise(whole, alone),
            &["serde v1.0.0 std is built with other features here than in the workspace"],
        );
    }

    #[test]
    fn a_library_outside_its_crate_is_seen() {
        let tree = "0vermeil-engine v0.1.0 (x)\n1datafusion v55.2.0\n1hmac v0.13.0\n\n\
                    0vermeil-ingest v0.1.0 (x)\n1datafusion-expr v55.2.0\n1sha2 v0.11.0\n1datafusions v1.0.0\n";
        check_seen(
            trespasses(&dependencies(tree, Purpose::Run)),
            &[
                "`vermeil-engine` names `hmac`, reserved for vermeil-protect: cryptography is reviewed in one place",
                "`vermeil-ingest` names `datafusion-expr`, reserved for vermeil-engine, vermeil-bi: \
                 the heavy engine has one home",
                "`vermeil-ingest` names `sha2`, reserved for vermeil-protect, vermeil-audit: cryptography is \
                 reviewed in one place; the audit log is verified without a secret, so hashes suffice it",
            ],
        );
    }

    #[test]
    fn what_tests_may_name_the_program_may_not() {
        let tree = "0vermeil-cli v0.1.0 (x)\n1sqlx v0.9.0\n";
        check_seen(trespasses(&dependencies(tree, Purpose::Development)), &[]);
        check_seen(
            trespasses(&dependencies(tree, Purpose::Run)),
            &["`vermeil-cli` names `sqlx`, reserved for vermeil-state: the state database has one owner"],
        );
    }

    #[test]
    fn an_asynchronous_library_is_seen_however_deep_it_lies() {
        let tree = "vermeil-model v0.1.0\nserde v1.0.0\ntokio v1.0.0\nfutures-core v0.3.0\nfutures-core v0.3.0 (*)\n";
        check_seen(asynchronous_libraries(tree), &["futures-core", "tokio"]);
    }

    #[test]
    fn a_second_version_and_a_missing_library_are_seen() {
        let once = "name = \"arrow\"\nname = \"arrow-array\"\nname = \"parquet\"\nname = \"object_store\"\n";
        check_seen(not_exactly_once(once), &["0 versions of `datafusion`"]);
        let twice = format!("{once}name = \"datafusion\"\nname = \"arrow\"\n");
        check_seen(not_exactly_once(&twice), &["2 versions of `arrow`"]);
    }

    #[test]
    fn a_crate_with_lints_of_its_own_is_seen() {
        assert!(takes_over_the_lints("[package]\n\n[lints]\n# Ours.\nworkspace = true\n"));
        assert!(!takes_over_the_lints("[package]\n"));
        assert!(!takes_over_the_lints("[lints]\n[dependencies]\nworkspace = true\n"));
    }

    #[test]
    fn an_endless_file_is_seen() {
        let files = [source("a.rs", &"line\n".repeat(500)), source("b.rs", &"line\n".repeat(501))];
        check_seen(too_long(&files), &["b.rs has 501 lines: split it"]);
    }

    #[test]
    fn a_stub_and_a_test_that_does_not_run_are_seen() {
        let stub = source(
            "crates/a/src/lib.rs",
            concat!("fn f() {\n    to", "do!()\n}\n#[ig", "nore = \"slow\"]\n"),
        );
        assert_eq!(unfinished(&[stub]).len(), 2);
    }

    #[test]
    fn a_crate_that_reads_the_environment_is_seen() {
        let text = concat!("\nlet home = std::env::", "var(\"HOME\");\n");
        let files = ["crates/engine/src/lib.rs", "crates/engine/src/land/tests.rs", "crates/cli/src/main.rs"];
        let files = files.map(|path| source(path, text));
        check_seen(reads_of_the_environment(&files), &[concat!("crates/engine/src/lib.rs:2: env::", "var")]);
    }
}
