-- What was handed to whom (Art. 15(1)(c), 19 GDPR). Nothing here says who was in it.

INSERT INTO counters (name, next) VALUES ('export', 1);

CREATE TABLE exports (
    export BIGINT PRIMARY KEY,
    recipient TEXT NOT NULL,
    purpose TEXT NOT NULL,
    role TEXT NOT NULL,
    actor TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    -- Null: it failed or was cut off; part of it may have been handed over.
    ended_at BIGINT,
    profiles BIGINT
);
