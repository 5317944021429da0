//! Requests that another controller hands over: the shapes of OpenDSR 2.0, signed, and told of as they change.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Answer, Served, client, published, send};
use crate::common::Workspace;
use crate::erase::{found_in, values_of};
use crate::pipeline::person;
use crate::python::Python;

const IDS: [&str; 3] = [
    "a7551968-d5d6-44b2-9831-815ac9017798",
    "b1b37f3c-3c1b-4d7e-9a54-1f1a3c0f3a11",
    "c2c48a4d-4d2c-4e8f-8b65-2a2b4d1a4b22",
];

const SERVICE: &str = "public_url: \"https://privacy.shop.example\"";

/// The other side, which ends with its test.
pub struct Controller {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
    made: Value,
}

impl Controller {
    pub fn start(python: &Python) -> Self {
        let mut script = python.script("opendsr_controller.py");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
        let asked = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut controller = Self { child, asked, answers, made: Value::Null };
        controller.made = controller.line();
        controller
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        serde_json::from_str(&line).expect("JSON")
    }

    fn told(&mut self) -> Vec<Value> {
        writeln!(self.asked).expect("it listens");
        self.line().as_array().expect("a list").clone()
    }

    /// Whether the certificate's key signed a body.
    fn has_signed(&mut self, signature: &str, body: &str) -> bool {
        let body = base64(body.as_bytes());
        writeln!(self.asked, "{}", json!({ "signature": signature, "body": body })).expect("it listens");
        self.line() == json!(true)
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Base64 (RFC 4648, 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { letter as char } else { '=' });
        }
    }
    text
}

/// A pipeline that takes requests of `partner` over.
pub fn processing(controller: &Controller, service: &str) -> Workspace {
    let workspace = published();
    workspace.write("certificate.pem", controller.made["certificate"].as_str().expect("PEM"));
    workspace.write("key.pem", controller.made["key"].as_str().expect("PEM"));
    let port = &controller.made["port"];
    workspace.append(
        "pipeline.yaml",
        format!(
            "opendsr: {{ domain: privacy.shop.example, certificate: certificate.pem, key: key.pem, \
             verified_controllers: [partner], internal_callbacks: [\"127.0.0.1:{port}\"] }}\n\
             service: {{ {service} }}\n\
             schedule: {{ callbacks: \"* * * * * *\" }}\n"
        ),
    );
    workspace
}

fn request(id: &str, kind: &str, number: usize) -> Value {
    json!({
        "regulation": "gdpr", "subject_request_id": id, "subject_request_type": kind,
        "subject_identities": [
            { "identity_type": "email", "identity_value": person(number).email, "identity_format": "raw" }
        ],
        "submitted_time": "2026-10-02T15:00:00Z", "api_version": "2.0", "extensions": { "partner.example": {} },
    })
}

#[test]
fn what_is_handed_over_enters_the_way_of_all_requests_and_is_told_of_signed() {
    let Some(python) = Python::find() else { return };
    let mut controller = Controller::start(&python);
    let workspace = processing(&controller, SERVICE);
    let [partner, stranger] = ["partner", "stranger"].map(|actor| workspace.token(actor, "dpo"));
    let served = Served::start(&workspace);
    let discovered = served.get("/opendsr/v1/discovery", "");
    assert!(controller.has_signed(discovered.header("x-opendsr-signature"), &discovered.text));
    assert!(!controller.has_signed(discovered.header("x-opendsr-signature"), "another"));
    let discovered = discovered.expect(200);
    assert_eq!(
        discovered["supported_identities"],
        json!([{ "identity_type": "email", "identity_format": "raw" }])
    );
    let certificate = discovered["processor_certificate"].as_str().expect("an address");
    let path = certificate.strip_prefix("https://privacy.shop.example").expect("of the same domain");
    assert_eq!(served.get(path, "").expect_text(200), controller.made["certificate"].as_str().expect("PEM"));

    let mut body = request(IDS[0], "access", 5);
    body["status_callback_urls"] = json!([format!("http://127.0.0.1:{}/told", controller.made["port"])]);
    let opened = served.post("/opendsr/v1/requests", &partner, &body);
    assert_eq!(opened.header("x-opendsr-processor-domain"), "privacy.shop.example");
    assert!(controller.has_signed(opened.header("x-opendsr-signature"), &opened.text));
    let opened = opened.expect(201);
    assert_eq!(
        (&opened["controller_id"], &opened["subject_request_id"]),
        (&json!("partner"), &json!(IDS[0]))
    );
    assert_eq!(opened["encoded_request"], base64(body.to_string().as_bytes()));
    for time in ["received_time", "expected_completion_time"] {
        let time = opened[time].as_str().expect("a time");
        assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok(), "{time}");
    }
    // The same is the same, another under its id is refused, and another account has none under it.
    assert_eq!(served.post("/opendsr/v1/requests", &partner, &body).expect(201), opened);
    let again = served.post("/opendsr/v1/requests", &partner, &request(IDS[0], "erasure", 5));
    assert_eq!(refused(again), "opendsr-another-under-this-id");
    assert_eq!(served.get(&format!("/opendsr/v1/requests/{}", IDS[0]), &stranger).status, 404);

    // Its word is taken for who asks; the word of others is not.
    let all = served.get("/v1/requests", &partner).expect(200);
    assert_eq!(all["requests"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&all["requests"][0]["state"], &all["requests"][0]["kind"]),
        (&json!("pending"), &json!("access"))
    );
    served.post("/opendsr/v1/opengdpr_requests", &stranger, &request(IDS[1], "erasure", 6)).expect(201);
    let all = served.get("/v1/requests", &partner).expect(200);
    assert_eq!(all["requests"][1]["state"], "identity_unverified");

    let own = format!("/opendsr/v1/requests/{}", IDS[0]);
    assert_eq!(served.get(&own, &partner).expect(200)["request_status"], "pending");
    served.post("/v1/requests/1/downloads", &partner, &json!({})).expect(201);
    assert_eq!(served.get(&own, &partner).expect(200)["request_status"], "in_progress");
    assert_eq!(refused(served.ask("DELETE", &own, &partner, None)), "opendsr-not-pending");
    // The first telling was refused: it comes again.
    let started = Instant::now();
    let told = loop {
        let told = controller.told();
        if told.len() >= 2 {
            break told;
        }
        assert!(started.elapsed() < Duration::from_secs(90), "it is not told: {}", workspace.log());
        std::thread::sleep(Duration::from_millis(250));
    };
    for telling in &told {
        assert_eq!((&telling["signed"], &telling["domain"]), (&json!(true), &json!("privacy.shop.example")));
        let body = &telling["body"];
        assert_eq!(
            (&body["request_status"], &body["subject_request_id"]),
            (&json!("in_progress"), &json!(IDS[0]))
        );
        assert!(body["status_callback_url"].as_str().is_some_and(|url| url.ends_with("/told")), "{body}");
    }

    // What is pending is called back, under the old names too.
    let theirs = format!("/opendsr/v1/opengdpr_requests/{}", IDS[1]);
    let called_back = served.ask("DELETE", &theirs, &stranger, None);
    assert!(controller.has_signed(called_back.header("x-opengdpr-signature"), &called_back.text));
    assert_eq!(called_back.expect(202)["subject_request_id"], IDS[1]);
    assert_eq!(served.get(&theirs, &stranger).expect(200)["request_status"], "cancelled");
}

#[test]
fn what_is_wrong_is_told_in_its_shape_and_without_a_value() {
    let Some(python) = Python::find() else { return };
    let controller = Controller::start(&python);
    let workspace = processing(&controller, SERVICE);
    let partner = workspace.token("partner", "dpo");
    let served = Served::start_with(&workspace, &["-vvv"]);
    let mut told = String::new();
    let mut wrong = |change: &dyn Fn(&mut Value), code: &str| {
        let mut body = request(IDS[2], "access", 8);
        change(&mut body);
        let answer = served.post("/opendsr/v1/requests", &partner, &body);
        told.push_str(&answer.text);
        assert_eq!(refused(answer), code, "{body}");
    };
    wrong(&|body| body["regulation"] = json!("hipaa"), "opendsr-regulation");
    wrong(&|body| body["subject_request_type"] = json!("rectification"), "opendsr-request-type");
    wrong(&|body| body["subject_request_id"] = json!(IDS[2].to_uppercase()), "opendsr-request-id");
    wrong(&|body| body["submitted_time"] = json!("yesterday"), "opendsr-submitted-time");
    wrong(&|body| body["subject_identities"] = json!([]), "opendsr-too-many-or-none");
    wrong(
        &|body| body["subject_identities"][0]["identity_format"] = json!("sha256"),
        "opendsr-identity-type",
    );
    wrong(
        &|body| body["subject_identities"][0]["identity_type"] = json!("android_id"),
        "opendsr-identity-type",
    );
    wrong(&|body| body["subject_identities"] = json!(person(8).email), "body-of-another-shape");
    for inside in [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "http://partner.example/told",
        "https://0x7f000001/",
        "file:///etc/passwd",
    ] {
        wrong(&|body| body["status_callback_urls"] = json!([inside]), "opendsr-callback-address");
    }
    // A name that leads inside is found out when it is resolved, and whoever sends us elsewhere is not followed.
    let mut body = request(IDS[2], "access", 8);
    let port = &controller.made["port"];
    body["status_callback_urls"] =
        json!([format!("https://localhost:{port}/told"), format!("http://127.0.0.1:{port}/elsewhere")]);
    served.post("/opendsr/v1/requests", &partner, &body).expect(201);
    served.post("/v1/requests/1/downloads", &partner, &json!({})).expect(201);
    let started = Instant::now();
    while workspace.state("SELECT count(*) FROM opendsr_callbacks WHERE attempts > 0") < 2 {
        assert!(started.elapsed() < Duration::from_secs(60), "nobody is told: {}", workspace.log());
        std::thread::sleep(Duration::from_millis(250));
    }
    assert_eq!(workspace.state("SELECT count(*) FROM opendsr_callbacks WHERE outcome = 'told'"), 0);
    let mut controller = controller;
    assert_eq!(controller.told(), Vec::<Value>::new());

    let unknown = send(client().get(served.url("/opendsr/v1/requests/x")));
    assert_eq!((unknown.status, unknown.header("content-type")), (401, "application/json"));
    told.push_str(&unknown.text);
    assert_eq!(served.terminate(), 0);
    workspace.write("told/errors.txt", &told);
    workspace.write("told/serve.log", workspace.log());
    let canaries = values_of(&person(8));
    assert_eq!(found_in(&workspace, "told", &canaries), Vec::<String>::new());
    assert_eq!(found_in(&workspace, "state", &canaries), Vec::<String>::new());
}

#[test]
fn without_a_key_nothing_is_signed_and_without_a_certificate_nothing_served() {
    let workspace = published();
    let served = Served::start(&workspace);
    assert_eq!(served.get("/opendsr/v1/discovery", "").status, 404);
    drop(served);
    workspace.write("key.pem", "nonsense");
    workspace.append(
        "pipeline.yaml",
        "opendsr: { domain: privacy.shop.example, certificate: key.pem, key: key.pem }\n",
    );
    let ended = workspace.run(&["serve", "--http", "127.0.0.1:0"]);
    assert!(ended.code == 2 && ended.stderr.contains("opendsr"), "{}", ended.stderr);
}

/// The reason of an answer that says in its shape that what was sent is wrong.
#[track_caller]
fn refused(answer: Answer) -> String {
    let told = answer.expect(400);
    assert_eq!(told["error"]["code"], 400, "{told}");
    assert!(told["error"]["message"].is_string(), "{told}");
    told["error"]["errors"][0]["reason"].as_str().expect("a reason").to_owned()
}
