use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("clusters.csv");
    fs::write(&target, "old").unwrap();
    let replacement = Replacement::begin(&target).unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "old");
    replacement.commit(|file| file.write_all(b"new")).unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "new");
    assert_eq!(names(folder.path()), ["clusters.csv"]);
}

#[test]
fn work_that_fails_leaves_the_old_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("clusters.csv");
    fs::write(&target, "old").unwrap();
    drop(Replacement::begin(&target).unwrap());
    let full = Replacement::begin(&target).unwrap().commit(|_| Err(io::ErrorKind::StorageFull.into()));
    assert!(matches!(full, Err(CliError::Unwritable { .. })));
    assert_eq!(fs::read_to_string(&target).unwrap(), "old");
    assert_eq!(names(folder.path()), ["clusters.csv"]);
}
