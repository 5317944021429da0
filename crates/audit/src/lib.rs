//! The audit log: who opened what, when and why; appended to, signed, and verified offline.
//!
//! ```text
//! state/audit/
//!   2026-10.log          one entry a line, canonical JSON; a segment a month
//!   2026-10.checkpoint   size and root of the tree after the segment's last append, signed
//!   2026-11.log
//!   2026-11.checkpoint
//!   key.pub              the public key, as a C2SP verifier key
//!   head.json            where an append goes on: a cache, checked against the checkpoint
//!   lock                 held by whoever appends
//!   erasures.ledger      what bars erased people from coming back, for restored backups
//! ```
//!
//! All entries of all segments are the leaves of one Merkle tree (RFC 6962 §2.1;
//! a leaf is a line without its newline). Every append ends with a new checkpoint
//! (c2sp.org/tlog-checkpoint) signed with Ed25519 (c2sp.org/signed-note), so
//! [`verify()`] needs the files and the public key only. Each entry repeats the root
//! of the tree before it: a changed entry is found at the entry after it. A
//! segment's first entry carries the tree before it as a compact range, so that
//! older segments can be deleted and the rest is verified as before.
//!
//! Entries hold no personal values: accounts, roles, tables, counts, pages of
//! keys, and tags that die with the key they were derived from.
//!
//! What a signature cannot show: that log *and* checkpoint were put back to an
//! older state together. That takes a checkpoint remembered elsewhere, which
//! [`verify()`] compares with. And times: they are the clock's word. Order is the
//! entries' numbers; a clock that goes back changes nothing but what it says.

mod certificate;
mod checkpoint;
mod entry;
mod error;
mod folder;
mod head;
mod ledger;
mod log;
mod note;
mod package;
mod pages;
mod read;
mod segment;
mod tree;
mod verify;

pub use certificate::{
    AuditedBy, Certificate, CertificateFault, Erased, Proof, RecipientTold, Rewritten, SignedCertificate,
};
pub use checkpoint::Checkpoint;
pub use entry::{Entry, Event, Expired, Intent, Outcome, SegmentStart, SetAside, Status};
pub use error::AuditError;
pub use ledger::LedgerEntry;
pub use log::{AuditLog, ExpiredSegments};
pub use note::{InvalidKey, LogKey, VerifierKey};
pub use package::{MANIFEST, Manifest, PackageFault, PackagedFile, SignedManifest};
pub use pages::PageRanges;
pub use read::{Opening, OpeningFilter, latest_openings, openings};
pub use segment::Month;
pub use tree::{CompactRange, Hash, leaf_hash};
pub use verify::{Verification, verify};

#[cfg(test)]
mod testing;
