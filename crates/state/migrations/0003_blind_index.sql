-- Whose e-mail address this is, without opening anything: keyed tags of values
-- in their normal form. Rows are deleted for good, like key pages.

-- One row for each generation of the keyring under which there are entries.
CREATE TABLE blind_index_secrets (
    generation BIGINT PRIMARY KEY,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- An entry lies beside the place of its record's key, so that it dies with it.
CREATE TABLE blind_index (
    generation BIGINT NOT NULL,
    tag BYTEA NOT NULL,
    record BYTEA NOT NULL,
    key_page BIGINT NOT NULL,
    key_slot BIGINT NOT NULL
);

CREATE UNIQUE INDEX blind_index_by_tag ON blind_index (tag, record);

CREATE INDEX blind_index_by_key ON blind_index (key_page, key_slot);

-- The sources whose records all have their entries under a generation.
CREATE TABLE blind_index_complete (
    generation BIGINT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (generation, source)
);
