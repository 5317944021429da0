//! The files of a log, and writing them so that a crash leaves the old or the new.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use crate::error::AuditError;
use crate::segment::Month;

/// What follows the name of a file that is not whole yet.
const NEW: &str = ".new";

/// A folder that holds a log, or will.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn segment(&self, month: Month) -> PathBuf {
        self.0.join(format!("{month}.log"))
    }

    pub(crate) fn checkpoint(&self, month: Month) -> PathBuf {
        self.0.join(format!("{month}.checkpoint"))
    }

    /// Lines that no checkpoint covers, until an entry tells of them.
    pub(crate) fn tail(&self) -> PathBuf {
        self.0.join("tail")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The months that have a segment, rising. None where there is no folder.
    pub(crate) fn months(&self) -> Result<Vec<Month>, AuditError> {
        let entries = match fs::read_dir(&self.0) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|cause| AuditError::read(&self.0, cause))?,
        };
        let mut months = Vec::new();
        for entry in entries {
            let name = entry.map_err(|cause| AuditError::read(&self.0, cause))?.file_name();
            let month: Option<Month> = name.to_str().and_then(|name| name.strip_suffix(".log")?.parse().ok());
            months.extend(month);
        }
        months.sort_unstable();
        Ok(months)
    }

    /// The text of a small file; `None` where there is none.
    pub(crate) fn text(&self, file: &Path) -> Result<Option<String>, AuditError> {
        match fs::read(file) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            // Bytes that are no text are nothing that this program wrote: as good as empty.
            read => read
                .map(|bytes| Some(String::from_utf8(bytes).unwrap_or_default()))
                .map_err(|cause| AuditError::read(file, cause)),
        }
    }

    /// Makes the folder, for its owner only.
    pub(crate) fn create(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)
    }

    /// Makes names of files durable: those that were made, renamed or removed.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    /// Writes a file under another name, durably, for [`Self::publish`] to put in its place.
    pub(crate) fn prepare(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        let mut new = options().truncate(true).create(true).open(pending(file))?;
        new.write_all(content)?;
        new.sync_data()?;
        self.give_to_owner(&pending(file))
    }

    /// Gives a file to whoever the folder belongs to: an administrator who does something in someone
    /// else's pipeline, such as to approve it, must not lock them out of their own log.
    pub(crate) fn give_to_owner(&self, file: &Path) -> io::Result<()> {
        let (folder, own) = (fs::metadata(&self.0)?, fs::metadata(file)?);
        if folder.uid() == own.uid() {
            return Ok(());
        }
        match chown(file, Some(folder.uid()), Some(folder.gid())) {
            // Whoever may not give files away, and may write here all the same, shares the folder by
            // other means.
            Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            given => given,
        }
    }

    /// Puts a prepared file in its place, durably.
    pub(crate) fn publish(&self, file: &Path) -> io::Result<()> {
        fs::rename(pending(file), file)?;
        self.sync()
    }

    /// Writes a file that may be missing or torn after a crash.
    pub(crate) fn cache(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        options().truncate(true).create(true).open(pending(file))?.write_all(content)?;
        self.give_to_owner(&pending(file))?;
        fs::rename(pending(file), file)
    }
}

/// For writing, as its owner only.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// Where a file stands while it is not whole.
pub(crate) fn pending(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(NEW);
    name.into()
}
