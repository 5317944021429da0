//! Sources: bytes to records, contracts, quarantine.
