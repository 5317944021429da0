//! Who may see what, and what for: Cedar policies, validated and evaluated.
//!
//! A pipeline's folder holds `policies/names.cedarschema`, which declares roles and purposes, and
//! any number of `policies/*.cedar`. They are handed in as text: this crate reads no file.
//!
//! ```text
//! principal   Actor::"ada", a member of the one role it asked for
//! action      read (as protected) · open (the value, for a purpose)
//! resource    FieldClass::"plain" | "identifier" | "contact" | "demographic" | "sensitive"
//! context     { purpose: Purpose::"…" } of `open`
//! ```
//!
//! What no policy permits is denied; `forbid` wins; a policy that fails while it is evaluated
//! denies, since it may be a `forbid`.
//!
//! Roles, purposes and classes are enumerated and nothing else is known of an actor than its
//! name, so there are finitely many different questions: [`AccessPolicy::matrix`] and
//! [`AccessPolicy::findings`] ask all of them.

mod access;
mod error;
mod findings;
mod matrix;
mod names;
mod place;

pub use access::{AccessPolicy, Action};
pub use error::{PolicyError, PolicyErrors};
pub use matrix::{Matrix, MatrixRow, Shown};

/// A file of a pipeline's policy folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// As messages name it, such as `shop/policies/access.cedar`.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// The folder beside the pipeline file.
pub const FOLDER: &str = "policies";
/// The file of that folder that declares roles and purposes.
pub const NAMES_FILE: &str = "names.cedarschema";
/// What the names of policy files end with, after a point.
pub const POLICY_EXTENSION: &str = "cedar";
