//! SQL over the PostgreSQL wire, on the reading session of the engine.
