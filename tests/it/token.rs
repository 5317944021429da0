//! Handing out tokens for the services, and taking them back.

use serde_json::json;

use crate::pipeline::silos;

#[test]
fn a_token_is_shown_once_and_worth_nothing_once_revoked() {
    let workspace = silos();
    workspace.land_and_publish();
    let created = workspace.json(&["token", "create", "--actor", "ada", "--role", "agent"]);
    let secret = created["secret"].as_str().expect("a secret").to_owned();
    assert_eq!((&created["status"], &created["role"]), (&json!("valid"), &json!("agent")));
    let bearer = || {
        let found = workspace.with_engine(async |engine| engine.authenticate_token(&secret).await);
        found.expect("the state database").map(|identity| (identity.actor, identity.role.0))
    };
    assert_eq!(bearer(), Some(("ada".to_owned(), "agent".to_owned())));

    let number = created["token"].to_string();
    assert_eq!(workspace.json(&["token", "revoke", &number])["status"], "revoked");
    assert_eq!(bearer(), None);
    let again = workspace.run(&["token", "revoke", &number]);
    assert_eq!(again.code, 2, "{}", again.stderr);

    for listed in [workspace.run(&["token", "ls"]), workspace.run(&["token", "ls", "--format", "json"])] {
        assert_eq!(listed.code, 0, "{}", listed.stderr);
        assert!(listed.stdout.contains("revoked") && listed.stdout.contains("ada"), "{}", listed.stdout);
        assert!(!listed.stdout.contains(&secret), "a secret was shown again");
    }
    let digits = secret.trim_start_matches("vermeil_").as_bytes();
    for (path, content) in workspace.content_of("state") {
        assert!(!content.windows(digits.len()).any(|window| window == digits), "in {}", path.display());
    }
    for action in ["token-create", "token-revoke"] {
        let announced = workspace.audited(action);
        let (_, outcome) = announced.first().expect("announced");
        assert_eq!(outcome.as_ref().expect("concluded")["status"], "done", "{action}");
    }
}

#[test]
fn a_token_is_for_a_declared_role() {
    let workspace = silos();
    workspace.land_and_publish();
    let refused = workspace.run(&["token", "create", "--actor", "ada", "--role", "king"]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(workspace.json_lines(&["token", "ls"]).is_empty());
}

#[test]
fn for_scripts_the_secret_stands_alone_on_standard_output() {
    let workspace = silos();
    workspace.land_and_publish();
    let created =
        workspace.run(&["token", "create", "--actor", "ada", "--role", "dpo", "--expires-in", "30"]);
    assert_eq!(created.code, 0, "{}", created.stderr);
    assert!(created.stdout.starts_with("vermeil_") && created.stdout.lines().count() == 1);
    assert!(!created.stderr.contains(created.stdout.trim_end()));
    let [token] = workspace.json_lines(&["token", "ls"]).try_into().expect("one token");
    assert!(
        token["expires_at"].as_str().expect("a moment") > token["created_at"].as_str().expect("a moment")
    );
}
