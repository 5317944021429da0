//! The answer to a request for access or portability: its files and their signed manifest, and a folder of them
//! that is there whole, or not at all.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::Utc;
use serde_json::{Value, json};
use vermeil_audit::{AuditedBy, MANIFEST, Manifest, PackagedFile, SignedManifest};
use vermeil_model::Grant;
use vermeil_rights::dossier::LetterLanguage;
use vermeil_rights::request::RequestKind;
use vermeil_state::KnownRequest;

use super::Delivery;
use super::download::has_answer;
use crate::audit::OpeningEntry;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::link::blocking;
use crate::report::second;

/// The answer to a request: files by name, the signed manifest among them. Personal: no `Debug`.
pub struct Package {
    /// Name and content of each.
    pub files: Vec<(&'static str, String)>,
    /// What is in it, in counts.
    pub(super) detail: Value,
}

/// What the folder is called until it is whole.
const PARTIAL: &str = "partial";

impl Engine {
    /// Whether an answer can be put where it should go.
    pub(super) async fn check_delivery(
        &self,
        known: &KnownRequest,
        delivery: Delivery<'_>,
    ) -> Result<(), EngineError> {
        if !has_answer(known.request.kind()) {
            return Ok(());
        }
        let Some(folder) = delivery.to else { return self.check_taken(known).await };
        match folder.exists() && !self.is_delivered(folder, known.number) {
            true => Err(EngineError::FolderTaken { folder: folder.display().to_string() }),
            false => Ok(()),
        }
    }

    /// Gathers, signs and writes an answer.
    pub(super) async fn write_package(
        &self,
        known: &KnownRequest,
        delivery: Delivery<'_>,
        (reader, grant): (&Reader, &Grant),
        entry: OpeningEntry,
    ) -> Result<Value, EngineError> {
        let folder = delivery.to.ok_or(EngineError::NoFolder)?;
        // Written before it was cut off: what is there answers this very request.
        if self.is_delivered(folder, known.number) {
            return Ok(json!({}));
        }
        let Package { files, detail } =
            self.make_package(known, delivery.language, (reader, grant), entry).await?;
        let (folder, shown) = (folder.to_owned(), folder.display().to_string());
        blocking(move || {
            write_folder(&folder, &files).map_err(|cause| EngineError::Unwritable { file: shown, cause })
        })
        .await?;
        Ok(detail)
    }

    /// Gathers and signs an answer.
    pub(super) async fn make_package(
        &self,
        known: &KnownRequest,
        language: LetterLanguage,
        (reader, grant): (&Reader, &Grant),
        entry: OpeningEntry,
    ) -> Result<Package, EngineError> {
        let contents = self.open_request_kit(known.number, grant).await?;
        let closure = match contents.records.is_empty() {
            true => None,
            false => self.closure_of(&contents, None, (reader, grant)).await?,
        };
        let kind = known.request.kind();
        let dossier = self.gather_dossier((known, kind), closure, (reader, grant)).await?;
        let mut files = vec![("data.csv", dossier.to_csv()), ("data.json", dossier.to_json())];
        if known.request.kind() == RequestKind::Access {
            files.push(("letter.html", dossier.to_letter(language)));
        }
        let manifest = Manifest {
            pipeline: self.config.pipeline.name.clone(),
            keyring: self.keyring.id().to_string(),
            request: known.number,
            kind: known.request.kind().as_str().to_owned(),
            made_at: second(Utc::now()),
            files: files.iter().map(|(name, text)| PackagedFile::of(name, text.as_bytes())).collect(),
            audit: AuditedBy {
                entry: entry.number(),
                checkpoint: self.audit.checkpoint().await?.unwrap_or_default(),
            },
        };
        files.push((MANIFEST, self.audit.seal(manifest).to_text()));
        let detail = json!({
            "records": dossier.records.len(), "events": dossier.events.len(), "files": files.len(),
        });
        Ok(Package { files, detail })
    }

    fn is_delivered(&self, folder: &Path, number: i64) -> bool {
        let manifest = SignedManifest::verify_folder(folder, self.audit_key());
        manifest.is_ok_and(|manifest| manifest.request == number)
    }
}

/// Writes files of mode 0600 into a new folder of mode 0700, which takes its name when all are on disk.
fn write_folder(folder: &Path, files: &[(&str, String)]) -> io::Result<()> {
    let partial = partial_of(folder);
    // Of an export that was cut off.
    match fs::remove_dir_all(&partial) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        removed => removed?,
    }
    DirBuilder::new().mode(0o700).create(&partial)?;
    let written = files.iter().try_for_each(|(name, text)| {
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(partial.join(name))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(&partial, folder));
    if moved.is_err() {
        // What is left of it is personal.
        let _ = fs::remove_dir_all(&partial);
    }
    moved
}

fn partial_of(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(PARTIAL);
    folder.with_file_name(name)
}
