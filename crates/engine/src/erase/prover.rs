//! The prover: whether anything is left of someone, in lake, state database and audit log.
//!
//! What it looks for: rows by id and tag in every file of every table, old and stray ones
//! included; keys that live, or that a row still names; entries in the state database; and in every
//! file, decoded, the values that distinguish someone ([`super::values`]), ids as text and as bytes.
//! What cannot be opened may hold anything: it counts as found.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ahash::AHashMap;
use vermeil_audit::Proof;
use vermeil_leaks::{Cells, Limits, Matcher, Report, Values};
use vermeil_model::{RecordId, Tag};
use vermeil_protect::KeyLocation;
use vermeil_protect::vault::KeyState;
use vermeil_state::{StoredColumn, StoredValues};

use super::kit::KitContents;
use super::names::Names;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::link::blocking;
use crate::report::TraceReport;

/// Bytes read at once where bytes are compared.
const CHUNK: usize = 1 << 20;
const STATE: &str = "state";
/// The channel of what stands in a file as it lies.
const BYTES: &str = "bytes";

/// What was looked for and found.
pub(super) struct Proven {
    pub(super) proof: Proof,
    /// For each request its keys that are gone.
    pub(super) keys: Vec<u64>,
    /// For each request what is left.
    pub(super) traces: Vec<BTreeSet<TraceReport>>,
}

/// What a search through files found: traces, each of one request or of any.
#[derive(Default)]
struct Searched {
    files: u64,
    bytes: u64,
    decoded: u64,
    traces: Vec<(Option<usize>, TraceReport)>,
}

/// What is searched for in files.
struct Searching {
    matcher: Matcher,
    /// For each value, by its line, its request and the name of its field.
    requests: Vec<(usize, String)>,
    needles: Needles,
}

impl Engine {
    /// Looks for whatever is left of the people of `kits`, whom `names` name.
    pub(super) async fn prove(&self, kits: &[KitContents], names: &Names) -> Result<Proven, EngineError> {
        let (keys, traces) = (vec![0; kits.len()], vec![BTreeSet::new(); kits.len()]);
        let mut proven = Proven { proof: Proof::default(), keys, traces };
        self.prove_tables(names, &mut proven).await?;
        self.prove_landed(&mut proven).await?;
        self.prove_keys(names, &mut proven).await?;
        self.prove_state(names, &mut proven).await?;
        let searching = Searching::new(kits, names);
        proven.proof.values = searching.matcher.values() as u64;
        proven.proof.ids = (names.ids.len() + names.tags.len()) as u64;
        for (request, trace) in self.search_files(searching, &mut proven.proof).await? {
            proven.add(request, trace);
        }
        Ok(proven)
    }

    async fn prove_tables(&self, names: &Names, proven: &mut Proven) -> Result<(), EngineError> {
        for name in self.all_tables() {
            let Some(found) = self.matches_in(&name, names).await? else { continue };
            let (schema, table) = name.qualified();
            for file in found.files {
                proven.proof.rows += file.rows;
                let path = format!("{schema}/{table}/{}", file.file.path);
                if !file.is_readable {
                    proven.add(None, trace("lake", &path, "rows", "unreadable"));
                }
                for row in file.matched {
                    let what =
                        if row.id.is_some_and(|id| names.ids.contains_key(&id)) { "id" } else { "key" };
                    proven.add(Some(row.request), trace("lake", &path, "rows", what));
                }
            }
        }
        Ok(())
    }

    /// A table of a source that the pipeline names no more may hold anyone.
    async fn prove_landed(&self, proven: &mut Proven) -> Result<(), EngineError> {
        let known: BTreeSet<String> =
            self.all_tables().iter().map(|name| name.qualified().1.to_owned()).collect();
        let objects = self.lake.objects().await?;
        let landed = objects.iter().filter_map(|path| {
            let mut parts = path.parts().map(|part| part.as_ref().to_owned());
            let (schema, table, log) = (parts.next()?, parts.next()?, parts.next()?);
            (schema == "landing" && log == "_delta_log").then_some(table)
        });
        for table in landed.collect::<BTreeSet<String>>().difference(&known) {
            proven.add(None, trace("lake", &format!("landing/{table}"), "rows", "unknown-table"));
        }
        Ok(())
    }

    async fn prove_keys(&self, names: &Names, proven: &mut Proven) -> Result<(), EngineError> {
        let keys: Vec<(KeyLocation, usize)> = names.keys.iter().map(|(key, at)| (*key, *at)).collect();
        let locations: Vec<KeyLocation> = keys.iter().map(|(key, _)| *key).collect();
        for (state, (_, request)) in self.vault.states(&locations).await?.into_iter().zip(&keys) {
            match state {
                KeyState::Live(_) => proven.add(Some(*request), trace(STATE, "key_pages", "keys", "key")),
                KeyState::Destroyed { .. } | KeyState::Unknown => proven.keys[*request] += 1,
            }
        }
        Ok(())
    }

    async fn prove_state(&self, names: &Names, proven: &mut Proven) -> Result<(), EngineError> {
        let records: Vec<RecordId> = names.ids.keys().map(|id| RecordId(u128::from_be_bytes(*id))).collect();
        let keys: Vec<KeyLocation> = names.keys.keys().copied().collect();
        for table in self.state.traces(&records, &keys).await? {
            proven.add(None, trace(STATE, table, "rows", "id"));
        }
        let tags: Vec<Tag> = names.tags.keys().copied().map(Tag).collect();
        if !self.state.known_handles(&tags).await?.is_empty() {
            proven.add(None, trace(STATE, "export_handles", "rows", "id"));
        }
        Ok(())
    }

    async fn search_files(
        &self,
        searching: Searching,
        proof: &mut Proof,
    ) -> Result<Vec<(Option<usize>, TraceReport)>, EngineError> {
        let state = self.state.location().file().map(Path::to_owned);
        let audit = self.config.path_of(&self.config.pipeline.audit_folder());
        let lake = self.lake.folder();
        let is_local = lake.is_some();
        let (mut searching, mut searched) = blocking(move || {
            let mut searched = Searched::default();
            if let Some(state) = state {
                let beside = |end: &str| PathBuf::from(format!("{}{end}", state.display()));
                searched.files_of(STATE, &[state.clone(), beside("-wal"), beside("-journal")], &searching);
            }
            searched.folder("audit", &audit, &searching).map_err(unreadable)?;
            if let Some(lake) = lake {
                searched.folder("lake", &lake, &searching).map_err(unreadable)?;
            }
            Ok((searching, searched))
        })
        .await?;
        searching = self.search_rows(searching, &mut searched).await?;
        if !is_local {
            self.search_objects(searching, &mut searched).await?;
        }
        proof.files += searched.files;
        proof.bytes += searched.bytes;
        proof.searched_bytes += searched.decoded;
        Ok(searched.traces)
    }

    /// What the state database holds, where a server has its files. Its log and its unused pages are
    /// out of reach; what is sealed there opens with the keys of its generation only.
    async fn search_rows(
        &self,
        mut searching: Searching,
        searched: &mut Searched,
    ) -> Result<Searching, EngineError> {
        let mut contents = self.state.stored_contents().await?;
        searched.files += contents.tables() as u64;
        while let Some(column) = contents.next().await? {
            let found = blocking(move || {
                let mut found = Searched::default();
                found.column_of(STATE, &column, &searching);
                Ok((searching, found))
            })
            .await?;
            searching = found.0;
            searched.take(found.1);
        }
        Ok(searching)
    }

    /// A lake on an object store is brought here object by object.
    async fn search_objects(
        &self,
        mut searching: Searching,
        searched: &mut Searched,
    ) -> Result<(), EngineError> {
        for path in self.lake.objects().await? {
            let Some(content) = self.lake.content(&path).await? else { continue };
            let found = blocking(move || {
                let folder = tempfile::TempDir::new().map_err(EngineError::Preview)?;
                let file = folder.path().join(path.filename().unwrap_or("object"));
                std::fs::write(&file, &content).map_err(unreadable)?;
                let mut found = Searched::default();
                found.files_of("lake", &[file], &searching);
                for (_, trace) in &mut found.traces {
                    trace.file = path.to_string();
                }
                Ok((searching, found))
            })
            .await?;
            searching = found.0;
            searched.take(found.1);
        }
        Ok(())
    }
}

impl Proven {
    /// Whether something stands in the file of the state database that none of its rows holds.
    pub(super) fn is_in_unused_pages(&self) -> bool {
        let mut traces = self.traces.iter().flatten().filter(|trace| trace.place == STATE).peekable();
        traces.peek().is_some() && traces.all(|trace| trace.channel == BYTES)
    }

    fn add(&mut self, request: Option<usize>, trace: TraceReport) {
        match request {
            Some(request) => self.traces[request].extend([trace]),
            None => self.traces.iter_mut().for_each(|traces| traces.extend([trace.clone()])),
        }
    }
}

impl Searching {
    fn new(kits: &[KitContents], names: &Names) -> Self {
        let (mut texts, mut requests) = (Vec::new(), Vec::new());
        let mut add = |text: String, request: usize, field: &str| {
            texts.push(text);
            requests.push((request, field.to_owned()));
        };
        for (request, kit) in kits.iter().enumerate() {
            kit.values.iter().for_each(|(field, value)| add(value.clone(), request, field));
        }
        for (id, request) in &names.ids {
            add(RecordId(u128::from_be_bytes(*id)).to_string(), *request, "id");
        }
        for (tag, request) in &names.tags {
            add(vermeil_model::Tag(*tag).to_string(), *request, "tag");
        }
        let matcher = Matcher::new(&Values::from_texts(texts));
        Self { matcher, requests, needles: Needles::new(names) }
    }
}

impl Searched {
    fn folder(&mut self, place: &str, folder: &Path, searching: &Searching) -> io::Result<()> {
        if !folder.is_dir() {
            return Ok(());
        }
        let report = quietly(|| vermeil_leaks::scan(folder, &[], &searching.matcher, Limits::default()))?;
        self.report(place, report, searching);
        let mut folders = vec![folder.to_owned()];
        while let Some(inner) = folders.pop() {
            for entry in std::fs::read_dir(&inner)? {
                let path = entry?.path();
                if path.is_symlink() {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let shown = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                    self.bytes_of(place, &path, shown, searching)?;
                }
            }
        }
        Ok(())
    }

    fn files_of(&mut self, place: &str, files: &[PathBuf], searching: &Searching) {
        let paths = files.iter().map(PathBuf::as_path);
        let report = quietly(|| vermeil_leaks::scan_files(paths, &searching.matcher, Limits::default()));
        self.report(place, report, searching);
        for file in files.iter().filter(|file| file.is_file()) {
            let shown = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if self.bytes_of(place, file, shown.clone(), searching).is_err() {
                self.traces.push((None, trace(place, &shown, BYTES, "unreadable")));
            }
        }
    }

    fn column_of(&mut self, place: &str, column: &StoredColumn, searching: &Searching) {
        let StoredColumn { table, column, values } = column;
        let cells = match values {
            StoredValues::Numbers(numbers) => Cells::Numbers(numbers),
            StoredValues::Bytes(bytes) => Cells::Bytes(bytes),
        };
        let report = quietly(|| {
            vermeil_leaks::scan_column(table, column, cells, &searching.matcher, Limits::default())
        });
        self.bytes += report.decoded_bytes;
        for finding in &report.findings {
            let (request, field) = &searching.requests[finding.value.line as usize - 1];
            let channel = format!("{}: {field} in {}", finding.place, finding.encoding.as_str());
            self.traces.push((Some(*request), trace(place, table, &channel, "value")));
        }
        if let StoredValues::Bytes(bytes) = values {
            let found = searching.needles.find(bytes.join(&0).as_slice()).expect("memory is read");
            for request in found {
                self.traces.push((Some(request), trace(place, table, column, "id")));
            }
        }
        self.report(place, Report { findings: Vec::new(), ..report }, searching);
    }

    /// Ids and tags as the bytes that they are.
    fn bytes_of(&mut self, place: &str, file: &Path, shown: String, searching: &Searching) -> io::Result<()> {
        for request in searching.needles.find(File::open(file)?)? {
            self.traces.push((Some(request), trace(place, &shown, BYTES, "id")));
        }
        Ok(())
    }

    fn report(&mut self, place: &str, report: Report, searching: &Searching) {
        self.files += report.files;
        self.bytes += report.bytes;
        self.decoded += report.decoded_bytes;
        for finding in report.findings {
            let (request, field) = &searching.requests[finding.value.line as usize - 1];
            let channel = format!("{}: {field} in {}", finding.channel.as_str(), finding.encoding.as_str());
            self.traces.push((Some(*request), trace(place, &finding.file, &channel, "value")));
        }
        for unreadable in report.unreadable {
            self.traces.push((None, trace(place, &unreadable.file, &unreadable.kind, "unreadable")));
        }
    }

    fn take(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.decoded += other.decoded;
        self.traces.extend(other.traces);
    }
}

/// Sixteen bytes each, of which a first look takes two.
struct Needles {
    requests: AHashMap<[u8; 16], usize>,
    beginnings: Vec<bool>,
}

impl Needles {
    const LENGTH: usize = 16;

    fn new(names: &Names) -> Self {
        let requests: AHashMap<[u8; 16], usize> =
            names.ids.iter().chain(&names.tags).map(|(id, request)| (*id, *request)).collect();
        let mut beginnings = vec![false; 1 << 16];
        for needle in requests.keys() {
            beginnings[usize::from(u16::from_be_bytes([needle[0], needle[1]]))] = true;
        }
        Self { requests, beginnings }
    }

    /// The requests of which something stands there.
    fn find(&self, mut reader: impl Read) -> io::Result<BTreeSet<usize>> {
        let mut found = BTreeSet::new();
        let mut buffer = vec![0; CHUNK];
        let mut kept = 0;
        loop {
            let read = reader.read(&mut buffer[kept..])?;
            let length = kept + read;
            for window in buffer[..length].windows(Self::LENGTH) {
                if self.beginnings[usize::from(u16::from_be_bytes([window[0], window[1]]))]
                    && let Some(request) = self.requests.get(window)
                {
                    found.insert(*request);
                }
            }
            if read == 0 {
                return Ok(found);
            }
            // What a needle over the seam begins with.
            kept = length.min(Self::LENGTH - 1);
            buffer.copy_within(length - kept..length, 0);
        }
    }
}

fn trace(place: &str, file: &str, channel: &str, what: &str) -> TraceReport {
    TraceReport {
        place: place.to_owned(),
        file: file.to_owned(),
        channel: channel.to_owned(),
        what: what.to_owned(),
    }
}

/// A library that gives up on a damaged file may quote it; the scan reports the file.
fn quietly<T>(scan: impl FnOnce() -> T) -> T {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let scanned = scan();
    std::panic::set_hook(told);
    scanned
}

fn unreadable(cause: io::Error) -> EngineError {
    EngineError::Preview(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(ids: &[u8]) -> Names {
        let ids = ids.iter().enumerate().map(|(request, byte)| ([*byte; 16], request));
        Names { ids: ids.collect(), ..Names::default() }
    }

    #[test]
    fn sixteen_bytes_are_found_wherever_they_begin() {
        let needles = Needles::new(&names(&[7, 9]));
        for start in [0, 1, CHUNK - 17, CHUNK - 16, CHUNK - 15, CHUNK - 1, CHUNK, 2 * CHUNK - 20] {
            let mut bytes = vec![0_u8; 2 * CHUNK];
            bytes[start..start + 16].fill(9);
            assert_eq!(needles.find(bytes.as_slice()).expect("memory"), BTreeSet::from([1]), "at {start}");
        }
    }

    #[test]
    fn fifteen_bytes_are_nothing() {
        let needles = Needles::new(&names(&[7]));
        let bytes = [&[7_u8; 15][..], &[0], &[7; 15]].concat();
        assert!(needles.find(bytes.as_slice()).expect("memory").is_empty());
    }
}
