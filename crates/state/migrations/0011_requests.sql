-- Requests of data subjects, and how far each has come.

INSERT INTO counters (name, next) VALUES ('request', 1);

-- Who it is about stands in the kit alone, sealed under a key of this request. The kit goes
-- when its key does: when nothing of it is needed any more.
CREATE TABLE requests (
    request BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    -- The whole of it, but for who it is about: acts, days, reasons.
    request_json TEXT NOT NULL,
    -- The erasure that carries it out.
    erasure BIGINT,
    kit BYTEA,
    kit_page BIGINT,
    kit_slot BIGINT,
    -- Counts only; none before it is sure whose request it is.
    summary_json TEXT
);

-- Keyed tags of the records concerned, while something is still to be done: they tell that two
-- requests are about one person, and nothing else. No other table has tags of this kind.
CREATE TABLE request_tags (
    request BIGINT NOT NULL REFERENCES requests (request) ON DELETE CASCADE,
    tag BYTEA NOT NULL,
    PRIMARY KEY (request, tag)
);

CREATE INDEX request_tags_by_tag ON request_tags (tag);

CREATE TABLE request_steps (
    request BIGINT NOT NULL REFERENCES requests (request) ON DELETE CASCADE,
    step TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,
    attempts BIGINT NOT NULL,
    detail_json TEXT,
    PRIMARY KEY (request, step)
);
