-- What people allowed and refused. Events are only added; what holds now is derived from them.
-- Contact points stand here as keyed tags. Erasing a person takes their events out.

INSERT INTO counters (name, next) VALUES ('consent', 1);

CREATE TABLE consent_events (
    number BIGINT PRIMARY KEY,
    scope BIGINT NOT NULL CHECK (scope BETWEEN 0 AND 2),
    subject BYTEA NOT NULL,
    -- Empty: of every purpose.
    purpose TEXT NOT NULL,
    status TEXT NOT NULL CHECK (
        status IN ('given', 'refused', 'withdrawn', 'expired', 'objected', 'restricted', 'released')
    ),
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    expires_at BIGINT,
    recorded_by TEXT NOT NULL,
    -- Legal basis, channel, version of the text that was shown, digest of the proof.
    detail_json TEXT NOT NULL
);

CREATE INDEX consent_events_by_subject ON consent_events (subject, scope);

-- The event that holds now, of each subject and purpose.
CREATE TABLE consent_states (
    subject BYTEA NOT NULL,
    scope BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    status TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    expires_at BIGINT,
    number BIGINT NOT NULL,
    PRIMARY KEY (subject, scope, purpose)
);

CREATE INDEX consent_states_by_number ON consent_states (number);

-- Whether anyone said no: most purposes are read without asking further.
CREATE INDEX consent_states_of_no ON consent_states (purpose) WHERE status NOT IN ('given', 'released');
