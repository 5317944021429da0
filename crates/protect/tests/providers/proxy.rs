//! Stands before a real server and spoils one of its answers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to one request. Except for the first, the server does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the server hears of it.
    NeverArrives,
    /// The connection breaks after the server did its work.
    AnswerLost,
    /// The answer breaks off in the middle.
    AnswerTorn,
    /// The answer comes when nobody waits for it any more.
    TooLate,
    /// Something else answers, with success.
    Garbage,
    /// An answer of the right form about nothing.
    Hollow,
    /// A batch of which some failed: OpenBao answers 400 with what succeeded.
    PartialBatch,
    /// The server is sealed.
    Sealed,
    /// The answer leads to another address.
    Elsewhere,
}

impl Fault {
    pub const ALL: [Self; 9] = [
        Self::NeverArrives,
        Self::AnswerLost,
        Self::AnswerTorn,
        Self::TooLate,
        Self::Garbage,
        Self::Hollow,
        Self::PartialBatch,
        Self::Sealed,
        Self::Elsewhere,
    ];
}

/// How long a client waits that is to see [`Fault::TooLate`].
pub const IMPATIENT: Duration = Duration::from_millis(250);

pub struct Proxy {
    pub port: u16,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Default)]
struct Plan {
    requests: usize,
    fault: Option<(usize, Fault)>,
}

impl Proxy {
    /// Before the server at this port of 127.0.0.1. It ends with the test program.
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let plan = Arc::new(Mutex::new(Plan::default()));
        let proxy = Self { port, plan: Arc::clone(&plan) };
        std::thread::spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                let plan = Arc::clone(&plan);
                // A client that hangs up early is what this is about.
                std::thread::spawn(move || drop(pass_on(client, server, &plan)));
            }
        });
        proxy
    }

    /// Spoils the request of that number, counted from now on and from 0.
    pub fn spoil(&self, number: usize, fault: Fault) {
        *self.plan.lock().unwrap() = Plan { requests: 0, fault: Some((number, fault)) };
    }

    /// Spoils nothing from now on; true if there was a request of the number to be spoilt.
    pub fn stop(&self) -> bool {
        let plan = std::mem::take(&mut *self.plan.lock().unwrap());
        plan.fault.is_some_and(|(number, _)| number < plan.requests)
    }
}

fn pass_on(mut client: TcpStream, server: u16, plan: &Mutex<Plan>) -> std::io::Result<()> {
    let Some(request) = read_request(&mut client)? else { return Ok(()) };
    let fault = {
        let mut plan = plan.lock().unwrap();
        let number = plan.requests;
        plan.requests += 1;
        plan.fault.filter(|(spoilt, _)| *spoilt == number).map(|(_, fault)| fault)
    };
    if fault == Some(Fault::NeverArrives) {
        return Ok(());
    }
    let mut upstream = TcpStream::connect(("127.0.0.1", server))?;
    upstream.write_all(&request)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    let answered = |status: &str, more: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{more}\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let answer = match fault {
        None | Some(Fault::NeverArrives) => answer,
        Some(Fault::AnswerLost) => return Ok(()),
        Some(Fault::AnswerTorn) => answer[..answer.len() / 2].to_vec(),
        Some(Fault::TooLate) => {
            std::thread::sleep(IMPATIENT + Duration::from_millis(100));
            answer
        }
        Some(Fault::Garbage) => answered("200 OK", "", "<html>Welcome to this network</html>"),
        Some(Fault::Hollow) => answered("200 OK", "", r#"{ "data": {} }"#),
        Some(Fault::PartialBatch) => answered(
            "400 Bad Request",
            "",
            r#"{ "errors": ["1 of 2"], "data": { "batch_results": [{ "ciphertext": "vault:v1:AAAA" }, {}] } }"#,
        ),
        Some(Fault::Sealed) => {
            answered("503 Service Unavailable", "", r#"{ "errors": ["Vault is sealed"] }"#)
        }
        Some(Fault::Elsewhere) => {
            answered("307 Temporary Redirect", "Location: http://192.0.2.1/v1/transit\r\n", "")
        }
    };
    client.write_all(&answer)
}

/// One request with its body, asking the server to hang up after the answer; `None` if the
/// client hangs up first.
fn read_request(client: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let end = request.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&request[..end]).into_owned();
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, length)| length.trim().parse().expect("a number"));
            if request.len() >= end + 4 + length {
                let body = request.split_off(end + 4);
                request.truncate(end);
                request.extend_from_slice(b"\r\nConnection: close\r\n\r\n");
                request.extend_from_slice(&body);
                return Ok(Some(request));
            }
        }
        match client.read(&mut buffer)? {
            0 => return Ok(None),
            read => request.extend_from_slice(&buffer[..read]),
        }
    }
}
