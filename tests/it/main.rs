//! What a user meets, on the real binary: one test program, so that the heavy
//! libraries are linked once.

mod accountability;
mod audit;
mod bad_input;
mod command_line;
mod common;
mod consent;
mod crash;
mod decisions;
mod dedupe;
mod erase;
mod find;
mod foreign_reader;
mod incremental;
mod keys;
mod leaks;
mod linking;
mod model;
mod object_store;
mod on_server;
mod pages;
mod pipeline;
mod policy;
mod postgres_wire;
mod python;
mod query;
mod real_data;
mod recipients;
mod rectify;
mod requests;
mod resolve;
mod review;
mod serve;
mod spilling;
mod state_place;
mod token;
