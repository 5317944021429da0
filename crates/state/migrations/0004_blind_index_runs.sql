-- Entries of the blind index in sorted runs, where there was a row for each: a
-- row's two indexes took random writes, and landing waited for them.

-- The next run makes the entries again, from the sealed values.
DROP TABLE blind_index;

DELETE FROM blind_index_complete;

INSERT INTO counters (name, next) VALUES ('blind_index_run', 1);

-- Entries that were sorted and written together. Live runs answer; one that is
-- being merged from others does once it is whole, in their place; a retired one
-- is about to be deleted.
CREATE TABLE blind_index_runs (
    run BIGINT PRIMARY KEY,
    generation BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('merging', 'live', 'retired')),
    -- The run that this one is being merged into.
    merged_into BIGINT,
    -- What it was written with: some may have been deleted since.
    entries BIGINT NOT NULL,
    -- Between which pages the keys of its records lie.
    first_page BIGINT NOT NULL,
    last_page BIGINT NOT NULL
);

-- The entries of a run in order, some hundred in each chunk: tag, record, key
-- page and key slot, big-endian, in 42 bytes. Rewritten without the entries of
-- a record whose key is destroyed.
CREATE TABLE blind_index_chunks (
    run BIGINT NOT NULL,
    first_entry BYTEA NOT NULL,
    entries BYTEA NOT NULL,
    PRIMARY KEY (run, first_entry)
);
