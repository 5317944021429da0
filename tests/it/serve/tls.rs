//! TLS, by a certificate of an authority that only the test knows.

use super::{Served, published};
use crate::python::{Python, answer};

#[test]
fn with_a_certificate_nobody_reads_along() {
    let Some(python) = Python::find() else { return };
    let workspace = published();
    let made = answer(&mut python.script("certificate.py"), "");
    let text = |key: &str| made[key].as_str().expect("PEM").to_owned();
    workspace.write("certificate.pem", text("certificate"));
    workspace.write("key.pem", text("key"));
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| workspace.file(name));
    let (certificate, key) = (certificate.to_str().expect("UTF-8"), key.to_str().expect("UTF-8"));
    let served = Served::start_with(&workspace, &["--tls-cert", certificate, "--tls-key", key]);
    let port = served.address.rsplit_once(':').expect("a port").1;
    let live = |scheme: &str, authority: Option<&str>| {
        let mut client = reqwest::Client::builder().no_proxy();
        if let Some(authority) = authority {
            let authority = reqwest::Certificate::from_pem(authority.as_bytes()).expect("PEM");
            client = client.tls_certs_only([authority]);
        }
        let request =
            client.build().expect("a client").get(format!("{scheme}://localhost:{port}/health/live"));
        crate::common::runtime()
            .block_on(async { request.send().await.map(|answer| answer.status().as_u16()) })
    };
    assert_eq!(live("https", Some(&text("authority"))).expect("an answer"), 200);
    assert!(live("https", Some(&text("stranger"))).is_err(), "any authority was taken");
    assert!(live("http", None).is_err(), "it answers in the clear");
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    let workspace = published();
    workspace.write("certificate.pem", "nonsense");
    let file = workspace.file("certificate.pem");
    let file = file.to_str().expect("UTF-8");
    let refused = workspace.run(&["serve", "--http", "127.0.0.1:0", "--tls-cert", file, "--tls-key", file]);
    assert!(refused.code == 2 && refused.stderr.contains("PEM"), "{}", refused.stderr);
    let alone = workspace.run(&["serve", "--tls-cert", file]);
    assert_eq!(alone.code, 2, "a certificate without its key: {}", alone.stderr);
}
