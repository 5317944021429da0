//! The file of a keyring: for its owner only, whole or not at all.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::KeyringError;

/// How long to wait for another process, which may itself be waiting for a key
/// management service.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often to look whether the other process is done.
const PAUSE: Duration = Duration::from_millis(20);

/// Where a keyring is written.
///
/// Beside `keyring.json` lie `keyring.json.lock`, which is empty and stays, and
/// while something is being written `.keyring.json.unfinished`.
pub(super) struct KeyringFile {
    path: PathBuf,
}

/// The right to write a keyring, among all processes. It ends when dropped, or
/// with the process.
pub(super) struct WriteLock {
    _file: File,
}

/// Tells one version of a file from the next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl KeyringFile {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folders on the way, and waits until nobody else writes.
    pub(super) async fn lock(&self) -> Result<WriteLock, KeyringError> {
        let file = self.open_lock().map_err(|cause| self.unwritable(cause))?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(WriteLock { _file: file }),
                Err(TryLockError::Error(cause)) => return Err(self.unwritable(cause)),
                Err(TryLockError::WouldBlock) if waited >= PATIENCE => {
                    return Err(KeyringError::Busy { path: self.path.clone() });
                }
                Err(TryLockError::WouldBlock) => {
                    tokio::time::sleep(PAUSE).await;
                    waited += PAUSE;
                }
            }
        }
    }

    /// Reads the file, if nobody else may.
    pub(super) fn read(&self) -> Result<(Zeroizing<Vec<u8>>, Stamp), KeyringError> {
        let unreadable = |cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound => KeyringError::Missing { path: self.path.clone() },
            _ => KeyringError::Unreadable { path: self.path.clone(), cause },
        };
        let mut file = File::open(&self.path).map_err(unreadable)?;
        // Asked of the open file, so that it is the one that is then read.
        let metadata = file.metadata().map_err(unreadable)?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyringError::TooOpen { path: self.path.clone(), mode });
        }
        // All of it at once: growing would leave copies of keys behind.
        let mut text = Zeroizing::new(Vec::with_capacity(metadata.len() as usize + 1));
        file.read_to_end(&mut text).map_err(unreadable)?;
        Ok((text, Stamp::of(&metadata)))
    }

    /// Which version of the file is there now.
    pub(super) fn stamp(&self) -> Result<Stamp, KeyringError> {
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(Stamp::of(&metadata)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                Err(KeyringError::Missing { path: self.path.clone() })
            }
            Err(cause) => Err(KeyringError::Unreadable { path: self.path.clone(), cause }),
        }
    }

    /// What an interrupted creation left; empty if there was none.
    pub(super) fn read_unfinished(&self, _lock: &WriteLock) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(fs::read(self.unfinished()).unwrap_or_default())
    }

    /// Writes a note for whoever completes an interrupted creation, durably.
    pub(super) fn write_unfinished(&self, text: &[u8], _lock: &WriteLock) -> Result<(), KeyringError> {
        self.write_aside(text).and_then(|()| self.sync_folder()).map_err(|cause| self.unwritable(cause))
    }

    /// Puts the file where none was, durably.
    pub(super) fn create(&self, text: &[u8], _lock: &WriteLock) -> Result<(), KeyringError> {
        let created = (|| {
            self.write_aside(text)?;
            // Not `rename`: that would silently replace a keyring put there
            // meanwhile by someone who asks for no lock, such as `cp`.
            fs::hard_link(self.unfinished(), &self.path)?;
            fs::remove_file(self.unfinished())?;
            self.sync_folder()
        })();
        created.map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => KeyringError::AlreadyExists { path: self.path.clone() },
            _ => self.unwritable(cause),
        })
    }

    /// Puts another version in the place of the file, durably: a reader sees one
    /// or the other.
    pub(super) fn replace(&self, text: &[u8], _lock: &WriteLock) -> Result<(), KeyringError> {
        let replaced = (|| {
            self.write_aside(text)?;
            fs::rename(self.unfinished(), &self.path)?;
            self.sync_folder()
        })();
        replaced.map_err(|cause| self.unwritable(cause))
    }

    fn write_aside(&self, text: &[u8]) -> io::Result<()> {
        let unfinished = self.unfinished();
        // One that a killed process left may belong to it in mode and length.
        match fs::remove_file(&unfinished) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(unfinished)?;
        file.write_all(text)?;
        file.sync_all()
    }

    fn open_lock(&self) -> io::Result<File> {
        DirBuilder::new().recursive(true).mode(0o700).create(self.folder())?;
        let path = self.beside("", ".lock");
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(self.folder())?.sync_all()
    }

    fn unfinished(&self) -> PathBuf {
        self.beside(".", ".unfinished")
    }

    fn beside(&self, before: &str, after: &str) -> PathBuf {
        let mut name = std::ffi::OsString::from(before);
        name.push(self.path.file_name().unwrap_or_default());
        name.push(after);
        self.folder().join(name)
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    fn unwritable(&self, cause: io::Error) -> KeyringError {
        KeyringError::Unwritable { path: self.path.clone(), cause }
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}
