//! Checkpoints: how large the tree was, and its root, signed.
//!
//! Source: c2sp.org/tlog-checkpoint. Origin and key have one name, and there are no extension lines.

use crate::note::{LogKey, VerifierKey};
use crate::tree::{CompactRange, Hash};

/// The state of a log at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many entries the log had, expired ones included.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads a signed checkpoint; `None` unless it is one of the log that `key` signs.
    pub fn open(note: &str, key: &VerifierKey) -> Option<Self> {
        let text = key.text_of(note)?.strip_suffix('\n')?;
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root] = lines[..] else { return None };
        let parsed: u64 = size.parse().ok()?;
        // No sign and no leading zeros.
        if origin != key.name() || parsed.to_string() != size {
            return None;
        }
        Some(Self { size: parsed, root: Hash::parse(root)? })
    }

    /// The signed checkpoint of a tree.
    pub(crate) fn sign(range: &CompactRange, key: &LogKey) -> String {
        key.sign(&format!("{}\n{}\n{}\n", key.verifier().name(), range.size(), range.root()))
    }

    pub(crate) fn is_of(&self, range: &CompactRange) -> bool {
        self.size == range.size() && self.root == range.root()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KEY_NAME, key, key_of};
    use crate::tree::leaf_hash;

    fn range() -> CompactRange {
        let mut range = CompactRange::default();
        range.push(leaf_hash(b"entry"));
        range
    }

    #[test]
    fn a_checkpoint_has_the_three_lines_of_its_specification_and_one_signature() {
        let note = Checkpoint::sign(&range(), &key());
        let lines: Vec<&str> = note.lines().collect();
        assert_eq!(lines[..4], [KEY_NAME, "1", &range().root().to_string(), ""]);
        assert!(lines[4].starts_with(&format!("— {KEY_NAME} ")), "{note}");
        assert_eq!(lines.len(), 5);
        let opened = Checkpoint::open(&note, key().verifier()).expect("signed");
        assert!(opened.is_of(&range()));
    }

    #[track_caller]
    fn check_refused(text: &str) {
        assert_eq!(Checkpoint::open(&key().sign(text), key().verifier()), None, "{text:?}");
    }

    #[test]
    fn signed_text_that_is_no_checkpoint_of_this_log_is_refused() {
        let root = range().root();
        check_refused(&format!("another/log\n1\n{root}\n"));
        check_refused(&format!("{KEY_NAME}\n01\n{root}\n"));
        check_refused(&format!("{KEY_NAME}\n+1\n{root}\n"));
        check_refused(&format!("{KEY_NAME}\n1\n{root}\nmore\n"));
        check_refused(&format!("{KEY_NAME}\n1\nAAAA\n"));
        check_refused("text\n");
    }

    #[test]
    fn a_checkpoint_of_another_key_is_refused() {
        assert_eq!(Checkpoint::open(&Checkpoint::sign(&range(), &key_of(2)), key().verifier()), None);
    }
}
