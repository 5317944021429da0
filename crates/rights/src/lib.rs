//! Consent, requests of data subjects and their deadlines, holds, retention: pure rules, no I/O.
