//! A small lake, written row by row: two profiles of three accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::SchemaRef;
use arrow::util::display::array_value_to_string;
use vermeil_audit::OpeningFilter;
use vermeil_model::policy::{Purpose, Role};
use vermeil_model::{FieldClass, Pipeline, ProfileId, RecordId, Schema};
use vermeil_policy::{AccessPolicy, PolicyFile};
use vermeil_protect::payload::PayloadWriter;
use vermeil_protect::seal::{Binding, DataKey, seal};
use vermeil_protect::vault::{KeyLocation, KeyOwner};

use crate::columns;
use crate::engine::{Access, Engine, EngineConfig, Reader};
use crate::error::EngineError;
use crate::lake::{TableName, Transactional};
use crate::publication::Snapshot;

const PIPELINE: &str = "
name: shop
purposes: { customer_care: contract, marketing: legitimate_interests, audit: legal_obligation, statistics: contract }
sources:
  - id: shop
    path: shop.csv
    format: delimited
    key: [id]
    columns: { family_name: name, email: mail, country: country }
  - id: clicks
    path: clicks.ndjson
    format: ndjson
    schema: event.v1
    key: [id]
    columns: { page: page }
";

const NAMES: &str = r#"
entity Role enum ["analyst", "agent", "officer", "counter"];
entity Purpose enum ["customer_care", "marketing", "audit", "statistics"];
"#;

const POLICY: &str = r#"
permit (principal, action == Action::"read", resource);
// Not even pseudonyms.
forbid (principal in Role::"counter", action == Action::"read", resource == FieldClass::"identifier");
permit (principal in Role::"agent", action == Action::"open", resource == FieldClass::"contact")
when { context.purpose == Purpose::"marketing" };
permit (principal in Role::"agent", action == Action::"open", resource)
when {
  context.purpose == Purpose::"customer_care" &&
  resource in [FieldClass::"identifier", FieldClass::"contact"]
};
permit (principal in Role::"officer", action == Action::"open", resource)
when { context.purpose == Purpose::"audit" };
permit (principal in Role::"officer", action == Action::"audit", resource);
permit (principal in Role::"officer", action == Action::"open", resource == FieldClass::"demographic")
when { context.purpose == Purpose::"statistics" };
"#;

pub(super) struct Fixture {
    pub(super) engine: Engine,
    keys: Vec<KeyLocation>,
    folder: tempfile::TempDir,
}

pub(super) fn reader(role: &str, purpose: Option<&str>) -> Reader {
    Reader {
        actor: "tester".to_owned(),
        role: Role(role.to_owned()),
        purpose: purpose.map(|purpose| Purpose(purpose.to_owned())),
    }
}

fn policy() -> AccessPolicy {
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), text: text.to_owned() };
    AccessPolicy::parse(Some(&file("names.cedarschema", NAMES)), &[file("access.cedar", POLICY)]).unwrap()
}

/// One row to write: its id, version and personal fields by class.
struct Row {
    id: String,
    record: [u8; 16],
    version: i64,
    observed_at: i64,
    fields: Vec<(FieldClass, &'static str, &'static str)>,
}

impl Fixture {
    /// A pipeline that never ran.
    pub(super) async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pipeline = Pipeline::parse("pipeline.yaml", PIPELINE).unwrap();
        let schemas =
            ["customer.v1", "event.v1"].map(|name| (name.to_owned(), Schema::built_in(name).unwrap())).into();
        let config = EngineConfig {
            pipeline,
            schemas,
            base: folder.path().to_owned(),
            storage_options: BTreeMap::new(),
            policy: policy(),
            secrets: BTreeMap::new(),
        };
        let engine = Engine::open(config, Access::CreateIfMissing).await.unwrap();
        Self { engine, keys: Vec::new(), folder }
    }

    /// Two profiles: Zoe Quill with two records, Marin Oake with one, of which `landing.shop` has one each.
    pub(super) async fn published() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with a flipped bit in a sealed contact of `golden.profiles`.
    pub(super) async fn damaged() -> Self {
        Self::with(|sealed| *sealed.last_mut().unwrap() ^= 1).await
    }

    async fn with(change: fn(&mut Vec<u8>)) -> Self {
        use FieldClass::{Contact, Demographic, Identifier};

        let mut fixture = Self::empty().await;
        let owner = KeyOwner::new("tests");
        let keys = fixture.engine.vault.allocate(&owner, 2).await.unwrap();
        fixture.keys = keys.iter().map(|(location, _)| *location).collect();
        let [quill, oake] = [RecordId(1), RecordId(2)];
        let landed = |record: RecordId, version, observed_at, name, email| Row {
            id: record.to_string(),
            record: record.to_bytes(),
            version,
            observed_at,
            fields: vec![(Identifier, "family_name", name), (Contact, "email", email)],
        };
        let landing = [
            (landed(quill, 1, 2_000, "Quill", "zoe@quill.example"), &keys[0]),
            (landed(quill, 2, 1_000, "Quill", "old@quill.example"), &keys[0]),
            (landed(oake, 1, 3_000, "Oake", "old@oake.example"), &keys[1]),
            (landed(oake, 2, 3_000, "Oake", "marin@oake.example"), &keys[1]),
        ];
        let shop = TableName::Landing("shop".parse().unwrap());
        let customer = Schema::built_in("customer.v1").unwrap();
        let plain = customer.of_class(FieldClass::Plain).filter(|field| field.name == "country");
        let columns = columns::landing_schema(customer.kind, plain);
        fixture.write(&shop, &columns, &landing, columns::VERSION, |_| {}).await;

        let profile = |id: ProfileId, fields| Row {
            id: id.to_string(),
            record: id.to_bytes(),
            version: 1,
            observed_at: 0,
            fields,
        };
        let [zoe, marin] = [ProfileId(11), ProfileId(12)];
        let profiles = [
            (
                profile(
                    zoe,
                    vec![
                        (Identifier, "family_name", "Quill"),
                        (Contact, "email", "zoe@quill.example"),
                        (Demographic, "birth_date", "1985-12-31"),
                    ],
                ),
                &keys[0],
            ),
            (
                profile(
                    marin,
                    vec![
                        (Identifier, "family_name", "Oake"),
                        (Contact, "mobile", "+33600000000"),
                        (Demographic, "birth_date", "2001-02-03"),
                    ],
                ),
                &keys[1],
            ),
        ];
        let columns = columns::profiles_schema(&customer);
        let profiles_version =
            fixture.write(&TableName::Profiles, &columns, &profiles, "publication", change).await;

        let members: [(&str, ArrayRef); 2] = [
            (columns::PROFILE_ID, texts([zoe.to_string(), marin.to_string()])),
            (columns::RECORD_ID, texts([quill.to_string(), oake.to_string()])),
        ];
        let members_version =
            fixture.write_columns(&TableName::Members, &columns::members_schema(), 2, &members).await;
        fixture
            .publish(BTreeMap::from([
                (TableName::Profiles.to_string(), profiles_version),
                (TableName::Members.to_string(), members_version),
            ]))
            .await;
        fixture
    }

    pub(super) async fn destroy_key_of_oake(&self) {
        assert_eq!(self.engine.vault.destroy(&self.keys[1..]).await.unwrap(), 1);
    }

    /// The rows of an answer, cells joined by `|`; null is empty.
    pub(super) async fn rows(&self, reader: &Reader, sql: &str) -> Result<Vec<String>, EngineError> {
        let mut result = self.engine.query(sql, reader).await?;
        let mut rows = Vec::new();
        while let Some(batch) = result.next().await {
            let batch = batch?;
            assert_eq!(batch.schema(), result.schema);
            for row in 0..batch.num_rows() {
                let cells: Vec<String> = batch
                    .columns()
                    .iter()
                    .map(|column| array_value_to_string(column, row).unwrap())
                    .collect();
                rows.push(cells.join("|"));
            }
        }
        Ok(rows)
    }

    pub(super) async fn check(&self, reader: &Reader, sql: &str, expected: &[&str]) {
        assert_eq!(self.rows(reader, sql).await.unwrap(), expected, "{sql}");
    }

    /// Where the audit log lies, or will: it is made with the first opening.
    pub(super) fn audit_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("state/audit")
    }

    /// The audit trail, oldest first: table, classes, rows, key pages, status.
    pub(super) async fn audited(&self) -> Vec<String> {
        let openings = self.engine.audit.openings(OpeningFilter::default()).await.unwrap();
        let told = openings.into_iter().map(|opening| {
            assert_eq!(opening.intent.actor, "tester");
            let classes: Vec<&str> = opening.intent.classes.iter().map(|class| class.as_str()).collect();
            let outcome = opening.outcome.map_or("under way".to_owned(), |(_, outcome)| {
                format!("{} rows {} pages {}", outcome.rows, outcome.key_pages, outcome.status.as_str())
            });
            format!("{} {} {outcome}", opening.intent.table, classes.join(","))
        });
        told.collect()
    }

    async fn publish(&self, versions: BTreeMap<String, u64>) {
        let number = self.engine.state.begin_publication().await.unwrap();
        let snapshot = Snapshot {
            versions,
            superseded: BTreeMap::new(),
            profiles: 2,
            linking: None,
            editions: None,
            rectified: 0,
            pseudonym_domains: Vec::new(),
        };
        let snapshot = serde_json::to_value(snapshot).unwrap();
        self.engine.state.publish(number, &snapshot, "tests").await.unwrap();
    }

    async fn write(
        &self,
        table: &TableName,
        schema: &SchemaRef,
        rows: &[(Row, &(KeyLocation, DataKey))],
        version: &str,
        change_contact: fn(&mut Vec<u8>),
    ) -> u64 {
        let id = if *table == TableName::Profiles { columns::PROFILE_ID } else { columns::RECORD_ID };
        let count = rows.len();
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            (id, texts(rows.iter().map(|(row, _)| row.id.clone()))),
            (version, Arc::new(Int64Array::from_iter_values(rows.iter().map(|(row, _)| row.version)))),
            (
                columns::OBSERVED_AT,
                Arc::new(
                    TimestampMicrosecondArray::from_iter_values(rows.iter().map(|(row, _)| row.observed_at))
                        .with_timezone("UTC"),
                ),
            ),
            (
                columns::KEY_PAGE,
                Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, key)| key.0.page))),
            ),
            (
                columns::KEY_SLOT,
                Arc::new(Int32Array::from_iter_values(rows.iter().map(|(_, key)| i32::from(key.0.slot)))),
            ),
            ("records", Arc::new(Int64Array::from_iter_values((1..=count as i64).rev()))),
            ("country", texts(vec!["FR".to_owned(); count])),
            ("birth_date_age_band", texts(vec!["35-44".to_owned(); count])),
        ];
        let sealed = FieldClass::PERSONAL.map(|class| {
            let values = rows.iter().map(|(row, (_, key))| {
                let mut sealed = self.seal(table, class, row, key)?;
                if class == FieldClass::Contact {
                    change_contact(&mut sealed);
                }
                Some(sealed)
            });
            (columns::sealed_column(class), Arc::new(values.collect::<BinaryArray>()) as ArrayRef)
        });
        columns.extend(sealed.iter().map(|(name, values)| (name.as_str(), Arc::clone(values))));
        self.write_columns(table, schema, count, &columns).await
    }

    fn seal(&self, table: &TableName, class: FieldClass, row: &Row, key: &DataKey) -> Option<Vec<u8>> {
        let mut payload = PayloadWriter::new();
        for (_, name, value) in row.fields.iter().filter(|(own, ..)| *own == class) {
            payload.field(name, value);
        }
        let table = table.to_string();
        let binding = Binding {
            tenant: "shop",
            table: &table,
            class,
            record: row.record,
            version: row.version,
            key_epoch: 1,
        };
        (!payload.is_empty()).then(|| seal(key, &binding, payload.as_bytes()))
    }

    /// Writes a batch with these columns; others hold nothing that matters. Returns the table's version.
    async fn write_columns(
        &self,
        table: &TableName,
        schema: &SchemaRef,
        rows: usize,
        columns: &[(&str, ArrayRef)],
    ) -> u64 {
        let table = self.engine.lake.table_with(table, schema).await.unwrap();
        let schema = table.schema();
        let arrays = schema
            .fields()
            .iter()
            .map(|field| match columns.iter().find(|(name, _)| name == field.name()) {
                Some((_, values)) => Arc::clone(values),
                None if field.is_nullable() => new_null_array(field.data_type(), rows),
                None => filler(field.data_type(), rows),
            })
            .collect();
        let mut writer = table.writer().unwrap();
        writer.write(RecordBatch::try_new(schema, arrays).unwrap()).await.unwrap();
        writer.append(&Transactional::new("tests", 1)).await.unwrap().version
    }
}

fn texts(values: impl IntoIterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn filler(data_type: &arrow::datatypes::DataType, rows: usize) -> ArrayRef {
    use arrow::datatypes::DataType;
    match data_type {
        DataType::Utf8 => texts(vec!["-".to_owned(); rows]),
        DataType::Float64 => Arc::new(Float64Array::from_value(0.0, rows)),
        DataType::Int64 => Arc::new(Int64Array::from(vec![0; rows])),
        DataType::Binary => Arc::new(BinaryArray::from(vec![&b"-"[..]; rows])),
        DataType::Timestamp(..) => {
            Arc::new(TimestampMicrosecondArray::from(vec![0; rows]).with_timezone("UTC"))
        }
        other => panic!("no filler for {other}"),
    }
}
