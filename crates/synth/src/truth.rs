//! Reading `truth.csv`: which row is whose.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::SynthError;

/// Source and key of a row → the id of the person or organisation it is about.
pub type Truth = HashMap<(String, String), String>;

/// Reads the truth that [`generate`](crate::generate) wrote into `folder`.
///
/// # Errors
/// [`SynthError::Read`] if the file cannot be read, [`SynthError::Truth`] if a line has not three fields.
pub fn truth(folder: &Path) -> Result<Truth, SynthError> {
    let failed = |cause| SynthError::Read { file: FILE.to_owned(), cause };
    let file = BufReader::new(File::open(folder.join(FILE)).map_err(failed)?);
    let mut truth = Truth::new();
    for (position, line) in file.lines().enumerate().skip(1) {
        let line = line.map_err(failed)?;
        let mut fields = line.split(',');
        match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (Some(source), Some(key), Some(person), None) => {
                truth.insert((source.to_owned(), key.to_owned()), person.to_owned());
            }
            _ => return Err(SynthError::Truth { file: FILE.to_owned(), line: position as u64 + 1 }),
        }
    }
    Ok(truth)
}

/// The name of the file.
pub(crate) const FILE: &str = "truth.csv";
