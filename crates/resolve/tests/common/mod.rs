//! What several tests share.

use std::path::{Path, PathBuf};

/// A folder of the real data; `None` where there is none, which is told.
pub fn data_folder(name: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where the data is")]
    let root = std::env::var("VERMEIL_TEST_DATA")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there is no folder `{name}` in the test data (set VERMEIL_TEST_DATA)");
    None
}
