//! SQLite without SQLite: every page image there is, current, freed or old.
//!
//! A database driver shows the rows that are there now. What was deleted stays
//! in free pages, in slack and in the write-ahead log, so pages are taken apart
//! here. The raw bytes of every page are searched anyway, as those of any file;
//! this adds what they hide: values torn over overflow pages, words that stand
//! side by side without a separator, numbers, and containers in blobs.
//!
//! Source: sqlite.org, "Database File Format", sections 1.3 to 1.6, 2, 3 and 4.

mod pages;
mod record;

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use self::pages::{Image, Pages};
use super::Damaged;
use crate::report::Channel;
use crate::scan::{Place, Scan};

/// Files that belong to one database and may continue each other's pages.
#[derive(Default)]
pub(super) struct Siblings(Vec<PathBuf>);

impl Siblings {
    /// Those of a file by the names that SQLite gives: `x`, `x-wal`, `x-journal`.
    pub(super) fn of(path: &Path) -> Self {
        let name = path.as_os_str().to_owned();
        let text = name.to_string_lossy();
        let database =
            ["-wal", "-journal"].iter().find_map(|ending| text.strip_suffix(ending)).map(OsString::from);
        let database = database.unwrap_or(name.clone());
        let with = |ending| {
            let mut name = database.clone();
            name.push(ending);
            name
        };
        let all = [database.clone(), with("-wal"), with("-journal")];
        Self(all.into_iter().filter(|sibling| *sibling != name).map(PathBuf::from).collect())
    }

    fn open(&self) -> Vec<File> {
        self.0.iter().filter_map(|path| File::open(path).ok()).collect()
    }
}

/// Searches the pages of a database file.
pub(super) fn database<R: Read + Seek>(
    scan: &Scan<'_>,
    reader: &mut R,
    siblings: &Siblings,
    place: &Place,
) -> Result<(), Damaged> {
    search(scan, Pages::of_database(reader)?, siblings, &place.inside(Channel::SqliteRow, "sqlite"))
}

/// Searches the pages of a write-ahead log.
pub(super) fn write_ahead_log<R: Read + Seek>(
    scan: &Scan<'_>,
    reader: &mut R,
    siblings: &Siblings,
    place: &Place,
) -> Result<(), Damaged> {
    search(scan, Pages::of_log(reader)?, siblings, &place.inside(Channel::SqliteRow, "sqlite wal"))
}

/// Searches the pages of a rollback journal.
pub(super) fn journal<R: Read + Seek>(
    scan: &Scan<'_>,
    reader: &mut R,
    siblings: &Siblings,
    place: &Place,
) -> Result<(), Damaged> {
    search(scan, Pages::of_journal(reader)?, siblings, &place.inside(Channel::SqliteRow, "sqlite journal"))
}

fn search(scan: &Scan<'_>, mut pages: Pages<'_>, siblings: &Siblings, place: &Place) -> Result<(), Damaged> {
    for sibling in siblings.open() {
        pages.add(sibling);
    }
    for index in 0..pages.own_images() {
        let image = pages.own_image(index)?;
        let place = place.part(Channel::SqliteRow, &format!("page {}", image.number));
        let rows = record::rows_of(scan, &mut pages, &image, &place)?;
        scan.slice(&place, &rows);
        torn_values(scan, &mut pages, &image, &place);
    }
    Ok(())
}

/// Searches where a page that holds the end of a value may follow: behind the
/// pointer of an overflow page, and behind whatever looks like the pointer of a
/// deleted row.
fn torn_values(scan: &Scan<'_>, pages: &mut Pages<'_>, image: &Image, place: &Place) {
    const REACH: usize = 1024;
    /// More pointers in one page are chance.
    const MOST: usize = 64;
    let place = place.part(Channel::SqlitePages, "torn");
    let bytes = &image.bytes;
    let pointers: Vec<(usize, u32)> = if image.is_tree() {
        let all = bytes.windows(4).enumerate().map(|(at, pointer)| (at, pages::u32_at(pointer, 0)));
        all.filter(|(_, next)| *next != image.number && pages.may_continue(*next)).take(MOST).collect()
    } else {
        // Its pointer stands first, its content behind.
        vec![(bytes.len(), pages::u32_at(bytes, 0))]
    };
    for (at, next) in pointers {
        let start = at.saturating_sub(REACH).max(if image.is_tree() { 0 } else { 4 });
        for following in pages.images(next).into_iter().filter(|following| !following.is_tree()) {
            let head = &following.bytes[4..following.bytes.len().min(4 + REACH)];
            scan.seam(&place, &bytes[start..at], head);
        }
    }
}
