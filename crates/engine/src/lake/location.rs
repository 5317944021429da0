//! Where a lake lies: a folder, or any URL that `object_store` understands.

use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreScheme, parse_url_opts};
use url::Url;

use crate::engine::Access;

/// A lake's object store and the path of its root in it.
#[derive(Clone)]
pub struct LakeLocation {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) prefix: Path,
    pub(super) base_url: Url,
    pub(super) display: String,
}

/// A lake's location cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    /// The folder cannot be made.
    #[error("could not create the folder {folder}")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The URL is malformed, or its scheme is not known.
    #[error("`{location}` is neither a folder nor the URL of an object store")]
    Url {
        /// As the user wrote it, credentials left out.
        location: String,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl LakeLocation {
    /// Understands `location`: a URL, or a folder that may be relative to `base`.
    ///
    /// # Errors
    /// [`LocationError`] for a malformed or unknown URL, or a folder that cannot be made.
    pub fn parse(
        location: &str,
        base: &FilePath,
        options: &BTreeMap<String, String>,
        access: Access,
    ) -> Result<Self, LocationError> {
        match Url::parse(location) {
            Ok(url) if location.contains("://") && url.scheme() != "file" => Self::remote(url, options),
            Ok(url) if url.scheme() == "file" => {
                let folder = url.to_file_path().map_err(|()| LocationError::Url {
                    location: location.to_owned(),
                    cause: "a file URL needs an absolute path".into(),
                })?;
                Self::local(&folder, access)
            }
            _ => Self::local(&base.join(location), access),
        }
    }

    /// Where the user said it lies, credentials left out.
    pub fn display(&self) -> &str {
        &self.display
    }

    fn local(folder: &FilePath, access: Access) -> Result<Self, LocationError> {
        let display = folder.display().to_string();
        // A command that only reads leaves no folder behind.
        let made = match access {
            Access::CreateIfMissing => std::fs::create_dir_all(folder),
            Access::MustExist | Access::Preview => Ok(()),
        };
        let absolute = made
            .and_then(|()| std::path::absolute(folder))
            .map_err(|cause| LocationError::Folder { folder: display.clone(), cause })?;
        let invalid = |cause: object_store::path::Error| LocationError::Url {
            location: display.clone(),
            cause: Box::new(cause),
        };
        Ok(Self {
            // Emptied folders of rewritten tables go too.
            store: Arc::new(LocalFileSystem::new().with_automatic_cleanup(true)),
            prefix: Path::from_absolute_path(&absolute).map_err(invalid)?,
            base_url: Url::parse("file:///").expect("a constant"),
            display: absolute.display().to_string(),
        })
    }

    fn remote(url: Url, options: &BTreeMap<String, String>) -> Result<Self, LocationError> {
        let shown = without_secrets(&url);
        // Asked first, for its error quotes the URL it is given.
        ObjectStoreScheme::parse(&shown)
            .map_err(|cause| LocationError::Url { location: shown.to_string(), cause: Box::new(cause) })?;
        let (store, prefix) = parse_url_opts(&url, options.iter())
            .map_err(|cause| LocationError::Url { location: shown.to_string(), cause: Box::new(cause) })?;
        let mut base_url = shown.clone();
        base_url.set_path("/");
        Ok(Self { store: Arc::from(store), prefix, base_url, display: shown.into() })
    }

    pub(super) fn url_of(&self, path: &Path) -> Url {
        let mut url = self.base_url.clone();
        url.set_path(&format!("/{path}/"));
        url
    }
}

/// The URL as messages and Delta's log, which tells where its table was made, may show it.
fn without_secrets(url: &Url) -> Url {
    let mut shown = url.clone();
    // URLs that cannot have a password have none to leave out.
    let _ = shown.set_password(None);
    // Azure names the container where others name the user.
    if !url.scheme().starts_with("abfs") {
        let _ = shown.set_username("");
    }
    shown.set_query(None);
    shown.set_fragment(None);
    shown
}

#[cfg(test)]
mod tests;
