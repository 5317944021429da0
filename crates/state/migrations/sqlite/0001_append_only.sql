-- The audit trail only grows. (PostgreSQL writes triggers another way.)

CREATE TRIGGER audit_intents_are_never_changed BEFORE UPDATE ON audit_intents
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

CREATE TRIGGER audit_intents_are_never_deleted BEFORE DELETE ON audit_intents
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

CREATE TRIGGER audit_outcomes_are_never_changed BEFORE UPDATE ON audit_outcomes
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

CREATE TRIGGER audit_outcomes_are_never_deleted BEFORE DELETE ON audit_outcomes
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
