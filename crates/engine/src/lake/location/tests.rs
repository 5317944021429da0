use std::collections::BTreeMap;
use std::path::Path;

use url::Url;

use super::{LakeLocation, without_secrets};
use crate::engine::Access;

#[track_caller]
fn check(url: &str, shown: &str) {
    assert_eq!(without_secrets(&Url::parse(url).expect("a URL")).as_str(), shown);
}

#[test]
fn a_shown_url_has_no_credentials() {
    check("s3://key:secret@bucket/lake", "s3://bucket/lake");
    check("s3://token@bucket/lake", "s3://bucket/lake");
    check("https://store.example/lake?sig=secret#secret", "https://store.example/lake");
}

#[test]
fn the_container_of_azure_is_no_credential() {
    check(
        "abfss://lake:secret@account.dfs.core.windows.net/one",
        "abfss://lake@account.dfs.core.windows.net/one",
    );
}

#[test]
fn a_url_that_is_refused_is_told_without_credentials() {
    let refused = LakeLocation::parse(
        "gopher://key:secret@hole/lake",
        Path::new("/"),
        &BTreeMap::new(),
        Access::Preview,
    );
    let error = refused.err().expect("no object store speaks it");
    let chain = format!("{error} {:?}", std::error::Error::source(&error).map(ToString::to_string));
    assert!(chain.contains("gopher://hole/lake") && !chain.contains("secret"), "{chain}");
}
