//! Tokens of an issuer of OpenID Connect: taken as far as the issuer vouches for them, and no further.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Served, published};
use crate::common::Workspace;
use crate::python::Python;

/// An issuer that ends with its test.
struct Issuer {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
    address: String,
}

impl Issuer {
    fn start(python: &Python) -> Self {
        let mut script = python.script("oidc_issuer.py");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
        let asked = child.stdin.take().expect("a pipe");
        let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let address = line(&mut answers);
        Self { child, asked, answers, address }
    }

    /// A token, and how often keys were asked for.
    fn token_and_count(&mut self, wanted: &Value) -> (String, u64) {
        writeln!(self.asked, "{wanted}").expect("it listens");
        let answer = line(&mut self.answers);
        let (token, count) = answer.rsplit_once(' ').expect("two words");
        (token.to_owned(), count.parse().expect("a count"))
    }

    fn token(&mut self, wanted: Value) -> String {
        self.token_and_count(&wanted).0
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(answers: &mut impl BufRead) -> String {
    let mut line = String::new();
    answers.read_line(&mut line).expect("an answer");
    line.trim_end().to_owned()
}

/// A pipeline that has run and takes the word of an issuer.
fn trusting(issuer: &str) -> Workspace {
    let workspace = published();
    let roles = "roles: { shop-care: agent }";
    workspace.append(
        "pipeline.yaml",
        format!("oidc: {{ issuer: \"{issuer}\", audience: vermeil, role_claim: role, {roles} }}\n"),
    );
    workspace
}

#[test]
fn whom_a_provider_vouches_for_is_let_in() {
    let Some(python) = Python::find() else { return };
    let mut script = python.script("oidc_provider.py");
    let pipes = script.arg("agent").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut provider = pipes.spawn().expect("Python starts");
    let told = line(&mut BufReader::new(provider.stdout.take().expect("a pipe")));
    let told: Value = serde_json::from_str(&told).expect("one object");
    let workspace = trusting(told["issuer"].as_str().expect("an address"));
    let served = Served::start(&workspace);
    let known = served.get("/v1/whoami", told["id_token"].as_str().expect("a token")).expect(200);
    assert_eq!(known, json!({ "actor": "ada", "role": "agent", "kind": "agent" }));
    // It ends when nobody holds its input any more.
    drop(provider.stdin.take());
    provider.wait().expect("it ends");
}

#[test]
fn a_token_that_anybody_could_have_made_is_refused() {
    let Some(python) = Python::find() else { return };
    let mut issuer = Issuer::start(&python);
    let workspace = trusting(&issuer.address);
    workspace.append("pipeline.yaml", "service: { wrong_credentials_per_minute: 1000 }\n");
    let served = Served::start(&workspace);
    let claims = |name: &str, value: Value| {
        let mut claims = json!({ "role": "agent" });
        claims[name] = value;
        json!({ "claims": claims })
    };
    let sound = issuer.token(claims("sub", json!("ada")));
    assert_eq!(served.get("/v1/whoami", &sound).expect(200)["actor"], "ada");
    let with =
        |header: Value, key: &str| json!({ "claims": { "role": "agent" }, "header": header, "key": key });
    let now = chrono::Utc::now().timestamp();
    for (what, wanted) in [
        ("no signature", with(json!({ "alg": "none" }), "none")),
        ("an empty signature", with(json!({}), "none")),
        ("the public key as a secret", with(json!({ "alg": "HS256" }), "public")),
        ("another's key under the same name", with(json!({}), "stranger")),
        ("an unknown key", with(json!({ "kid": "k99" }), "stranger")),
        ("another algorithm than the key's", with(json!({ "alg": "PS256" }), "current")),
        ("another audience", claims("aud", json!("shop"))),
        ("no audience", claims("aud", Value::Null)),
        ("another issuer", claims("iss", json!("https://login.example.org"))),
        ("no issuer", claims("iss", Value::Null)),
        ("expired", claims("exp", json!(now - 120))),
        ("without an end", claims("exp", Value::Null)),
        ("not yet", claims("nbf", json!(now + 120))),
    ] {
        let token = issuer.token(wanted);
        assert_eq!(served.get("/v1/whoami", &token).problem(401).0, "unauthenticated", "{what}");
    }
    let (head, tail) = sound.rsplit_once('.').expect("three parts");
    assert_eq!(served.get("/v1/whoami", &format!("{head}x.{tail}")).status, 401);
    for nonsense in ["a.b.c", "..", "eyJhbGciOiJub25lIn0..", "vermeil_.x.y"] {
        assert_eq!(served.get("/v1/whoami", nonsense).status, 401, "{nonsense}");
    }
    assert!(!workspace.log().contains(tail), "a token stands in the log");
}

#[test]
fn a_role_is_one_and_known_here() {
    let Some(python) = Python::find() else { return };
    let mut issuer = Issuer::start(&python);
    let workspace = trusting(&issuer.address);
    let served = Served::start(&workspace);
    let mut asked = |role: Value| {
        let token = issuer.token(json!({ "claims": { "role": role } }));
        served.get("/v1/whoami", &token)
    };
    assert_eq!(asked(json!("shop-care")).expect(200)["role"], "agent");
    assert_eq!(asked(json!(["everyone", "dpo"])).expect(200)["role"], "dpo");
    for (role, code) in [
        (json!("king"), "token-without-role"),
        (Value::Null, "token-without-role"),
        (json!({ "dpo": true }), "token-without-role"),
        (json!(["dpo", "shop-care"]), "token-of-several-roles"),
    ] {
        assert_eq!(asked(role.clone()).problem(403).1.as_deref(), Some(code), "{role}");
    }
}

#[test]
fn new_keys_are_fetched_and_nonsense_fetches_none() {
    let Some(python) = Python::find() else { return };
    let mut issuer = Issuer::start(&python);
    let workspace = trusting(&issuer.address);
    workspace.append("pipeline.yaml", "service: { wrong_credentials_per_minute: 1000 }\n");
    let served = Served::start(&workspace);
    let agent = json!({ "claims": { "role": "agent" } });
    let old = issuer.token(agent.clone());
    assert_eq!(served.get("/v1/whoami", &old).status, 200);
    for number in 0..50 {
        let nonsense = issuer.token(json!({ "header": { "kid": format!("n{number}") }, "key": "none" }));
        assert_eq!(served.get("/v1/whoami", &nonsense).status, 401);
    }
    let (new, asked) = issuer.token_and_count(&json!({ "claims": { "role": "agent" }, "rotate": true }));
    assert!(asked <= 3, "{asked} questions for 50 pieces of nonsense");
    let started = Instant::now();
    while served.get("/v1/whoami", &new).status != 200 {
        assert!(started.elapsed() < Duration::from_secs(30), "the new key is not taken");
        std::thread::sleep(Duration::from_millis(250));
    }
    assert_eq!(served.get("/v1/whoami", &old).status, 401, "the old key is published no more");
}

#[test]
fn without_its_issuer_a_service_knows_whom_it_knew_and_nobody_new() {
    let Some(python) = Python::find() else { return };
    let mut issuer = Issuer::start(&python);
    let workspace = trusting(&issuer.address);
    let ours = workspace.token("grace", "dpo");
    let served = Served::start(&workspace);
    let token = issuer.token(json!({ "claims": { "role": "agent" } }));
    assert_eq!(served.get("/v1/whoami", &token).status, 200);
    issuer.token(json!({ "away": true }));
    assert_eq!(served.get("/v1/whoami", &token).status, 200);
    let fresh = Served::start(&workspace);
    let refused = fresh.get("/v1/whoami", &token);
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(refused.problem(503).1.as_deref(), Some("issuer-unreachable"));
    assert_eq!(fresh.get("/v1/whoami", &ours).status, 200, "our own tokens need no issuer");
}

#[test]
fn an_issuer_that_anybody_on_the_way_could_be_is_refused() {
    let workspace = trusting("http://login.example.org");
    let refused = workspace.run(&["serve", "--http", "127.0.0.1:0"]);
    assert!(refused.code == 2 && refused.stderr.contains("oidc.issuer"), "{}", refused.stderr);
}
