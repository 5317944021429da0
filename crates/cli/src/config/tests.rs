use super::*;
use crate::args::LogFormat;
use crate::language::{Catalog, Language};

const ONE_SOURCE: &str = "
name: shop
sources:
  - id: crm
    path: crm.csv
    format: delimited
    key: [id]
    columns: { email: mail }
";

fn load_text(text: &str) -> Result<EngineConfig, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(PIPELINE_FILE), text).unwrap();
    load(folder.path(), BTreeMap::new()).map_err(|failure| told(&failure))
}

fn told(failure: &Failure) -> String {
    failure.tell(&Catalog::new(Language::English), LogFormat::Text).unwrap()
}

#[test]
fn a_pipeline_is_found_by_its_folder_or_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(PIPELINE_FILE);
    std::fs::write(&file, ONE_SOURCE).unwrap();
    for place in [folder.path(), file.as_path()] {
        let config = load(place, BTreeMap::new()).unwrap();
        assert_eq!(config.base, folder.path());
        assert_eq!(config.schemas.keys().collect::<Vec<_>>(), ["customer.v1"]);
    }
}

#[test]
fn a_folder_without_a_pipeline_leads_to_init() {
    let folder = tempfile::tempdir().unwrap();
    let failure = load(folder.path(), BTreeMap::new()).map(|_| ()).unwrap_err();
    let told = told(&failure);
    assert!(told.contains("vermeil init"), "{told}");
}

#[test]
fn an_unknown_schema_is_told_with_the_shipped_ones() {
    let told = load_text(&format!("schema: costumer.v1\n{ONE_SOURCE}")).map(|_| ()).unwrap_err();
    assert!(told.contains("there is no schema `costumer.v1`"), "{told}");
    assert!(told.contains("customer.v1, event.v1"), "{told}");
}

#[test]
fn a_schema_may_be_a_file_beside_the_pipeline() {
    let folder = tempfile::tempdir().unwrap();
    let schema =
        "name: pet\nversion: 1\nkind: record\nfields:\n  - { name: species, type: text, class: plain }\n";
    std::fs::write(folder.path().join("pet.yaml"), schema).unwrap();
    let text = format!("schema: pet.yaml\n{ONE_SOURCE}");
    std::fs::write(folder.path().join(PIPELINE_FILE), text).unwrap();
    let config = load(folder.path(), BTreeMap::new()).unwrap();
    assert_eq!(config.schemas["pet.yaml"].id(), "pet.v1");
}

#[test]
fn a_misspelt_key_is_told_with_the_nearest() {
    let told = load_text(&ONE_SOURCE.replace("format:", "fromat:")).map(|_| ()).unwrap_err();
    assert!(told.contains("did you mean `format`?"), "{told}");
}

#[test]
fn policies_lie_beside_the_pipeline_and_count_together() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(PIPELINE_FILE), ONE_SOURCE).unwrap();
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(folder.path().join(FOLDER)).unwrap();
        std::fs::write(folder.path().join(FOLDER).join(name), text).unwrap();
    };
    let loaded = || load(folder.path(), BTreeMap::new()).map(|config| config.policy);
    assert!(loaded().unwrap().roles().is_empty());
    write(NAMES_FILE, "entity Role enum [\"reader\"];");
    write("a.cedar", "permit (principal, action, resource);");
    write("README.md", "not a policy");
    assert_eq!(loaded().unwrap().roles().len(), 1);
    write("b.cedar", "permit (principal in Role::\"raeder\", action, resource);");
    let told = told(&loaded().unwrap_err());
    let place = folder.path().join(FOLDER).join("b.cedar").display().to_string();
    assert!(told.contains(&format!("{place}:1:22: there is no Role::\"raeder\"")), "{told}");
    assert!(told.contains("did you mean Role::\"reader\"?"), "{told}");
    let (config, errors) = load_to_check(folder.path(), BTreeMap::new()).unwrap();
    assert!(errors.is_some() && config.policy.roles().is_empty(), "nothing is permitted meanwhile");
}

#[test]
fn roles_of_a_former_pipeline_file_are_told_as_policies() {
    let text = format!("{ONE_SOURCE}roles:\n  dpo: {{ rights: [contact] }}\n");
    let told = load_text(&text).map(|_| ()).unwrap_err();
    assert!(told.contains("`roles` is now written as policies"), "{told}");
    assert!(
        told.contains("permit (principal in Role::\"dpo\", action == Action::\"open\", resource)"),
        "{told}"
    );
}
