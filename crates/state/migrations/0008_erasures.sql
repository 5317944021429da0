-- Requests to erase a person, and how far each has come.

INSERT INTO counters (name, next) VALUES ('erasure', 1), ('erasure_epoch', 1);

-- Who it is about stands in the kit alone, sealed under a key of this request. The kit goes
-- when its key does: before the request is complete.
CREATE TABLE erasures (
    erasure BIGINT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('open', 'approved', 'running', 'complete', 'cancelled')),
    opened_by TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    approved_by TEXT,
    approved_at BIGINT,
    ended_at BIGINT,
    kit BYTEA,
    kit_page BIGINT,
    kit_slot BIGINT,
    -- Counts only.
    summary_json TEXT NOT NULL,
    certificate TEXT
);

-- A step that begins again begins with everything after it undone.
CREATE TABLE erasure_steps (
    erasure BIGINT NOT NULL REFERENCES erasures (erasure) ON DELETE CASCADE,
    step BIGINT NOT NULL,
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,
    attempts BIGINT NOT NULL,
    detail_json TEXT,
    PRIMARY KEY (erasure, step)
);

-- Records that landed although one contact point of theirs is an erased person's.
CREATE TABLE suppression_flags (
    record BYTEA PRIMARY KEY,
    source TEXT NOT NULL,
    flagged_at BIGINT NOT NULL
);

-- Which erasures a publication knows: what it read before a later one, it may not show.
ALTER TABLE publications ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
