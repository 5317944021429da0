//! The words of Vermeil, shared by every other crate: ids, field classes,
//! canonical schemas, pipeline files, plaintext that cannot leak by accident,
//! the policy that may open it, and diagnostics.
//!
//! No I/O and no async: files are read by the command line and handed in as text.

pub mod consent;
pub mod decision;
pub mod diagnostic;
pub mod ids;
pub mod pipeline;
pub mod plaintext;
pub mod policy;
pub mod schema;
pub mod units;

mod yaml;

pub use diagnostic::{Diagnose, Diagnostic};
pub use ids::{ProfileId, RecordId, SourceId, Tag};
pub use pipeline::Pipeline;
pub use plaintext::Plaintext;
pub use policy::{Grant, Policy};
pub use schema::{Field, FieldClass, Schema};
pub use units::{Bits, Probability};
pub use yaml::{YamlError, nearest};
