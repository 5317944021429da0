//! Results for people: tables in the user's language.

pub mod accountability;
pub mod audit;
pub mod changes;
pub mod check;
pub mod compare_names;
pub mod consent;
pub mod decisions;
pub mod dedupe;
pub mod demo;
pub mod erase;
pub mod evaluate;
pub mod explain;
pub mod export;
pub mod find;
pub mod init;
pub mod keys;
pub mod leak_scan;
pub mod matching;
pub mod model;
pub mod next;
pub mod optimize;
pub mod plan;
pub mod policy;
pub mod quarantine;
pub mod recipients;
pub mod rectify;
pub mod request;
pub mod resolve;
pub mod review;
pub mod rows;
pub mod run;
pub mod status;
pub mod synth;
pub mod token;
pub mod waterfall;

mod chart;
mod markup;
mod table;
mod value;

#[cfg(test)]
mod tests;
