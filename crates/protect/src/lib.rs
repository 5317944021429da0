//! Keys, sealing, tags and pseudonyms.
