//! Answers that people take away with a link: once, whole, and as they were signed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Answer, Served, client, published, send};
use crate::common::{Workspace, runtime};
use crate::erase::{erased, found_in};
use crate::pipeline::{person, profile_of, silos};

/// A request of whoever is `number`, of whom it is sure who they are; its address.
#[track_caller]
fn verified(served: &Served, token: &str, kind: &str, number: usize) -> String {
    let body = json!({ "kind": kind, "identifiers": { "email": person(number).email } });
    let opened = served.post("/v1/requests", token, &body).expect(201);
    let address = format!("/v1/requests/{}", opened["number"]);
    served.post(&format!("{address}/verify"), token, &json!({ "method": "session" })).expect(200);
    address
}

#[track_caller]
fn link(served: &Served, token: &str, address: &str, wanted: &Value) -> String {
    let given = served.post(&format!("{address}/downloads"), token, wanted).expect(201);
    given["link"].as_str().expect("a link").to_owned()
}

fn open(served: &Served, link: &str, language: &str) -> Answer {
    send(client().get(served.url(link)).header("accept-language", language))
}

/// Presses the button of the page that a link leads to.
fn take(served: &Served, link: &str) -> (u16, String, Vec<u8>) {
    runtime().block_on(async {
        let answer = client().post(served.url(link)).send().await.expect("an answer");
        let kind = answer.headers()["content-type"].to_str().expect("ASCII").to_owned();
        (answer.status().as_u16(), kind, answer.bytes().await.expect("a body").to_vec())
    })
}

/// The files of an archive, unpacked by others, in a folder.
#[track_caller]
fn unpacked(workspace: &Workspace, archive: &[u8], folder: &str) -> std::path::PathBuf {
    workspace.write("answer.zip", archive);
    let to = workspace.file(folder);
    let ended = Command::new("python3")
        .args(["-m", "zipfile", "-e"])
        .args([&workspace.file("answer.zip"), &to])
        .status()
        .expect("Python starts");
    assert!(ended.success(), "no archive");
    std::fs::remove_file(workspace.file("answer.zip")).expect("removed");
    to
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("a file")
}

#[test]
fn an_answer_is_taken_away_once_whole_and_as_it_was_signed() {
    let workspace = published();
    let [ada, ann] = [("ada", "dpo"), ("ann", "agent")].map(|(actor, role)| workspace.token(actor, role));
    let served = Served::start(&workspace);
    let address = verified(&served, &ada, "access", 5);
    let refused = served.post(&format!("{address}/downloads"), &ann, &json!({}));
    assert_eq!(refused.problem(403).1.as_deref(), Some("role-not-for-endpoint"));
    let link = link(&served, &ada, &address, &json!({ "language": "en" }));
    let run = |status| served.post(&format!("{address}/run"), &ada, &json!({})).problem(status).1;
    assert_eq!(run(409).as_deref(), Some("download-not-taken"));

    // Whoever opens every link in a mail uses nothing up.
    for language in ["en", "fr", "fr-FR, en;q=0.5"] {
        let page = open(&served, &link, language);
        assert_eq!(page.status, 200);
        assert_eq!(page.header("content-language"), &language[..2]);
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
        assert_eq!(
            (page.header("referrer-policy"), page.header("cache-control")),
            ("no-referrer", "no-store")
        );
        assert!(
            page.text.contains("<form method=\"post\">") && !page.text.contains("<script"),
            "{}",
            page.text
        );
        assert!(!page.text.contains("http://") && !page.text.contains("https://"), "{}", page.text);
    }
    let (status, kind, archive) = take(&served, &link);
    assert_eq!((status, kind.as_str()), (200, "application/zip"));
    let folder = unpacked(&workspace, &archive, "taken");
    let data: Value = serde_json::from_str(&read(&folder, "data.json")).expect("JSON");
    assert_eq!(data["records"].as_array().expect("records").len(), 3);
    assert!(read(&folder, "letter.html").contains("Dear Sir or Madam"));
    assert!(read(&folder, "data.csv").contains(&person(5).email));
    let key = workspace.run(&["audit", "key"]).stdout;
    let package = folder.to_str().expect("UTF-8");
    let manifest = workspace.json(&["prove", "--package", package, "--public-key", key.trim()]);
    assert_eq!((&manifest["kind"], manifest["files"].as_array().map(Vec::len)), (&json!("access"), Some(3)));

    let (status, kind, page) = take(&served, &link);
    assert_eq!((status, kind.as_str()), (404, "text/html; charset=utf-8"), "it works once");
    assert!(String::from_utf8(page).expect("UTF-8").contains("not valid"));
    let ended = served.post(&format!("{address}/run"), &ada, &json!({})).expect(200);
    assert_eq!(ended["state"], "completed", "{ended}");
    assert_eq!(served.post(&format!("{address}/downloads"), &ada, &json!({})).problem(409).0, "conflict");
    assert_eq!(workspace.state("SELECT count(*) FROM key_pages WHERE owner = 'request/1'"), 0);
}

#[test]
fn who_was_cut_off_is_given_another_link_and_the_old_one_is_worth_nothing() {
    let workspace = silos();
    // More than fits into what systems keep of a connection that nobody reads.
    let orders: String =
        (0..20_000).map(|number| format!("C{number};order;2024-05-11T09:30:00Z;1,50;S6;Colis\n")).collect();
    workspace.append("data/orders.csv", orders);
    workspace.land_and_publish();
    let ada = workspace.token("ada", "dpo");
    let served = Served::start(&workspace);
    let address = verified(&served, &ada, "access", 6);
    let torn = link(&served, &ada, &address, &json!({}));
    // Gone in the midst of the answer.
    let mut caller = TcpStream::connect(&served.address).expect("connected");
    let asked = format!("POST {torn} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n");
    caller.write_all(asked.as_bytes()).expect("sent");
    caller.read_exact(&mut [0; 1000]).expect("the answer begins");
    drop(caller);
    let taken = "SELECT count(*) FROM downloads WHERE taken_at IS NOT NULL AND delivered_at IS NULL";
    let started = Instant::now();
    while workspace.state(taken) == 0 {
        assert!(started.elapsed() < Duration::from_secs(30), "it is not used up");
        std::thread::sleep(Duration::from_millis(50));
    }
    let state = served.get(&address, &ada).expect(200);
    assert_eq!((&state["state"], &state["steps"][0]["ended_at"]), (&json!("in_progress"), &Value::Null));
    assert_eq!(take(&served, &torn).0, 404);

    let replaced = link(&served, &ada, &address, &json!({}));
    let last = link(&served, &ada, &address, &json!({ "hours": 1 }));
    assert_eq!(take(&served, &replaced).0, 404, "another was given");
    let (status, _, archive) = take(&served, &last);
    assert_eq!(status, 200);
    let folder = unpacked(&workspace, &archive, "taken");
    let data: Value = serde_json::from_str(&read(&folder, "data.json")).expect("JSON");
    assert_eq!(data["events"].as_array().expect("events").len(), 20_001);
    assert_eq!(served.post(&format!("{address}/run"), &ada, &json!({})).expect(200)["state"], "completed");
}

#[test]
fn a_link_expires_and_ends_with_its_request() {
    let workspace = published();
    workspace.append("pipeline.yaml", "service: { public_url: \"https://vie-privee.example/\" }\n");
    let ada = workspace.token("ada", "dpo");
    let served = Served::start(&workspace);
    let address = verified(&served, &ada, "access", 7);
    let number = address.rsplit('/').next().expect("a number");
    // As the command line gives it.
    let given = workspace.json(&["request", "link", number, "--hours", "5", "--letter", "fr"]);
    let link = given["link"].as_str().expect("a link");
    let link = link.strip_prefix("https://vie-privee.example").expect("as it is called from outside");
    assert_eq!(workspace.state("UPDATE downloads SET expires_at = 1 RETURNING download"), 1);
    assert_eq!(take(&served, link).0, 404, "it has expired");

    let link = self::link(&served, &ada, &address, &json!({}));
    let link = link.strip_prefix("https://vie-privee.example").expect("as it is called from outside");
    erased(&workspace, &profile_of(&workspace, "shop", "S7"));
    assert_eq!(take(&served, link).0, 404, "there is nobody left to answer");
    assert_eq!(open(&served, link, "fr").status, 200, "the page tells nothing of it");
}

#[test]
fn guessing_links_is_slowed_down_and_nothing_of_them_is_logged() {
    let workspace = published();
    let ada = workspace.token("ada", "dpo");
    let served = Served::start_with(&workspace, &["-vvv"]);
    let address = verified(&served, &ada, "access", 8);
    let link = link(&served, &ada, &address, &json!({}));
    let guesses: Vec<u16> =
        (0..60).map(|number| take(&served, &format!("/download/vermeil_{number:064x}")).0).collect();
    assert_eq!(guesses[0], 404);
    assert!(guesses.contains(&429), "{guesses:?}");
    let told = send(client().post(served.url("/download/vermeil_0")));
    assert_eq!((told.status, told.header("content-type")), (429, "text/html; charset=utf-8"));
    assert!(!told.header("retry-after").is_empty());
    assert_eq!(take(&served, &link).0, 200, "the right one is not slowed down");
    assert_eq!(served.terminate(), 0);
    workspace.write("told/serve.log", workspace.log());
    let secret = link.rsplit('/').next().expect("a token").to_owned();
    let canaries = [secret, person(8).email, person(8).street];
    assert_eq!(found_in(&workspace, "told", &canaries), Vec::<String>::new());
    assert_eq!(found_in(&workspace, "state", &canaries), Vec::<String>::new());
}

#[test]
fn only_access_and_portability_are_answered_with_something_to_take() {
    let workspace = published();
    let ada = workspace.token("ada", "dpo");
    let served = Served::start(&workspace);
    let address = verified(&served, &ada, "objection", 3);
    let refused = served.post(&format!("{address}/downloads"), &ada, &json!({}));
    assert_eq!(refused.problem(422).1.as_deref(), Some("download-nothing-to-take"));
    let unsure = json!({ "kind": "access", "identifiers": { "email": person(3).email } });
    let unsure = served.post("/v1/requests", &ada, &unsure).expect(201);
    let refused = served.post(&format!("/v1/requests/{}/downloads", unsure["number"]), &ada, &json!({}));
    assert_eq!(refused.problem(409).0, "conflict", "it is not sure who asks");
}
