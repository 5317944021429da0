-- Match models that runs go by: numbers and names of fields, never a value.

INSERT INTO counters (name, next) VALUES ('match_model', 1);

CREATE TABLE match_models (
    model BIGINT PRIMARY KEY,
    records BIGINT NOT NULL,
    content TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
