-- What the state database holds from the first version on.
--
-- Portable between SQLite and PostgreSQL: 64-bit integers are BIGINT, bytes are
-- BYTEA (which SQLite takes as any name of a type, and keeps bytes as they are),
-- moments are microseconds since 1970 in UTC, JSON is text.
-- Numbers that must never be given twice come from `counters`, not from the
-- database's own sequences, which differ in what a crash does to them.

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    next BIGINT NOT NULL
);

INSERT INTO counters (name, next) VALUES
    ('key_page', 1),
    ('load', 1),
    ('run', 1),
    ('publication', 1);

-- Which lake and keyring this database belongs to: one row.
CREATE TABLE lake (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    lake_id TEXT NOT NULL,
    keyring_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    format BIGINT NOT NULL,
    bound_at BIGINT NOT NULL
);

-- Data keys in sealed pages. Rows are overwritten and deleted for good: this
-- table must never be moved to where old versions are kept.
CREATE TABLE key_pages (
    page BIGINT PRIMARY KEY,
    owner TEXT NOT NULL,
    revision BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    commitment BYTEA NOT NULL,
    wrapped_key BYTEA NOT NULL,
    sealed BYTEA NOT NULL
);

CREATE INDEX key_pages_by_owner ON key_pages (owner);

-- One row for each attempt to land something of a source.
CREATE TABLE loads (
    load BIGINT PRIMARY KEY,
    source TEXT NOT NULL,
    key_owner TEXT NOT NULL,
    cursor_json TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('begun', 'confirmed', 'abandoned')),
    begun_at BIGINT NOT NULL,
    ended_at BIGINT
);

CREATE INDEX loads_by_source ON loads (source, load);

CREATE TABLE runs (
    run BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT CHECK (outcome IN ('done', 'over_limit', 'failed')),
    summary_json TEXT
);

-- Versions of the golden tables. Published when `published_at` is set.
CREATE TABLE publications (
    publication BIGINT PRIMARY KEY,
    begun_at BIGINT NOT NULL,
    published_at BIGINT,
    snapshot_json TEXT,
    fingerprint TEXT
);

-- Keyed tags of people who must not come back. No identifier is kept.
CREATE TABLE suppression (
    tag BYTEA PRIMARY KEY,
    since BIGINT NOT NULL
);
