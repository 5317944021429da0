//! `schemas/pipeline.schema.json` and the types that read `pipeline.yaml` say the same.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vermeil_model::pipeline::{
    AwsKmsSettings, Contract, EnvironmentSettings, Format, Golden, KeyringSettings, Linking, Matching,
    OpenBaoSettings, ParsedColumn, PassphraseSettings, Pipeline, Pkcs11Settings, ProviderSettings,
    QuarantineLimit, QueryLimits, Source, StateSettings, SubjectReference,
};
use vermeil_model::schema::{BlockingRule, Comparison, Exclusivity, FieldGroup, Schema, SurvivorRule};

const SCHEMA: &str = include_str!("../../../schemas/pipeline.schema.json");
const DEMO: &str = include_str!("../../../pipelines/demo/pipeline.yaml");

/// Every key of every object, once; a test keeps it complete.
const COMPLETE: &str = r#"
name: shop
lake: lake
state: { url_variable: U }
keyring: { path: keyring.json, provider: plain }
audit: audit
schema: customer.v1
sources:
  - id: shop
    path: shop.csv
    format: delimited
    delimiter: ";"
    quote: "'"
    encoding: windows-1252
    decimal: ","
    header: [number, born, changed]
    schema: customer.v1
    key: [number]
    updated_at: { column: changed, format: "%Y%m%d" }
    subject: { source: shop, key: [number] }
    replaced_by: [heir]
    link: { proof: [login_id], never_for: [marketing] }
    columns: { account_number: number, birth_date: { column: born, format: "%d/%m/%Y" } }
    constants: { country: FR }
    contract: { required: [account_number], max_field_bytes: 1000 }
    self_declared: true
    consent: [{ purpose: marketing, contact: email, field: marketing_opt_in, given: ["yes"], refused: ["no"] }]
quarantine: { limit: 0.1 }
match:
  blocking: [email, "family_name:phonetic + birth_date:year"]
  comparisons: { city: ~, street: text }
  purposes: [marketing]
  exclusive: { loyalty_number: ~, vat_number: value }
  threshold: 0.9
  max_block_pairs: 1000
golden:
  default: most_recent
  fields: { email: self_declared }
  groups: { address: { fields: [street, city], core: [street], golden: most_recent } }
  source_priority: [shop]
query: { memory_mib: 64, temporary_mib: 0 }
purposes: { marketing: consent }
service:
  requests_per_second: 9
  wrong_credentials_per_minute: 9
  concurrent_requests: 9
  timeout_seconds: 9
  body_kib: 9
  public_url: https://vermeil.example.org
  download_hours: 9
  subject_link_hours: 9
  session_idle_minutes: 9
  session_hours: 9
  roles: { officer: dpo }
schedule: { run: "0 3 * * *", optimize: "0 4 * * *", erase: "0 5 * * *", rotate_keys: "0 6 1 * *", recipients: "*/5 * * * *", retention: "0 2 * * *", deadlines: "0 7 * * *", callbacks: "* * * * *" }
opendsr:
  domain: privacy.shop.example
  certificate: certificate.pem
  key: key.pem
  verified_controllers: [partner]
  identities: { email: email }
  internal_callbacks: ["crm.internal:8443"]
oidc:
  issuer: https://login.example.org
  audience: vermeil
  role_claim: role
  actor_claim: sub
  roles: { agents: agent }
requests: { utc_offset: "+01:00", soon_days: 7 }
retention: { prospects: P3Y, customers: P10Y, contacts: [order], until: { shop: 2030-12-31 } }
consent: { contradiction: most_recent }
recipients:
  mailer:
    contact: privacy@mailer.example
    webhook: { url: https://mailer.example, secret_variable: W, authority: a.pem, network: inside }
    folder: outbox
notices: { days: 9, first_retry_seconds: 9 }
"#;

/// What takes the place of `plain` in [`COMPLETE`], one at a time.
const PROVIDERS: &str = r#"
passphrase: { passphrase_variable: P }
environment: { key_variable: K }
openbao:
  address: https://bao.example.org:8200
  mount: transit
  namespace: team
  key_prefix: shop
  authority: authority.pem
  token_variable: T
aws_kms:
  region: eu-west-3
  endpoint: https://kms.example.org
  key_prefix: shop
  access_key_id_variable: A
  secret_access_key_variable: S
  session_token_variable: T
pkcs11: { module: module.so, token: shop, key_prefix: shop, pin_variable: P }
"#;

/// Where each object of the schema lies in [`complete`], and where its keys stand in the schema.
const OBJECTS: [(&str, &str); 29] = [
    ("", ""),
    ("/state", "/$defs/state"),
    ("/keyring", "/$defs/keyring"),
    ("/keyring/provider/passphrase", "/$defs/keyring_passphrase"),
    ("/keyring/provider/environment", "/$defs/keyring_environment"),
    ("/keyring/provider/openbao", "/$defs/keyring_openbao"),
    ("/keyring/provider/aws_kms", "/$defs/keyring_aws_kms"),
    ("/keyring/provider/pkcs11", "/$defs/keyring_pkcs11"),
    ("/sources/0", "/$defs/source"),
    ("/sources/0/updated_at", "/$defs/parsed_column"),
    ("/sources/0/subject", "/$defs/subject"),
    ("/sources/0/link", "/$defs/link"),
    ("/sources/0/contract", "/$defs/contract"),
    ("/quarantine", "/$defs/quarantine"),
    ("/match", "/$defs/match"),
    ("/golden", "/$defs/golden"),
    ("/golden/groups/address", "/$defs/group"),
    ("/query", "/$defs/query"),
    ("/consent", "/$defs/consent"),
    ("/service", "/$defs/service"),
    ("/schedule", "/$defs/schedule"),
    ("/oidc", "/$defs/oidc"),
    ("/opendsr", "/$defs/opendsr"),
    ("/requests", "/$defs/requests"),
    ("/retention", "/$defs/retention"),
    ("/sources/0/consent/0", "/$defs/consent_mapping"),
    ("/recipients/mailer", "/$defs/recipient"),
    ("/recipients/mailer/webhook", "/$defs/webhook"),
    ("/notices", "/$defs/notices"),
];

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

fn value(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).expect("YAML")
}

/// [`COMPLETE`], with the object at `place` in it.
fn complete(place: &str) -> Value {
    let mut document = value(COMPLETE);
    if let Some(provider) = place.strip_prefix("/keyring/provider/") {
        document["keyring"]["provider"] = json!({ provider: value(PROVIDERS)[provider] });
    }
    document
}

fn compiled() -> (boon::Schemas, boon::SchemaIndex) {
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("pipeline.schema.json", schema()).expect("a resource");
    let index = compiler.compile("pipeline.schema.json", &mut schemas).expect("a valid schema");
    (schemas, index)
}

/// What the JSON Schema has against a document.
fn problems(document: &Value) -> Option<String> {
    let (schemas, index) = compiled();
    schemas.validate(document, index).err().map(|problem| problem.to_string())
}

/// Whether the JSON Schema and the types accept a document; they must agree.
#[track_caller]
fn accepted(document: &Value) -> bool {
    let by_schema = problems(document).is_none();
    // JSON is YAML.
    let by_types = Pipeline::parse("pipeline.yaml", &document.to_string());
    assert_eq!(by_schema, by_types.is_ok(), "types: {by_types:?}\ndocument: {document:#}");
    by_schema
}

/// The names between backticks in serde's message, without the first, which is the unknown one.
fn expected_by<T: DeserializeOwned>(unknown: Value) -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(unknown) else { panic!("the unknown name was accepted") };
    let text = error.to_string();
    assert!(text.starts_with("unknown "), "{text}");
    text.split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect()
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().expect("an object").keys().cloned().collect()
}

#[track_caller]
fn check_keys<T: DeserializeOwned>(object: &str) {
    let schema = schema();
    let described = schema.pointer(object).expect("the object is described");
    assert_eq!(described["additionalProperties"], json!(false), "{object}");
    assert_eq!(keys(&described["properties"]), expected_by::<T>(json!({ "no such key": 1 })), "{object}");
}

#[track_caller]
fn check_names<T: DeserializeOwned>(definition: &Value) {
    let choices = definition["oneOf"].as_array().expect("choices");
    let described: BTreeSet<String> =
        choices.iter().map(|choice| choice["const"].as_str().expect("a name").to_owned()).collect();
    assert_eq!(described, expected_by::<T>(json!("no such name")));
}

#[test]
fn the_schema_is_valid_under_its_own_draft() {
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
    // Compiling validates the schema against its draft.
    compiled();
}

#[test]
fn the_demo_pipeline_is_accepted_by_both() {
    assert_eq!(problems(&value(DEMO)), None);
    Pipeline::parse("pipeline.yaml", DEMO).expect("the types accept it");
}

#[test]
fn the_demo_pipeline_names_only_fields_of_its_schemas() {
    let pipeline = Pipeline::parse("pipeline.yaml", DEMO).expect("valid");
    for source in &pipeline.sources {
        let schema = Schema::built_in(pipeline.schema_of(source)).expect("a shipped schema");
        for field in source.columns.keys().chain(source.constants.keys()).chain(&source.contract.required) {
            assert!(schema.field(field).is_some(), "{}: {field}", source.id);
        }
    }
    let customer = Schema::built_in("customer.v1").expect("a shipped schema");
    for field in pipeline.golden.fields.keys() {
        assert!(customer.field(field).is_some(), "golden: {field}");
    }
}

#[test]
fn the_complete_document_holds_every_key() {
    let schema = schema();
    for (place, definition) in OBJECTS {
        let (described, document) = (schema.pointer(definition).expect("described"), complete(place));
        let present = keys(document.pointer(place).expect("present"));
        assert_eq!(keys(&described["properties"]), present, "{place}");
        assert!(accepted(&document), "{place}");
    }
    let objects = schema["$defs"].as_object().expect("definitions").values();
    let with_keys = objects.filter(|definition| definition.get("properties").is_some()).count();
    assert_eq!(with_keys + 1, OBJECTS.len(), "an object is missing from the list");
}

#[test]
fn keys_are_the_ones_that_the_types_expect() {
    check_keys::<Pipeline>("");
    check_keys::<KeyringSettings>("/$defs/keyring");
    check_keys::<PassphraseSettings>("/$defs/keyring_passphrase");
    check_keys::<EnvironmentSettings>("/$defs/keyring_environment");
    check_keys::<OpenBaoSettings>("/$defs/keyring_openbao");
    check_keys::<AwsKmsSettings>("/$defs/keyring_aws_kms");
    check_keys::<Pkcs11Settings>("/$defs/keyring_pkcs11");
    check_keys::<Source>("/$defs/source");
    check_keys::<ParsedColumn>("/$defs/parsed_column");
    check_keys::<SubjectReference>("/$defs/subject");
    check_keys::<Linking>("/$defs/link");
    check_keys::<Contract>("/$defs/contract");
    check_keys::<QuarantineLimit>("/$defs/quarantine");
    check_keys::<Matching>("/$defs/match");
    check_keys::<Golden>("/$defs/golden");
    check_keys::<FieldGroup>("/$defs/group");
    check_keys::<QueryLimits>("/$defs/query");
}

#[test]
fn an_unknown_key_is_refused_by_both_in_every_object() {
    for (place, _) in OBJECTS {
        let mut document = complete(place);
        document.pointer_mut(place).expect("present")["no_such_key"] = json!("x");
        assert!(!accepted(&document), "{place}");
    }
}

#[test]
fn a_missing_key_is_refused_by_both_exactly_where_it_is_required() {
    let schema = schema();
    for (place, definition) in OBJECTS {
        let required = &schema.pointer(definition).expect("described")["required"];
        for key in keys(complete(place).pointer(place).expect("present")) {
            let mut document = complete(place);
            let object = document.pointer_mut(place).and_then(Value::as_object_mut).expect("an object");
            object.remove(&key);
            let needed = required.as_array().is_some_and(|names| names.contains(&json!(key)));
            assert_eq!(accepted(&document), !needed, "{place}/{key}");
        }
    }
}

#[test]
fn names_of_choices_are_the_ones_that_the_types_expect() {
    let schema = schema();
    check_names::<Format>(&schema["$defs"]["source"]["properties"]["format"]);
    check_names::<Comparison>(&schema["$defs"]["comparison"]);
    check_names::<Exclusivity>(&schema["$defs"]["exclusivity"]);
    check_names::<SurvivorRule>(&schema["$defs"]["survivor_rule"]);
}

#[test]
fn key_providers_are_the_ones_that_the_types_expect() {
    let schema = schema();
    let choices = schema["$defs"]["keyring"]["properties"]["provider"]["oneOf"].as_array().expect("choices");
    let described = choices.iter().map(|choice| {
        let name = if choice["const"].is_null() { &choice["required"][0] } else { &choice["const"] };
        name.as_str().expect("a name").to_owned()
    });
    assert_eq!(described.collect::<BTreeSet<_>>(), expected_by::<ProviderSettings>(json!("no such name")));
}

#[test]
fn a_keyring_may_be_a_path_alone() {
    let mut document = value(COMPLETE);
    document["keyring"] = json!("keyring.json");
    assert!(accepted(&document));
    let pipeline = Pipeline::parse("pipeline.yaml", &document.to_string()).expect("valid");
    assert_eq!(pipeline.keyring.path, "keyring.json");
    assert_eq!(pipeline.keyring.provider, ProviderSettings::Plain);
}

#[test]
fn values_out_of_range_are_refused_by_both() {
    for (place, wrong) in [
        ("/keyring", json!(1)),
        ("/keyring/provider", json!("passphrase")),
        ("/keyring/provider", json!({ "passphrase": {}, "environment": {} })),
        ("/keyring/provider", json!({ "pkcs11": { "module": "m", "token": "t", "key_prefix": "a/b" } })),
        ("/keyring/provider", json!({ "pkcs11": { "module": "m", "token": "t", "key_prefix": "" } })),
        ("/sources/0/id", json!("Shop")),
        ("/sources/0/id", json!("quarantine")),
        ("/sources/0/delimiter", json!(";;")),
        ("/sources/0/key", json!([])),
        ("/sources/0/contract/max_field_bytes", json!(-1)),
        ("/sources/0/self_declared", json!("perhaps")),
        ("/match/threshold", json!(1)),
        ("/match/threshold", json!(0)),
        ("/match/blocking", json!(["email:soundex"])),
        ("/match/exclusive/vat_number", json!("perhaps")),
        ("/match/blocking", json!(["email + "])),
        ("/quarantine/limit", json!(1.5)),
        ("/golden/default", json!("newest")),
        ("/golden/groups/address/golden", json!("newest")),
        ("/golden/groups/address/fields", json!("street")),
        ("/query/memory_mib", json!(0)),
        ("/query/memory_mib", json!(1.5)),
        ("/query/temporary_mib", json!(-1)),
    ] {
        let mut document = value(COMPLETE);
        *document.pointer_mut(place).expect("present") = wrong;
        assert!(!accepted(&document), "{place}");
    }
}

#[test]
fn the_blocking_rules_of_shipped_schemas_are_accepted_by_both() {
    for rule in Schema::built_in("customer.v1").expect("a shipped schema").blocking {
        let mut document = value(COMPLETE);
        document["match"]["blocking"] = json!([rule.to_string()]);
        assert!(accepted(&document), "{rule}");
    }
    assert!("whole:whole + second : year".parse::<BlockingRule>().is_ok());
}

fn provider(settings: Value) -> ProviderSettings {
    serde_json::from_value(settings).expect("valid")
}

#[test]
fn described_defaults_are_the_ones_that_the_types_take() {
    let (schema, mut minimal) = (schema(), value(COMPLETE));
    let root = minimal.as_object_mut().expect("an object");
    root.retain(|key, _| key == "name" || key == "sources");
    minimal["sources"][0].as_object_mut().expect("an object").remove("contract");
    let pipeline = Pipeline::parse("pipeline.yaml", &minimal.to_string()).expect("valid");
    let default = |place: &str| schema.pointer(place).expect("described")["default"].clone();
    assert_eq!(default("/properties/lake"), json!(pipeline.lake));
    assert_eq!(default("/properties/state"), json!(pipeline.state.file()));
    assert_eq!(default("/properties/keyring"), json!(pipeline.keyring.path));
    assert_eq!(default("/properties/schema"), json!(pipeline.schema));
    assert_eq!(default("/$defs/quarantine/properties/limit"), json!(pipeline.quarantine.limit));
    let variable: StateSettings = serde_json::from_value(json!({})).expect("valid");
    assert_eq!(default("/$defs/state/properties/url_variable"), json!(variable.variable()));
    assert_eq!(default("/$defs/keyring/properties/path"), json!(pipeline.keyring.path));
    assert_eq!(default("/$defs/keyring/properties/provider"), json!("plain"));
    let ProviderSettings::Passphrase(passphrase) = provider(json!({ "passphrase": {} })) else { panic!() };
    let ProviderSettings::Environment(environment) = provider(json!({ "environment": {} })) else { panic!() };
    let ProviderSettings::OpenBao(bao) = provider(json!({ "openbao": { "address": "a" } })) else { panic!() };
    let ProviderSettings::AwsKms(kms) = provider(json!({ "aws_kms": { "region": "r" } })) else { panic!() };
    let token = json!({ "pkcs11": { "module": "m", "token": "t" } });
    let ProviderSettings::Pkcs11(token) = provider(token) else { panic!() };
    for (object, key, taken) in [
        ("passphrase", "passphrase_variable", &passphrase.passphrase_variable),
        ("environment", "key_variable", &environment.key_variable),
        ("openbao", "mount", &bao.mount),
        ("openbao", "token_variable", &bao.token_variable),
        ("aws_kms", "access_key_id_variable", &kms.access_key_id_variable),
        ("aws_kms", "secret_access_key_variable", &kms.secret_access_key_variable),
        ("aws_kms", "session_token_variable", &kms.session_token_variable),
        ("pkcs11", "pin_variable", &token.pin_variable),
    ] {
        assert_eq!(default(&format!("/$defs/keyring_{object}/properties/{key}")), json!(taken), "{key}");
    }
    for prefix in [&bao.key_prefix, &kms.key_prefix, &token.key_prefix] {
        assert_eq!(default("/$defs/key_prefix"), json!(prefix.as_str()));
    }
    assert_eq!(default("/$defs/query/properties/memory_mib"), json!(pipeline.query.memory_mib));
    assert_eq!(default("/$defs/query/properties/temporary_mib"), json!(pipeline.query.temporary_mib));
    assert_eq!(default("/$defs/requests/properties/soon_days"), json!(pipeline.requests.soon_days));
    assert_eq!(
        default("/$defs/requests/properties/utc_offset"),
        json!(pipeline.requests.utc_offset.0.to_string())
    );
    let kept = &pipeline.retention;
    assert_eq!(default("/$defs/retention/properties/prospects"), json!(kept.prospects));
    assert_eq!(default("/$defs/retention/properties/customers"), json!(kept.customers));
    assert_eq!(default("/$defs/retention/properties/contacts"), json!(kept.contacts));
    let contract = &pipeline.sources[0].contract;
    assert_eq!(default("/$defs/contract/properties/max_field_bytes"), json!(contract.max_field_bytes));
}
