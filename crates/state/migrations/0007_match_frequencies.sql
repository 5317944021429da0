-- How common values were when a model was kept: values by keyed tags, none that few records have.

ALTER TABLE match_models ADD COLUMN frequencies BYTEA;
