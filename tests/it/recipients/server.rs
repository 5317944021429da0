//! A recipient's server: HTTP/1.1 on this machine, with the manners of real ones.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How a server answers.
#[derive(Clone, PartialEq, Eq)]
pub enum Manner {
    /// With a status.
    Answer(u16),
    /// With the way to another place.
    Redirect(String),
    /// Never, though it listens.
    Hang,
    /// With more than anybody wants to read.
    Talk,
}

/// What came.
#[derive(Clone)]
pub struct Letter {
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Letter {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

pub struct Mailer {
    port: u16,
    manner: Arc<Mutex<Manner>>,
    letters: Arc<Mutex<Vec<Letter>>>,
}

impl Mailer {
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (manner, letters) = (Arc::new(Mutex::new(manner)), Arc::default());
        let mailer = Self { port, manner, letters };
        let (manner, letters) = (Arc::clone(&mailer.manner), Arc::clone(&mailer.letters));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (manner, letters) = (Arc::clone(&manner), Arc::clone(&letters));
                thread::spawn(move || drop(serve(stream, &manner, &letters)));
            }
        });
        mailer
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/privacy", self.port)
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().expect("no panic").clone()
    }

    pub fn behave(&self, manner: Manner) {
        *self.manner.lock().expect("no panic") = manner;
    }

    /// Waits for that many letters.
    #[track_caller]
    pub fn wait(&self, letters: usize) {
        let started = Instant::now();
        while self.letters().len() < letters {
            assert!(started.elapsed() < Duration::from_secs(60), "nothing came");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn serve(stream: TcpStream, manner: &Mutex<Manner>, letters: &Mutex<Vec<Letter>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut headers) = (String::new(), Vec::new());
    reader.read_line(&mut line)?;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap_or_default())];
    reader.read_exact(&mut body)?;
    letters.lock().expect("no panic").push(Letter { headers, body });
    let manner = manner.lock().expect("no panic").clone();
    let mut stream = stream;
    let close = "Connection: close\r\n";
    match manner {
        Manner::Answer(status) => {
            let body = r#"{"received":true}"#;
            write!(stream, "HTTP/1.1 {status} Said\r\n{close}Content-Length: {}\r\n\r\n{body}", body.len())
        }
        Manner::Redirect(to) => {
            write!(stream, "HTTP/1.1 307 Elsewhere\r\n{close}Location: {to}\r\nContent-Length: 0\r\n\r\n")
        }
        Manner::Hang => {
            thread::sleep(Duration::from_secs(120));
            Ok(())
        }
        Manner::Talk => {
            write!(stream, "HTTP/1.1 200 Said\r\n{close}\r\n")?;
            (0..10_000).try_for_each(|_| stream.write_all(&[b'x'; 1024]))
        }
    }
}
