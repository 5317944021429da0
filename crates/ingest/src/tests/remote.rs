//! Sources behind HTTP: a server of a few lines stands for any object store.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use vermeil_model::Diagnose;

use super::{Folder, shown};

const NAMES: &str = "format: delimited, key: [id], columns: { given_name: first }";
const FILE: &str = "id,first\n1,Ada\n2,Blaise\n";

/// Serves `FILE` as `/a.csv`; its tag changes after as many answers as given.
/// Gives the server's address.
fn serve(answers_before_change: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let answers = AtomicUsize::new(0);
        for stream in listener.incoming() {
            let version = u8::from(answers.fetch_add(1, Ordering::Relaxed) >= answers_before_change);
            // A client that goes away early is no fault of this server.
            let _ = answer(stream.unwrap(), version);
        }
    });
    address
}

fn answer(stream: TcpStream, version: u8) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let found = request.contains(" /a.csv ");
    let status = if found { "200 OK" } else { "404 Not Found" };
    let body = if found { FILE } else { "" };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: \"{version}\"\r\n\
         last-modified: Wed, 31 Jan 2024 10:20:30 GMT\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let body = if request.starts_with("HEAD") { "" } else { body };
    (&stream).write_all(format!("{head}{body}").as_bytes())
}

fn at(address: &str, file: &str) -> Folder {
    Folder::new(&format!("path: 'http://{address}/{file}', {NAMES}")).option("allow_http", "true")
}

#[test]
fn a_url_is_read_like_a_file() {
    at(&serve(usize::MAX), "a.csv").check(&["1|Ada", "2|Blaise"]);
}

#[test]
fn an_object_replaced_since_it_was_found_is_an_error() {
    let address = serve(1);
    at(&address, "a.csv").check_error(&format!("source-changed file=http://{address}/a.csv"));
}

#[test]
fn a_missing_object_is_named() {
    let address = serve(usize::MAX);
    at(&address, "b.csv").check_error(&format!("source-missing path=http://{address}/b.csv"));
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let folder = at(&address, "a.csv").option("timeout", "1s");
    let error = folder.read().unwrap_err();
    let text = shown(&error.diagnostic().unwrap());
    assert!(text.starts_with(&format!("source-unreadable file=http://{address}/a.csv")), "{text}");
}
