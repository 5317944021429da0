-- Who may ask the service, and what the service does on time.

INSERT INTO counters (name, next) VALUES ('api_token', 1), ('job_run', 1);

-- A token itself stands nowhere: who has this table can ask nothing with it.
CREATE TABLE api_tokens (
    token BIGINT PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

-- What was done, and for which tick. A job is begun once for each.
CREATE TABLE job_runs (
    job_run BIGINT PRIMARY KEY,
    job TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    owner TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT CHECK (outcome IN ('done', 'failed')),
    -- Of a failure: its code, no text.
    code TEXT,
    UNIQUE (job, due_at)
);

-- Who does a job now. Whoever dies does not renew it, so that another may after a while.
CREATE TABLE job_leases (
    job TEXT PRIMARY KEY,
    job_run BIGINT NOT NULL REFERENCES job_runs (job_run),
    owner TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
