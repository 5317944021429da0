//! The scan of a folder.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::decode;
use crate::matcher::{Hit, Matcher, Searcher};
use crate::report::{Channel, Encoding, Finding, Reason, Report, Unreadable};
use crate::stream::Stream;

/// How far a scan follows what is packed into each other.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Containers within containers.
    pub depth: usize,
    /// Bytes decoded from one file, beside [`Self::expansion`] times its size.
    pub decoded_bytes: u64,
    /// Decoded bytes for each byte on disk, beside [`Self::decoded_bytes`].
    pub expansion: u64,
    /// Bytes of a packed file that can only be read as a whole, such as Parquet in gzip.
    pub packed_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 8, decoded_bytes: 1 << 30, expansion: 100, packed_bytes: 256 << 20 }
    }
}

/// Searches every file below `folder`, except below the folders `left_out` (relative to it).
/// Symbolic links are searched themselves and not followed.
///
/// # Errors
/// The folder itself cannot be read. What cannot be read below it is part of the report.
pub fn scan(folder: &Path, left_out: &[&Path], matcher: &Matcher, limits: Limits) -> io::Result<Report> {
    fs::read_dir(folder)?;
    let scan = Scan::new(matcher, limits);
    scan.folder(folder, &Entry::default(), left_out);
    Ok(scan.finish())
}

/// Searches single files as [`scan`] does those of a folder; they are told by their names. One that
/// is not there holds nothing.
pub fn scan_files<'f>(
    files: impl IntoIterator<Item = &'f Path>,
    matcher: &Matcher,
    limits: Limits,
) -> Report {
    let scan = Scan::new(matcher, limits);
    for file in files {
        let Ok(metadata) = fs::symlink_metadata(file) else { continue };
        let name = file.file_name().unwrap_or_default();
        let shown = scan.shown(&name.to_string_lossy(), || "[file]".to_owned());
        scan.begin(&shown, metadata.len());
        scan.file(file, metadata.len());
        scan.end();
    }
    scan.finish()
}

/// What a column of some rows holds.
#[derive(Debug, Clone, Copy)]
pub enum Cells<'c> {
    /// Integers.
    Numbers(&'c [i64]),
    /// Texts in UTF-8, or whatever bytes.
    Bytes(&'c [Vec<u8>]),
}

/// Searches a column of some rows that a database handed out; it is told by the names of table and column.
pub fn scan_column(table: &str, column: &str, cells: Cells<'_>, matcher: &Matcher, limits: Limits) -> Report {
    let scan = Scan::new(matcher, limits);
    let place = root(Channel::DatabaseRow).part(Channel::DatabaseRow, column);
    match cells {
        Cells::Numbers(numbers) => {
            scan.begin(table, std::mem::size_of_val(numbers) as u64);
            numbers.iter().for_each(|number| scan.number(&place, *number));
        }
        Cells::Bytes(cells) => {
            scan.begin(table, cells.iter().map(|cell| cell.len() as u64).sum());
            for cell in cells {
                decode::cell(&scan, cell, || place.inside(Channel::DatabaseRow, "value"));
            }
            // Nothing that is searched for goes over a zero byte.
            scan.slice(&place, &cells.join(&0));
        }
    }
    scan.end();
    scan.finish()
}

/// A file or folder below the one that is scanned.
#[derive(Default, Clone)]
struct Entry {
    relative: PathBuf,
    /// As it may be shown.
    shown: String,
}

/// Where bytes come from: what a finding is told with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) channel: Channel,
    /// The containers on the way, and the part of the innermost.
    pub(crate) path: String,
    /// Containers on the way.
    pub(crate) depth: usize,
}

impl Place {
    /// A part of what is here, on the same level.
    pub(crate) fn part(&self, channel: Channel, part: &str) -> Self {
        let path = match (self.path.as_str(), part) {
            (path, "") => path.to_owned(),
            ("", part) => part.to_owned(),
            (path, part) => format!("{path}, {part}"),
        };
        Self { channel, path, depth: self.depth }
    }

    /// What is packed here in a container.
    pub(crate) fn inside(&self, channel: Channel, container: &str) -> Self {
        let path =
            if self.path.is_empty() { container.to_owned() } else { format!("{} > {container}", self.path) };
        Self { channel, path, depth: self.depth + 1 }
    }
}

/// A scan under way. Decoders read from each other while all of them report, thus the cell.
pub(crate) struct Scan<'m> {
    pub(crate) matcher: &'m Matcher,
    pub(crate) limits: Limits,
    state: RefCell<State<'m>>,
}

struct State<'m> {
    searcher: Searcher<'m>,
    /// For slices: streams of their own are held by whoever reads them.
    slices: Stream,
    report: Report,
    /// Of the file at hand: where something was found. Hits come place by place.
    places: Vec<Place>,
    /// Of the file at hand: position among the places, encoding and value → first offset and count.
    found: BTreeMap<(usize, Encoding, usize), (u64, u64)>,
    file: String,
    decoded: u64,
    may_decode: u64,
}

impl<'m> Scan<'m> {
    fn new(matcher: &'m Matcher, limits: Limits) -> Self {
        let report = Report {
            values: matcher.values() as u64,
            refused: matcher.refused().to_vec(),
            ..Report::default()
        };
        let state = State {
            searcher: Searcher::new(matcher),
            slices: Stream::default(),
            report,
            places: Vec::new(),
            found: BTreeMap::new(),
            file: String::new(),
            decoded: 0,
            may_decode: 0,
        };
        Self { matcher, limits, state: RefCell::new(state) }
    }

    fn finish(self) -> Report {
        let mut report = self.state.into_inner().report;
        report.findings.sort_unstable();
        report.unreadable.sort_unstable();
        report.unreadable.dedup();
        report
    }

    fn folder(&self, folder: &Path, entry: &Entry, left_out: &[&Path]) {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let Ok(mut entries) = entries else {
            self.begin(&entry.shown, 0);
            self.unreadable(&root(Channel::Bytes), "folder", Reason::Unreadable);
            return;
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for (number, inner) in (1..).zip(entries) {
            let relative = entry.relative.join(inner.file_name());
            if left_out.contains(&relative.as_path()) {
                continue;
            }
            let name = inner.file_name();
            let name_hits = self.hits(name.as_bytes());
            let shown = if name_hits.is_empty() {
                name.to_string_lossy().into_owned()
            } else {
                format!("[entry {number}]")
            };
            let shown = if entry.shown.is_empty() { shown } else { format!("{}/{shown}", entry.shown) };
            let path = inner.path();
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                self.begin(&shown, 0);
                self.unreadable(&root(Channel::Bytes), "file", Reason::Unreadable);
                self.end();
                continue;
            };
            self.begin(&shown, metadata.len());
            for hit in name_hits {
                self.found(&root(Channel::Name), hit, hit.start as u64);
            }
            // A value may be spread over the names of folders.
            let above = [entry.relative.as_os_str().as_bytes(), b"/"].concat();
            self.seam(&root(Channel::Name), &above, name.as_bytes());
            self.attributes(&path);
            if metadata.is_symlink() {
                match fs::read_link(&path) {
                    Ok(target) => self.slice(&root(Channel::LinkTarget), target.as_os_str().as_bytes()),
                    Err(_) => self.unreadable(&root(Channel::LinkTarget), "link", Reason::Unreadable),
                }
            } else if metadata.is_file() {
                self.file(&path, metadata.len());
            } else if !metadata.is_dir() {
                // A pipe, socket or device: reading may never end.
                self.unreadable(&root(Channel::Bytes), "special file", Reason::NotDecoded);
            }
            self.end();
            if metadata.is_dir() {
                self.folder(&path, &Entry { relative, shown }, left_out);
            }
        }
    }

    fn file(&self, path: &Path, size: u64) {
        let Ok(mut file) = File::open(path) else {
            self.unreadable(&root(Channel::Bytes), "file", Reason::Unreadable);
            return;
        };
        {
            let report = &mut self.state.borrow_mut().report;
            report.files += 1;
            report.bytes += size;
        }
        // A library that gives up on a damaged file must not end the scan.
        let decoded = catch_unwind(AssertUnwindSafe(|| decode::file(self, &mut file, path)));
        if decoded.is_err() {
            self.unreadable(&root(Channel::Bytes), "file", Reason::Damaged);
        }
    }

    fn attributes(&self, path: &Path) {
        let mut names = vec![0; 64 * 1024];
        // File systems without attributes refuse: then there are none.
        let Ok(length) = rustix::fs::llistxattr(path, names.as_mut_slice()) else { return };
        for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            self.slice(&root(Channel::Attribute), name);
            let mut value = vec![0; 64 * 1024];
            match rustix::fs::lgetxattr(path, name, value.as_mut_slice()) {
                Ok(length) => self.slice(&root(Channel::Attribute), &value[..length]),
                Err(_) => {
                    self.unreadable(&root(Channel::Attribute), "extended attribute", Reason::Unreadable)
                }
            }
        }
    }

    fn begin(&self, shown: &str, size: u64) {
        let mut state = self.state.borrow_mut();
        shown.clone_into(&mut state.file);
        state.decoded = 0;
        state.may_decode =
            self.limits.decoded_bytes.saturating_add(size.saturating_mul(self.limits.expansion));
    }

    fn end(&self) {
        let state = &mut *self.state.borrow_mut();
        let places = std::mem::take(&mut state.places);
        for ((place, encoding, value), (offset, count)) in std::mem::take(&mut state.found) {
            state.report.findings.push(Finding {
                file: state.file.clone(),
                channel: places[place].channel,
                place: places[place].path.clone(),
                offset,
                encoding,
                value: self.matcher.name(value).clone(),
                count,
            });
        }
    }

    /// Searches bytes that stand alone.
    pub(crate) fn slice(&self, place: &Place, bytes: &[u8]) {
        let mut hits = Vec::new();
        {
            let State { searcher, slices, report, .. } = &mut *self.state.borrow_mut();
            report.decoded_bytes += bytes.len() as u64;
            slices.feed(searcher, bytes, &mut |hit, offset| hits.push((hit, offset)));
            slices.finish(searcher, &mut |hit, offset| hits.push((hit, offset)));
        }
        hits.into_iter().for_each(|(hit, offset)| self.found(place, hit, offset));
    }

    /// Searches where two stretches of bytes may continue each other.
    pub(crate) fn seam(&self, place: &Place, left: &[u8], right: &[u8]) {
        let seam = left.len();
        for hit in self.hits(&[left, right].concat()) {
            if hit.start < seam && seam < hit.end {
                self.found(place, hit, hit.start as u64);
            }
        }
    }

    fn hits(&self, bytes: &[u8]) -> Vec<Hit> {
        self.state.borrow_mut().searcher.search(bytes)
    }

    /// A name as it may be shown: `otherwise` where it holds a value.
    pub(crate) fn shown(&self, name: &str, otherwise: impl FnOnce() -> String) -> String {
        if self.hits(name.as_bytes()).is_empty() { name.to_owned() } else { otherwise() }
    }

    /// Looks a number of a column of numbers up.
    pub(crate) fn number(&self, place: &Place, number: i64) {
        if let Some(value) = self.matcher.number(number) {
            self.found(place, Hit { value, encoding: Encoding::Number, start: 0, end: 0 }, 0);
        }
    }

    /// Looks a number of a column of days up.
    pub(crate) fn day(&self, place: &Place, day: i64) {
        match self.matcher.day(day) {
            Some(value) => self.found(place, Hit { value, encoding: Encoding::Number, start: 0, end: 0 }, 0),
            None => self.number(place, day),
        }
    }

    pub(crate) fn found(&self, place: &Place, hit: Hit, offset: u64) {
        let State { places, found, .. } = &mut *self.state.borrow_mut();
        if places.last() != Some(place) {
            // Seldom: a file has few places, and a decoder comes back to few of them.
            if let Some(known) = places.iter().position(|known| known == place) {
                return count(found, (known, hit.encoding, hit.value), offset);
            }
            places.push(place.clone());
        }
        count(found, (places.len() - 1, hit.encoding, hit.value), offset);
    }

    pub(crate) fn unreadable(&self, place: &Place, kind: &str, reason: Reason) {
        let mut state = self.state.borrow_mut();
        let file = state.file.clone();
        state.report.unreadable.push(Unreadable {
            file,
            place: place.path.clone(),
            kind: kind.to_owned(),
            reason,
        });
    }

    /// Takes account of decoded bytes; whether so many may still come from this file.
    pub(crate) fn may_decode(&self, bytes: u64) -> bool {
        let mut state = self.state.borrow_mut();
        state.decoded = state.decoded.saturating_add(bytes);
        state.decoded <= state.may_decode
    }
}

fn count(
    found: &mut BTreeMap<(usize, Encoding, usize), (u64, u64)>,
    what: (usize, Encoding, usize),
    offset: u64,
) {
    let (first, count) = found.entry(what).or_insert((offset, 0));
    *first = offset.min(*first);
    *count += 1;
}

/// A place that is not within any container.
pub(crate) fn root(channel: Channel) -> Place {
    Place { channel, path: String::new(), depth: 0 }
}

/// A reader that searches whatever is read through it.
pub(crate) struct Searched<'s, 'm> {
    scan: &'s Scan<'m>,
    place: Place,
    inner: &'s mut dyn Read,
    stream: Stream,
    /// Whether the reader stopped because a file expands too far.
    pub(crate) too_large: bool,
}

impl<'s, 'm> Searched<'s, 'm> {
    pub(crate) fn new(scan: &'s Scan<'m>, place: &Place, inner: &'s mut dyn Read) -> Self {
        Self { scan, place: place.clone(), inner, stream: Stream::default(), too_large: false }
    }

    /// Reads and searches all that is left, without passing it on.
    pub(crate) fn exhaust(&mut self) -> io::Result<()> {
        loop {
            match self.inner.read(self.stream.room()) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    self.account_for(length)?;
                    self.search(length, |stream, searcher, found| stream.take(searcher, length, found));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Searches what was read last.
    pub(crate) fn finish(mut self) {
        self.search(0, Stream::finish);
    }

    /// Fails where a file expands too far.
    fn account_for(&mut self, length: usize) -> io::Result<()> {
        if self.place.depth > 0 && !self.scan.may_decode(length as u64) {
            self.too_large = true;
            return Err(io::Error::other("expands beyond the bound of a scan"));
        }
        Ok(())
    }

    fn search(
        &mut self,
        length: usize,
        by: impl FnOnce(&mut Stream, &mut Searcher<'m>, &mut dyn FnMut(Hit, u64)),
    ) {
        let mut hits = Vec::new();
        {
            let State { searcher, report, .. } = &mut *self.scan.state.borrow_mut();
            report.decoded_bytes += length as u64;
            by(&mut self.stream, searcher, &mut |hit, offset| hits.push((hit, offset)));
        }
        hits.into_iter().for_each(|(hit, offset)| self.scan.found(&self.place, hit, offset));
    }
}

impl Read for Searched<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.account_for(length)?;
        self.search(length, |stream, searcher, found| stream.feed(searcher, &buffer[..length], found));
        Ok(length)
    }
}
