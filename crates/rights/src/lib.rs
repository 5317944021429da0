//! Consent, requests of data subjects and their deadlines, holds, retention: pure rules, no I/O.
//!
//! Legal lines are readings of engineers: the GDPR by its articles, and the guidelines 01/2022 of
//! the European Data Protection Board on access.

pub mod deadline;
pub mod request;
mod text;
