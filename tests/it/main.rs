//! What a user meets, on the real binary: one test program, so that the heavy
//! libraries are linked once.

mod bad_input;
mod command_line;
mod common;
mod crash;
mod leaks;
mod pipeline;
mod query;
mod real_data;
