//! Finding the files of a source.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, ObjectStoreScheme};
use url::Url;

use crate::error::{IngestError, nearest};

/// A file of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// As configured, the `*` replaced by what it stands for; credentials in a URL left out.
    pub name: String,
    /// Its size when it was found, in bytes.
    pub size_bytes: u64,
}

/// A file that exists, and what its store said of it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) file: SourceFile,
    pub(crate) meta: ObjectMeta,
}

/// A store, and the files of a source in it, in the order of their names.
pub(crate) struct Location {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) found: Vec<Found>,
}

/// A configured path, taken apart.
struct Place {
    store: Arc<dyn ObjectStore>,
    folder: Path,
    /// The last segment, which may hold `*`.
    pattern: String,
    /// What stands before the last segment, for messages.
    shown_folder: String,
}

/// Finds the files at `path`: a URL, an absolute path, or one relative to
/// `base`. A `*` in the last segment stands for any characters of a name, but
/// not for the dot of a hidden one.
///
/// # Errors
/// [`IngestError::Missing`] with the nearest name of that folder,
/// [`IngestError::BadLocation`], [`IngestError::Unreadable`].
pub(crate) async fn find(
    path: &str,
    base: &FilePath,
    options: &BTreeMap<String, String>,
) -> Result<Location, IngestError> {
    let place = if path.contains("://") { remote(path, options)? } else { local(path, base)? };
    let shown = || format!("{}{}", place.shown_folder, place.pattern);
    let found = |meta: ObjectMeta, name: &str| Found {
        file: SourceFile { name: format!("{}{name}", place.shown_folder), size_bytes: meta.size },
        meta,
    };

    if !place.pattern.contains('*') {
        let file = join(&place.folder, &place.pattern).map_err(|cause| bad(&shown(), cause))?;
        return match place.store.head(&file).await {
            Ok(meta) => Ok(Location { found: vec![found(meta, &place.pattern)], store: place.store }),
            Err(object_store::Error::NotFound { .. }) => Err(missing(&place, shown()).await),
            Err(cause) => Err(IngestError::unreadable(&shown(), cause)),
        };
    }
    let listed = place
        .store
        .list_with_delimiter(Some(&place.folder))
        .await
        .map_err(|cause| IngestError::unreadable(&shown(), cause))?;
    let mut files: Vec<Found> = listed
        .objects
        .into_iter()
        .filter_map(|meta| {
            let name = meta.location.filename()?.to_owned();
            let fits =
                fits(&name, &place.pattern) && (!name.starts_with('.') || place.pattern.starts_with('.'));
            fits.then(|| found(meta, &name))
        })
        .collect();
    if files.is_empty() {
        return Err(missing(&place, shown()).await);
    }
    files.sort_by(|a, b| a.file.name.cmp(&b.file.name));
    Ok(Location { store: place.store, found: files })
}

async fn missing(place: &Place, path: String) -> IngestError {
    // Only a hint: a store that cannot list, or a folder that is missing too, gives none.
    let listed = place.store.list_with_delimiter(Some(&place.folder)).await.ok();
    let objects = listed.map(|listed| listed.objects).unwrap_or_default();
    let nearest = nearest(&place.pattern, objects.iter().filter_map(|meta| meta.location.filename()));
    IngestError::Missing { path, nearest }
}

fn local(path: &str, base: &FilePath) -> Result<Place, IngestError> {
    let full = base.join(path);
    let (Some(folder), Some(pattern)) = (full.parent(), full.file_name().and_then(|name| name.to_str()))
    else {
        return Err(bad(path, "a file name is needed"));
    };
    // Resolves `..` and links: a store's paths know neither.
    let folder = canonical(folder).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => IngestError::Missing { path: path.to_owned(), nearest: None },
        _ => IngestError::unreadable(path, cause),
    })?;
    let folder = Path::from_absolute_path(folder).map_err(|cause| bad(path, cause))?;
    Ok(Place {
        store: Arc::new(object_store::local::LocalFileSystem::new()),
        folder,
        pattern: pattern.to_owned(),
        shown_folder: path.strip_suffix(pattern).unwrap_or_default().to_owned(),
    })
}

fn canonical(folder: &FilePath) -> std::io::Result<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { FilePath::new(".") } else { folder };
    folder.canonicalize()
}

fn remote(path: &str, options: &BTreeMap<String, String>) -> Result<Place, IngestError> {
    // Without the text: what is no URL may hold a password all the same.
    let mut url = Url::parse(path).map_err(|cause| bad(scheme_of(path), cause))?;
    if url.scheme() == "file" {
        let file = url.to_file_path().map_err(|()| bad(path, "a file URL needs an absolute path"))?;
        let file = file.to_str().ok_or_else(|| bad(path, "the path is not UTF-8"))?;
        return local(file, FilePath::new("/"));
    }
    let mut shown = url.clone();
    // Messages and quarantine name the file: nothing secret may ride along.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(None);
    // Asked first, for its error quotes the URL it is given.
    ObjectStoreScheme::parse(&shown).map_err(|cause| bad(shown.as_str(), cause))?;
    let shown = String::from(shown);

    let whole = Path::from_url_path(url.path()).map_err(|cause| bad(&shown, cause))?;
    let pattern = whole.filename().ok_or_else(|| bad(&shown, "a file name is needed"))?.to_owned();
    let shown_folder = shown.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
    // The last segment is a pattern; its folder always parses as a path.
    url.path_segments_mut().map_err(|()| bad(&shown, "the URL has no path"))?.pop();
    let options = options.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let (store, folder) = object_store::parse_url_opts(&url, options).map_err(|cause| bad(&shown, cause))?;
    Ok(Place { store: Arc::from(store), folder, pattern, shown_folder })
}

fn scheme_of(path: &str) -> &str {
    path.find("://").map_or(path, |end| &path[..end + 3])
}

fn join(folder: &Path, name: &str) -> Result<Path, object_store::path::Error> {
    Path::parse(format!("{folder}/{name}"))
}

fn bad(path: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> IngestError {
    IngestError::BadLocation { path: path.to_owned(), cause: cause.into() }
}

/// Whether `name` fits `pattern`, in which `*` stands for any characters.
fn fits(name: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return name == pattern };
    let Some(name) = name.strip_prefix(head) else { return false };
    // Taking each part at its first place leaves the most for the parts behind it.
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    let mut name = name;
    for part in parts {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(tail)
}

#[cfg(test)]
mod tests;
