//! Where in a file something stands.

use cedar_policy::ffi::DetailedError;

use crate::PolicyFile;

/// A place in a file, as editors count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: usize,
    /// From 1, in characters.
    pub(crate) column: usize,
}

impl Place {
    /// The place of a byte of a file.
    pub(crate) fn at(file: &PolicyFile, offset: usize) -> Self {
        let before = file.text.get(..offset).unwrap_or(&file.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            file: file.name.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// Where Cedar sees an error; the beginning of the file where it does not say.
    pub(crate) fn of(file: &PolicyFile, error: &DetailedError) -> Self {
        Self::at(file, error.source_locations.first().map_or(0, |label| label.loc.start))
    }
}

/// The part of a file that Cedar sees an error in.
pub(crate) fn quoted<'a>(file: &'a PolicyFile, error: &DetailedError) -> Option<&'a str> {
    let at = error.source_locations.first()?.loc;
    file.text.get(at.start..at.end)
}
