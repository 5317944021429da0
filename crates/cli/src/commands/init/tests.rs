use super::*;
use vermeil_model::Pipeline;

#[test]
fn a_new_pipeline_is_valid_and_named_after_its_folder() {
    let text = pipeline_for(Path::new("/srv/Ma Boutique"));
    assert!(text.starts_with("# A pipeline on invented customers."));
    assert!(!text.contains("vermeil demo"), "the demo's heading is gone");
    assert_eq!(Pipeline::parse(PIPELINE_FILE, &text).unwrap().name, "ma-boutique");
}

#[test]
fn a_folder_whose_name_names_no_tenant_gets_a_plain_one() {
    assert_eq!(tenant_name("2024"), "customers");
    assert_eq!(tenant_name("..."), "customers");
    assert_eq!(tenant_name("crm_2024"), "crm-2024");
}

#[test]
fn only_an_empty_or_missing_folder_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!holds_anything(folder.path()).unwrap());
    assert!(!holds_anything(&folder.path().join("new")).unwrap());
    let file = folder.path().join("note.txt");
    std::fs::write(&file, "mine").unwrap();
    assert!(holds_anything(folder.path()).unwrap());
    assert!(holds_anything(&file).unwrap());
}
