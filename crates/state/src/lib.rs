//! The state database: key pages, loads, publications, suppression, audit.
