use super::*;

const MINIMAL: &str = "
name: shop
sources:
  - id: web
    path: web.csv
    format: delimited
    key: [id]
    columns:
      email: mail
      birth_date: { column: born, format: '%d/%m/%Y' }
";

#[test]
fn a_minimal_pipeline_gets_its_defaults() {
    let pipeline = Pipeline::parse("pipeline.yaml", MINIMAL).expect("valid");
    assert_eq!(pipeline.schema_of(&pipeline.sources[0]), "customer.v1");
    assert_eq!(pipeline.sources[0].contract.max_field_bytes, 65_536);
    assert_eq!(pipeline.sources[0].columns["birth_date"].format(), Some("%d/%m/%Y"));
}

#[test]
fn a_misspelt_key_is_told_with_its_line_and_the_nearest_valid_one() {
    let error = Pipeline::parse("pipeline.yaml", &MINIMAL.replace("format: delimited", "fromat: delimited"))
        .expect_err("misspelt");
    assert_eq!(error.to_string(), "pipeline.yaml:6:5: unknown key `fromat`, did you mean `format`?");
}

#[test]
fn a_threshold_outside_its_range_is_refused() {
    for threshold in ["0", "1", "1.5", ".nan"] {
        let text = format!("{MINIMAL}match: {{ threshold: {threshold} }}\n");
        let error = Pipeline::parse("pipeline.yaml", &text).expect_err(threshold);
        assert!(matches!(error, PipelineError::OutOfRange { .. }), "{threshold}: {error}");
    }
}

#[test]
fn an_unknown_source_in_the_priority_list_is_refused() {
    let text = format!("{MINIMAL}golden: {{ source_priority: [web, crm] }}\n");
    let error = Pipeline::parse("pipeline.yaml", &text).expect_err("crm is not defined");
    assert_eq!(
        error.to_string(),
        "pipeline.yaml: `golden.source_priority` names source `crm`, which is not defined"
    );
}

#[test]
fn the_audit_log_lies_beside_the_state_database_unless_set() {
    for (keys, folder) in [
        ("", "state/audit"),
        ("state: here.db\n", "audit"),
        ("state: /var/lib/vermeil/state.db\n", "/var/lib/vermeil/audit"),
        ("state: a/b.db\naudit: /mnt/worm\n", "/mnt/worm"),
        ("state: postgresql://db/crm\n", "state/audit"),
        ("state: {}\nkeyring: keys/ring.json\n", "keys/audit"),
    ] {
        let pipeline = Pipeline::parse("pipeline.yaml", &format!("{MINIMAL}{keys}")).expect("valid");
        assert_eq!(pipeline.audit_folder(), folder);
    }
}

#[test]
fn the_state_database_is_a_file_or_at_a_server() {
    let file = |path: &str| StateSettings::File(path.to_owned());
    let url = |url: &str| StateSettings::Url(url.to_owned());
    let variable = |name: &str| StateSettings::UrlVariable(name.to_owned());
    for (key, expected) in [
        ("", file("state/vermeil.db")),
        ("state: here.db", file("here.db")),
        (
            "state: postgresql://me@db:5433/crm?sslmode=require",
            url("postgresql://me@db:5433/crm?sslmode=require"),
        ),
        ("state: postgres:///crm?host=/run/pg", url("postgres:///crm?host=/run/pg")),
        ("state: {}", variable("VERMEIL_STATE_URL")),
        ("state: { url_variable: S }", variable("S")),
    ] {
        let pipeline = Pipeline::parse("pipeline.yaml", &format!("{MINIMAL}{key}\n")).expect(key);
        assert_eq!(pipeline.variables(), expected.variable().into_iter().collect::<Vec<_>>(), "{key}");
        assert_eq!(pipeline.state, expected, "{key}");
    }
}

#[test]
fn a_password_in_the_file_is_refused_and_not_repeated() {
    for url in [
        "postgresql://me:sesame@db/crm",
        "postgres://:sesame@db/crm",
        "postgresql://db/crm?user=me&password=sesame",
        "postgresql://me:ses?same@db/crm",
    ] {
        let text = format!("{MINIMAL}state: \"{url}\"\n");
        let error = Pipeline::parse("pipeline.yaml", &text).expect_err(url);
        assert!(error.to_string().contains("url_variable"), "{error}");
        assert!(!error.to_string().contains("same") && !error.to_string().contains("ses?"), "{error}");
    }
}

#[test]
fn roles_of_former_files_are_told_as_the_policies_that_replace_them() {
    let roles = "roles:\n  analyst: {}\n  agent: { care: [contact, identifier], rest: [] }\n";
    let error = Pipeline::parse("pipeline.yaml", &format!("{MINIMAL}{roles}")).expect_err("roles have moved");
    let PipelineError::RolesMoved { policies, .. } = error else { panic!("{error}") };
    assert_eq!(
        policies,
        r#"// policies/names.cedarschema
entity Role enum ["agent", "analyst"];
entity Purpose enum ["care", "rest"];

// policies/access.cedar
permit (principal, action == Action::"read", resource);
permit (principal in Role::"agent", action == Action::"open", resource)
when { resource in [FieldClass::"identifier", FieldClass::"contact"] && context.purpose == Purpose::"care" };
"#
    );
}

#[test]
fn a_key_that_never_was_one_is_no_former_role() {
    let error = Pipeline::parse("pipeline.yaml", &format!("{MINIMAL}rolls: {{}}\n")).expect_err("misspelt");
    assert!(matches!(error, PipelineError::Yaml(_)), "{error}");
}

#[track_caller]
fn check_keyring(keyring: &str, told: &str) {
    let error =
        Pipeline::parse("pipeline.yaml", &format!("{MINIMAL}keyring:\n  {keyring}\n")).expect_err(keyring);
    assert!(error.to_string().contains(told), "{error}");
}

#[test]
fn a_wrong_key_or_provider_of_a_keyring_is_told_with_its_line() {
    check_keyring("pth: k.json", "pipeline.yaml:12:3: unknown key `pth`, did you mean `path`?");
    check_keyring(
        "provider: { openbao: { adress: a } }",
        "pipeline.yaml:12:26: unknown key `adress`, did you mean `address`?",
    );
    check_keyring("provider: { vault: {} }", "pipeline.yaml:12");
    check_keyring("provider: { openbao: { address: a, key_prefix: a/b } }", "a key prefix is 1 to 40");
}
