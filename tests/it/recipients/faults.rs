//! Recipients that do not do their part: down, slow, wrong, leading elsewhere, or inside.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::server::{Mailer, Manner};
use super::{certified, exported, retried, standing, telling, told, webhook};
use crate::common::Workspace;
use crate::erase::approved;
use crate::pipeline::profile_of;
use crate::python::{Python, answer};

/// An erasure of which recipient `name` is to be told; carried out as far as that allows.
#[track_caller]
fn begun(recipients: &str, name: &str) -> (Workspace, i64) {
    let workspace = telling(recipients);
    exported(&workspace, name, "a.csv");
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S8"));
    told(&workspace, &["erase", "run", &number.to_string()]);
    (workspace, number)
}

#[track_caller]
fn pending(workspace: &Workspace) -> Value {
    let mut all = workspace.json_lines(&["recipients", "pending"]);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn a_recipient_that_fails_is_told_again_with_the_same_message_until_it_answers() {
    let mailer = Mailer::start(Manner::Answer(503));
    let elsewhere = Mailer::start(Manner::Answer(200));
    let (workspace, number) = begun(&webhook("mailer", &mailer), "mailer");
    let first = pending(&workspace);
    assert_eq!((&first["code"], &first["attempts"]), (&json!("status-503"), &json!(1)));
    assert!(first["next_at"].as_str() > first["made_at"].as_str(), "{first}");
    // Its time has not come: the service would leave it alone.
    told(&workspace, &["recipients", "retry", "--due"]);
    assert_eq!(mailer.letters().len(), 1);
    for (tries, manner, code) in [
        (2, Manner::Redirect(elsewhere.url()), "status-307"),
        (3, Manner::Talk, "answer-too-long"),
        (4, Manner::Answer(404), "status-404"),
    ] {
        mailer.behave(manner);
        let report = retried(&workspace);
        assert_eq!(report["tried"], 1, "{report}");
        let one = pending(&workspace);
        assert_eq!((&one["code"], &one["attempts"]), (&json!(code), &json!(tries)));
        assert_eq!(standing(&workspace, number).0, "running");
        assert_eq!(workspace.run(&["erase", "certificate", &number.to_string()]).code, 2, "no certificate");
    }
    assert!(elsewhere.letters().is_empty(), "a redirection was followed");
    mailer.behave(Manner::Answer(204));
    assert_eq!(retried(&workspace)["completed"], json!([number]));
    let letters = mailer.letters();
    assert_eq!(letters.len(), 5);
    for letter in &letters {
        assert_eq!(letter.header("webhook-id"), letters[0].header("webhook-id"));
        assert_eq!(letter.body, letters[0].body);
    }
    assert_eq!(certified(&workspace, number), [("mailer".to_owned(), true)]);
}

#[test]
fn a_recipient_that_hangs_or_is_down_keeps_no_other_from_being_told() {
    let (hanging, quick) = (Mailer::start(Manner::Hang), Mailer::start(Manner::Answer(200)));
    let port = TcpListener::bind("127.0.0.1:0").and_then(|gone| gone.local_addr()).expect("a port").port();
    let down = format!(
        "  down: {{ webhook: {{ url: \"http://127.0.0.1:{port}/\", secret_variable: MAILER_SECRET, network: inside }} }}\n"
    );
    let workspace = telling(&(webhook("hanging", &hanging) + &webhook("quick", &quick) + &down));
    for (name, file) in [("hanging", "a.csv"), ("quick", "b.csv"), ("down", "c.csv")] {
        exported(&workspace, name, file);
    }
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S8"));
    told(&workspace, &["erase", "run", &number.to_string()]);
    let state = |name: &str, state: &str| (name.to_owned(), state.to_owned());
    let states = [state("down", "pending"), state("hanging", "pending"), state("quick", "answered")];
    assert_eq!(standing(&workspace, number), ("running".to_owned(), states.to_vec()));
    let codes: Vec<Value> =
        workspace.json_lines(&["recipients", "pending"]).iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, [json!("unreachable"), json!("timeout")]);
}

#[test]
fn who_never_answers_stands_on_the_certificate() {
    let mailer = Mailer::start(Manner::Answer(500));
    let (workspace, number) = begun(&webhook("mailer", &mailer), "mailer");
    // The last day goes by.
    workspace.change_state("UPDATE notices SET due_at = made_at");
    let report = told(&workspace, &["recipients", "retry", "--due"]);
    assert_eq!(report["completed"], json!([number]), "{report}");
    assert_eq!(mailer.letters().len(), 2, "it is told once more before it is given up");
    assert_eq!(certified(&workspace, number), [("mailer".to_owned(), false)]);
    assert_eq!(standing(&workspace, number).1, [("mailer".to_owned(), "unanswered".to_owned())]);
    assert_eq!(workspace.state("SELECT count(*) FROM notices WHERE kit IS NOT NULL"), 0);
    let listed = workspace.json_lines(&["recipients", "ls"]);
    assert_eq!((&listed[0]["recipient"], &listed[0]["unanswered"]), (&json!("mailer"), &json!(1)));
}

#[test]
fn a_message_is_not_brought_inside_nor_without_its_secret() {
    let mailer = Mailer::start(Manner::Answer(200));
    let public = mailer.url().replace("http://127.0.0.1", "https://localhost");
    let recipient =
        format!("  mailer: {{ webhook: {{ url: \"{public}\", secret_variable: MAILER_SECRET }} }}\n");
    let (workspace, _) = begun(&recipient, "mailer");
    assert_eq!(pending(&workspace)["code"], "inside");
    workspace.edit("pipeline.yaml", &public, "https://169.254.169.254/latest");
    retried(&workspace);
    assert_eq!(pending(&workspace)["code"], "inside");
    workspace.edit("pipeline.yaml", "https://169.254.169.254/latest", &mailer.url());
    retried(&workspace);
    assert_eq!(pending(&workspace)["code"], "address");
    workspace.edit("pipeline.yaml", "MAILER_SECRET }", "MAILER_SECRET, network: inside }");
    workspace.json(&["recipients", "retry"]);
    assert_eq!(pending(&workspace)["code"], "secret-missing");
    assert!(mailer.letters().is_empty());
    retried(&workspace);
    assert_eq!(mailer.letters().len(), 1);
    assert!(workspace.json_lines(&["recipients", "pending"]).is_empty());
}

#[test]
fn a_server_is_believed_by_the_authority_that_the_pipeline_names() {
    let Some(python) = Python::find() else { return };
    let made = answer(&mut python.script("certificate.py"), "");
    let folder = Workspace::new("");
    for part in ["certificate", "key"] {
        folder.write(&format!("{part}.pem"), made[part].as_str().expect("PEM"));
    }
    let port = TcpListener::bind("127.0.0.1:0").and_then(|gone| gone.local_addr()).expect("a port").port();
    let mut server = python.script("webhook_server.py");
    let mut server = server
        .args([&port.to_string(), folder.file("certificate.pem").to_str().expect("UTF-8")])
        .arg(folder.file("key.pem"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("python");
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(server.stdout.as_mut().expect("a pipe")),
        &mut String::new(),
    )
    .expect("it listens");
    let recipient = format!(
        "  mailer: {{ webhook: {{ url: \"https://localhost:{port}/\", secret_variable: MAILER_SECRET, network: inside, authority: authority.pem }} }}\n"
    );
    let workspace = telling(&recipient);
    workspace.write("authority.pem", made["stranger"].as_str().expect("PEM"));
    exported(&workspace, "mailer", "a.csv");
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S8"));
    told(&workspace, &["erase", "run", &number.to_string()]);
    assert_eq!(pending(&workspace)["code"], "unreachable", "another authority vouches for it");
    workspace.write("authority.pem", made["authority"].as_str().expect("PEM"));
    retried(&workspace);
    assert_eq!(certified(&workspace, number), [("mailer".to_owned(), true)]);
    server.kill().expect("a child");
    server.wait().expect("a child");
}
