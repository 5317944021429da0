-- What people decided about who is who.

INSERT INTO counters (name, next) VALUES ('decision', 1);

-- Reasons are in the clear: they name no one, and go with their decision.
CREATE TABLE decisions (
    decision BIGINT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('merge', 'split', 'never_link')),
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    undone_by TEXT,
    undone_reason TEXT,
    undone_at BIGINT
);

-- The two groups of records that each is about, by random ids.
CREATE TABLE decision_records (
    decision BIGINT NOT NULL REFERENCES decisions (decision) ON DELETE CASCADE,
    record BYTEA NOT NULL,
    side BIGINT NOT NULL CHECK (side IN (1, 2)),
    PRIMARY KEY (decision, record)
);

-- An erased record takes its decisions with it.
CREATE INDEX decision_records_by_record ON decision_records (record);
