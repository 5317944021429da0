-- What the service hands to people who have no account: an answer to take away, and a way in.

INSERT INTO counters (name, next) VALUES ('download', 1), ('subject_link', 1), ('subject_session', 1), ('opendsr_callback', 1);

-- A link itself stands nowhere: who has this table can take nothing with it. The answer is made
-- when it is taken, under the leave of whoever gave the link.
CREATE TABLE downloads (
    download BIGINT PRIMARY KEY,
    request BIGINT NOT NULL REFERENCES requests (request) ON DELETE CASCADE,
    hash BYTEA NOT NULL UNIQUE,
    language TEXT NOT NULL,
    issued_by TEXT NOT NULL,
    role TEXT NOT NULL,
    purpose TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Set once: when somebody came with it, and when all of the answer had gone out.
    taken_at BIGINT,
    delivered_at BIGINT,
    revoked_at BIGINT
);

CREATE INDEX downloads_by_request ON downloads (request);

-- Of a request of which it is sure whose it is: who that is stands in its kit alone.
CREATE TABLE subject_links (
    subject_link BIGINT PRIMARY KEY,
    request BIGINT NOT NULL REFERENCES requests (request) ON DELETE CASCADE,
    hash BYTEA NOT NULL UNIQUE,
    issued_by TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT
);

CREATE INDEX subject_links_by_request ON subject_links (request);

CREATE TABLE subject_sessions (
    subject_session BIGINT PRIMARY KEY,
    subject_link BIGINT NOT NULL REFERENCES subject_links (subject_link) ON DELETE CASCADE,
    hash BYTEA NOT NULL UNIQUE,
    begun_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    ended_at BIGINT
);

-- What other controllers hand over. What they sent is a keyed tag: whether the same comes again, and nothing else.
-- A request stands here before it is opened under its number.
CREATE TABLE opendsr_requests (
    controller TEXT NOT NULL,
    opendsr_id TEXT NOT NULL,
    sent BYTEA NOT NULL,
    request BIGINT NOT NULL UNIQUE,
    received_at BIGINT NOT NULL,
    -- How far it had come when that was noted last for its controller.
    told TEXT NOT NULL,
    PRIMARY KEY (controller, opendsr_id)
);

CREATE TABLE opendsr_urls (
    request BIGINT NOT NULL REFERENCES opendsr_requests (request) ON DELETE CASCADE,
    url TEXT NOT NULL,
    PRIMARY KEY (request, url)
);

-- What a controller is to be told, until it was or is given up.
CREATE TABLE opendsr_callbacks (
    callback BIGINT PRIMARY KEY,
    request BIGINT NOT NULL REFERENCES opendsr_requests (request) ON DELETE CASCADE,
    url TEXT NOT NULL,
    status TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT CHECK (outcome IN ('told', 'given_up'))
);

CREATE INDEX opendsr_callbacks_by_request ON opendsr_callbacks (request, url);
