-- What recipients are told of erasures and rectifications, and what they answered.

INSERT INTO counters (name, next) VALUES ('notice', 1);

-- Keyed tags of the ids by which recipients know people, each of one recipient. No other table has tags
-- of this kind. An erasure takes them out as soon as it is kept whom to tell.
CREATE TABLE export_handles (
    tag BYTEA PRIMARY KEY
);

-- Whether the handles of an export are kept: those of before this table are not.
ALTER TABLE exports ADD COLUMN has_handles BIGINT NOT NULL DEFAULT 0;

-- Who it is about, and how each recipient knows them, stands in the kit alone, sealed under a key of this
-- notice. The kit goes when nobody is left to be told.
CREATE TABLE notices (
    notice BIGINT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('erase', 'rectify')),
    -- The erasure that it belongs to: at most one notice each.
    erasure BIGINT UNIQUE,
    made_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    kit BYTEA,
    kit_page BIGINT,
    kit_slot BIGINT
);

CREATE TABLE notice_deliveries (
    notice BIGINT NOT NULL REFERENCES notices (notice) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    -- What the recipient knows a message by that comes twice.
    message TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('pending', 'answered', 'unanswered', 'superseded')),
    -- Counted before each try: whoever dies in one has tried.
    attempts BIGINT NOT NULL,
    -- Not tried again sooner.
    next_at BIGINT NOT NULL,
    tried_at BIGINT,
    -- Of the last try that brought no receipt: a code, no text.
    code TEXT,
    settled_at BIGINT,
    receipt_json TEXT,
    PRIMARY KEY (notice, recipient)
);

-- Telling recipients comes before the proof.
UPDATE erasure_steps SET step = 5 WHERE step = 4;
