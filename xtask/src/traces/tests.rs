use super::{PUBLIC_INDEX, traces};

#[track_caller]
fn check(file: &str, line: &str, expected: usize) {
    assert_eq!(traces(file, &format!("first line\n{line}\n")).len(), expected, "{line}");
}

#[test]
fn a_path_of_a_machine_is_found_with_its_line() {
    let line = format!("see {}ada/notes.txt", concat!("/ho", "me/"));
    assert_eq!(
        traces("README.md", &format!("\n{line}")),
        [format!("README.md:2: a path under `{}`", concat!("/ho", "me/"))]
    );
    check("README.md", &format!("file://{}x", concat!("/ro", "ot/")), 1);
}

#[test]
fn words_between_slashes_are_not_paths_of_a_machine() {
    check("README.md", "phones: mobile/home/work/fax", 0);
    check("README.md", "https://example.org/home/start", 0);
    check("README.md", "../shared/data", 0);
}

#[test]
fn a_crate_from_elsewhere_is_found() {
    check("Cargo.lock", &format!("source = \"{PUBLIC_INDEX}\""), 0);
    check("Cargo.lock", "source = \"registry+https://mirror.example/index\"", 1);
    check("Cargo.lock", "source = \"git+https://git.example/x#0123\"", 1);
}

#[test]
fn a_redirected_registry_is_found() {
    check(".cargo/config.toml", concat!("replace", "-with = \"mirror\""), 1);
}
