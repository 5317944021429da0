//! The rights of the people that data is about, as pure rules: what consent comes to.
//!
//! Nothing here reads a file, a database or a clock.

pub mod consent;
