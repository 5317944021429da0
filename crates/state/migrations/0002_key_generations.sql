-- Rotating page keys from one generation to the next, and what was deleted when.

ALTER TABLE key_pages ADD COLUMN live_keys BIGINT NOT NULL DEFAULT 0;

-- A sealed page is a nonce of 12 bytes, keys of 32 bytes each, and a tag of 16.
UPDATE key_pages SET live_keys = (LENGTH(sealed) - 28) / 32;

-- Counts what lies under each generation, and finds it, without reading a page.
CREATE INDEX key_pages_by_generation ON key_pages (generation, page, live_keys);

-- Pages are written under the newest opened generation or a newer one, and under
-- no older. The rotation to a generation ends when no page of an older one is left.
CREATE TABLE key_rotations (
    generation BIGINT PRIMARY KEY,
    begun_at BIGINT NOT NULL,
    opened_at BIGINT,
    ended_at BIGINT
);

-- Which pages were deleted with their owner, from the first to the last, and when.
-- No record is named: pages are numbered in landing order, and numbers never come back.
CREATE TABLE key_page_deletions (
    first_page BIGINT PRIMARY KEY,
    last_page BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL
);
