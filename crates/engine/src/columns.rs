//! The columns that landing and golden tables add beside a schema's own.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Schema as ArrowSchema, SchemaRef, TimeUnit};
use vermeil_model::schema::{FieldType, SchemaKind};
use vermeil_model::{Field, FieldClass, Schema};
use vermeil_protect::Pseudonymiser;

pub(crate) const RECORD_ID: &str = "record_id";
pub(crate) const PROFILE_ID: &str = "profile_id";
pub(crate) const RECORD_TAG: &str = "record_tag";
pub(crate) const CONTENT_TAG: &str = "content_tag";
pub(crate) const MATCH_TAG: &str = "match_tag";
pub(crate) const SUBJECT_TAG: &str = "subject_tag";
/// The contact points of a profile's records, by their tags: see `crate::consent::points`.
pub(crate) const CONTACT_TAGS: &str = "contact_tags";
pub(crate) const MERGE_RISK: &str = "merge_risk";
pub(crate) const VERSION: &str = "version";
pub(crate) const LOAD: &str = "load";
pub(crate) const LANDED_AT: &str = "landed_at";
pub(crate) const OBSERVED_AT: &str = "observed_at";
pub(crate) const NUMBER: &str = "number";
pub(crate) const AUTHOR: &str = "author";
pub(crate) const KEY_PAGE: &str = "key_page";
pub(crate) const KEY_SLOT: &str = "key_slot";

/// The field that tells how the phone numbers and postal codes of its row are to be read.
pub(crate) const COUNTRY: &str = "country";

/// Inside the sealed identifiers of a record: the parts of its key in the
/// source, so that it can be found there again. No canonical field starts so.
pub(crate) const SOURCE_KEY_PREFIX: &str = "_key_";

/// Beside them: the parts of the key of the record that the source says this one was merged into.
pub(crate) const REPLACED_BY_PREFIX: &str = "_replaced_by_";

/// The column that holds the sealed fields of one class.
pub(crate) fn sealed_column(class: FieldClass) -> String {
    format!("sealed_{class}")
}

/// The column that holds the pseudonyms of `profile_id` in one domain. Its name tells
/// nobody without the keyring which domain that is.
pub(crate) fn pseudonym_column(domain: &Pseudonymiser) -> String {
    format!("pseudonym_{}", domain.domain_name())
}

/// `schema` with a column of pseudonyms for each domain behind its own.
pub(crate) fn with_pseudonyms(schema: &SchemaRef, domains: &[Pseudonymiser]) -> SchemaRef {
    let added = domains.iter().map(|domain| ArrowField::new(pseudonym_column(domain), DataType::Utf8, true));
    let own = schema.fields().iter().map(|field| field.as_ref().clone());
    Arc::new(ArrowSchema::new(own.chain(added).collect::<Vec<_>>()))
}

/// Microseconds, UTC: what Delta calls `timestamp`.
pub(crate) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The type of a plain field's column.
pub(crate) fn plain_type(field_type: FieldType) -> DataType {
    match field_type {
        FieldType::Text => DataType::Utf8,
        FieldType::Integer => DataType::Int64,
        FieldType::Decimal => DataType::Float64,
        FieldType::Date => DataType::Date32,
        FieldType::Timestamp => timestamp(),
        FieldType::Boolean => DataType::Boolean,
    }
}

/// The columns of `landing.<source>`.
///
/// `record_id: Utf8, record_tag: Binary, content_tag: Binary, [subject_tag: Binary,]
/// version: Int64, load: Int64, landed_at: Timestamp, observed_at: Timestamp?,
/// key_page: Int64, key_slot: Int32`, then one column a plain field in `plain`, then
/// `sealed_<class>: Binary?` for each personal class.
pub(crate) fn landing_schema<'a>(kind: SchemaKind, plain: impl Iterator<Item = &'a Field>) -> SchemaRef {
    let required = |name: &str, data_type| ArrowField::new(name, data_type, false);
    let optional = |name: &str, data_type| ArrowField::new(name, data_type, true);
    let mut fields = vec![
        required(RECORD_ID, DataType::Utf8),
        required(RECORD_TAG, DataType::Binary),
        required(CONTENT_TAG, DataType::Binary),
    ];
    if kind == SchemaKind::Event {
        fields.push(optional(SUBJECT_TAG, DataType::Binary));
    }
    fields.extend([
        required(VERSION, DataType::Int64),
        required(LOAD, DataType::Int64),
        required(LANDED_AT, timestamp()),
        optional(OBSERVED_AT, timestamp()),
        required(KEY_PAGE, DataType::Int64),
        required(KEY_SLOT, DataType::Int32),
    ]);
    fields.extend(plain.map(|field| optional(&field.name, plain_type(field.data_type))));
    fields.extend(FieldClass::PERSONAL.map(|class| optional(&sealed_column(class), DataType::Binary)));
    Arc::new(ArrowSchema::new(fields))
}

/// The columns of `golden.profiles`.
///
/// `profile_id: Utf8, records: Int64, sources: Utf8 (comma-separated), created_at: Timestamp,
/// updated_at: Timestamp, merge_risk: Float64 (see [`vermeil_resolve::cluster::merge_risks`]),
/// publication: Int64, key_page: Int64, key_slot: Int32`, then one column a plain field of
/// `schema`, then a text column for each field that is generalised, then `sealed_<class>: Binary?`
/// for each personal class, then `contact_tags: Binary`.
pub(crate) fn profiles_schema(schema: &Schema) -> SchemaRef {
    let required = |name: &str, data_type| ArrowField::new(name, data_type, false);
    let optional = |name: &str, data_type| ArrowField::new(name, data_type, true);
    let mut fields = vec![
        required(PROFILE_ID, DataType::Utf8),
        required("records", DataType::Int64),
        required("sources", DataType::Utf8),
        required("created_at", timestamp()),
        required("updated_at", timestamp()),
        required(MERGE_RISK, DataType::Float64),
        required("publication", DataType::Int64),
        required(KEY_PAGE, DataType::Int64),
        required(KEY_SLOT, DataType::Int32),
    ];
    let plain = schema.of_class(FieldClass::Plain);
    fields.extend(plain.map(|field| optional(&field.name, plain_type(field.data_type))));
    let generalised = schema.fields.iter().filter_map(Field::generalised_column);
    fields.extend(generalised.map(|name| optional(&name, DataType::Utf8)));
    fields.extend(FieldClass::PERSONAL.map(|class| optional(&sealed_column(class), DataType::Binary)));
    fields.push(optional(CONTACT_TAGS, DataType::Binary));
    Arc::new(ArrowSchema::new(fields))
}

/// `profile_id: Utf8, record_id: Utf8, source: Utf8, since: Timestamp`.
pub(crate) fn members_schema() -> SchemaRef {
    Arc::new(ArrowSchema::new(vec![
        ArrowField::new(PROFILE_ID, DataType::Utf8, false),
        ArrowField::new(RECORD_ID, DataType::Utf8, false),
        ArrowField::new("source", DataType::Utf8, false),
        ArrowField::new("since", timestamp(), false),
    ]))
}

/// `profile_id: Utf8, field: Utf8, record_id: Utf8, rule: Utf8, observed_at: Timestamp?, author: Utf8?`:
/// who set the value, where the rule is `human_set`, and then when is `observed_at`.
pub(crate) fn provenance_schema() -> SchemaRef {
    Arc::new(ArrowSchema::new(vec![
        ArrowField::new(PROFILE_ID, DataType::Utf8, false),
        ArrowField::new("field", DataType::Utf8, false),
        ArrowField::new(RECORD_ID, DataType::Utf8, false),
        ArrowField::new("rule", DataType::Utf8, false),
        ArrowField::new(OBSERVED_AT, timestamp(), true),
        ArrowField::new(AUTHOR, DataType::Utf8, true),
    ]))
}

/// `at: Timestamp, kind: Utf8 (merge or split), profile_id: Utf8, other_id: Utf8, reason: Utf8,
/// publication: Int64, cause: Utf8?, detail: Utf8?, run: Int64?`. A merge: `other_id` went into
/// `profile_id`. A split: `other_id` came out of it. The last three are null in rows of versions
/// that did not know them; see [`crate::golden`] for the causes.
pub(crate) fn history_schema() -> SchemaRef {
    Arc::new(ArrowSchema::new(vec![
        ArrowField::new("at", timestamp(), false),
        ArrowField::new("kind", DataType::Utf8, false),
        ArrowField::new(PROFILE_ID, DataType::Utf8, false),
        ArrowField::new("other_id", DataType::Utf8, false),
        ArrowField::new("reason", DataType::Utf8, false),
        ArrowField::new("publication", DataType::Int64, false),
        ArrowField::new("cause", DataType::Utf8, true),
        ArrowField::new("detail", DataType::Utf8, true),
        ArrowField::new("run", DataType::Int64, true),
    ]))
}

/// `left_id: Utf8, right_id: Utf8 (left_id < right_id), weight_bits: Float64, probability: Float64`.
pub(crate) fn links_schema() -> SchemaRef {
    Arc::new(ArrowSchema::new(vec![
        ArrowField::new("left_id", DataType::Utf8, false),
        ArrowField::new("right_id", DataType::Utf8, false),
        ArrowField::new("weight_bits", DataType::Float64, false),
        ArrowField::new("probability", DataType::Float64, false),
    ]))
}

/// `record_id: Utf8, match_tag: Int64, version: Int64`.
pub(crate) fn matched_schema() -> SchemaRef {
    Arc::new(ArrowSchema::new(vec![
        ArrowField::new(RECORD_ID, DataType::Utf8, false),
        ArrowField::new(MATCH_TAG, DataType::Int64, false),
        ArrowField::new(VERSION, DataType::Int64, false),
    ]))
}

/// `number: Int64, record_id: Utf8, field: Utf8, author: Utf8, at: Timestamp, key_page: Int64,
/// key_slot: Int32, sealed_value: Binary? (null: withdrawn), sealed_reason: Binary`.
pub(crate) fn rectifications_schema() -> SchemaRef {
    Arc::new(ArrowSchema::new(vec![
        ArrowField::new(NUMBER, DataType::Int64, false),
        ArrowField::new(RECORD_ID, DataType::Utf8, false),
        ArrowField::new("field", DataType::Utf8, false),
        ArrowField::new(AUTHOR, DataType::Utf8, false),
        ArrowField::new("at", timestamp(), false),
        ArrowField::new(KEY_PAGE, DataType::Int64, false),
        ArrowField::new(KEY_SLOT, DataType::Int32, false),
        ArrowField::new("sealed_value", DataType::Binary, true),
        ArrowField::new("sealed_reason", DataType::Binary, false),
    ]))
}

/// `quarantine_id: Utf8, source: Utf8, load: Int64, fingerprint: Binary, code: Utf8, args: Utf8 (JSON),
/// file: Utf8, line: Int64, first_seen: Timestamp, key_page: Int64, key_slot: Int32, sealed_row: Binary`.
pub(crate) fn quarantine_schema() -> SchemaRef {
    Arc::new(ArrowSchema::new(vec![
        ArrowField::new("quarantine_id", DataType::Utf8, false),
        ArrowField::new("source", DataType::Utf8, false),
        ArrowField::new(LOAD, DataType::Int64, false),
        ArrowField::new("fingerprint", DataType::Binary, false),
        ArrowField::new("code", DataType::Utf8, false),
        ArrowField::new("args", DataType::Utf8, false),
        ArrowField::new("file", DataType::Utf8, false),
        ArrowField::new("line", DataType::Int64, false),
        ArrowField::new("first_seen", timestamp(), false),
        ArrowField::new("replayed_at", timestamp(), true),
        ArrowField::new(KEY_PAGE, DataType::Int64, false),
        ArrowField::new(KEY_SLOT, DataType::Int32, false),
        ArrowField::new("sealed_row", DataType::Binary, false),
    ]))
}
