use super::*;

#[test]
fn only_variables_of_object_stores_become_options_and_in_lower_case() {
    let variables = [("AWS_REGION", "eu-west-3"), ("AZURE_STORAGE_ACCOUNT_NAME", "silos"), ("PATH", "/bin")];
    let options = storage_options(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
    assert_eq!(
        options,
        BTreeMap::from([
            ("aws_region".to_owned(), "eu-west-3".to_owned()),
            ("azure_storage_account_name".to_owned(), "silos".to_owned()),
        ])
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_user_is_named_by_number() {
    let accounts = "root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000::/home/ada:/bin/sh\n";
    assert_eq!(account_name(accounts, 1000), Some("ada".to_owned()));
    assert_eq!(account_name(accounts, 1001), None);
}
