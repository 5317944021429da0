//! The rights of the people that data is about, as pure rules: what consent comes to, which way a request
//! goes and until when it is to be answered.
//!
//! Nothing here reads a file, a database or a clock. Legal lines are readings of engineers: the GDPR by its
//! articles, and the guidelines 01/2022 of the European Data Protection Board on access.

pub mod consent;
pub mod deadline;
pub mod dossier;
pub mod notice;
pub mod receipt;
pub mod request;
pub mod retention;
pub mod spreadsheet;
pub mod tcf;
mod text;
