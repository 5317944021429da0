use super::*;

#[test]
fn addresses_of_inside_are_known_in_every_dress() {
    for inside in [
        "127.0.0.1",
        "127.9.9.9",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "100::1",
    ] {
        assert!(!is_public(inside.parse().expect("an address")), "{inside}");
    }
    for outside in [
        "1.1.1.1",
        "9.9.9.9",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "::ffff:9.9.9.9",
        "64:ff9b::909:909",
        "2a00::1",
    ] {
        assert!(is_public(outside.parse().expect("an address")), "{outside}");
    }
}

#[track_caller]
fn check(text: &str, network: Network, expected: Option<Undelivered>) {
    assert_eq!(address(text, network).err(), expected, "{text}");
}

#[test]
fn messages_go_to_https_and_not_inside_unless_it_is_allowed() {
    use Network::{Inside, Public};
    check("https://mailer.example/privacy", Public, None);
    check("http://mailer.example/privacy", Public, Some(Undelivered::Address));
    check("http://mailer.example/privacy", Inside, Some(Undelivered::Address));
    check("http://127.0.0.1:8080/", Inside, None);
    check("http://127.0.0.1:8080/", Public, Some(Undelivered::Address));
    check("https://127.0.0.1/", Public, Some(Undelivered::Inside));
    check("https://127.0.0.1/", Inside, None);
    check("https://[::1]/", Public, Some(Undelivered::Inside));
    check("https://[::ffff:169.254.169.254]/", Public, Some(Undelivered::Inside));
    // What browsers and C libraries read as 127.0.0.1.
    check("https://2130706433/", Public, Some(Undelivered::Inside));
    check("https://0x7f.1/", Public, Some(Undelivered::Inside));
    check("https://017700000001/", Public, Some(Undelivered::Inside));
    check("https://user:word@mailer.example/", Public, Some(Undelivered::Address));
    check("file:///etc/passwd", Inside, Some(Undelivered::Address));
    check("gopher://mailer.example/", Public, Some(Undelivered::Address));
    check("nonsense", Public, Some(Undelivered::Address));
}

#[tokio::test]
async fn a_name_that_stands_for_this_machine_is_not_connected_to() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    listener.set_nonblocking(true).expect("a flag");
    let url = format!("https://localhost:{port}/");
    let posting = |network| Posting { url: &url, network, authority: None, headers: &[], body: Vec::new() };
    assert_eq!(post(posting(Network::Public)).await.err(), Some(Undelivered::Inside));
    assert!(listener.accept().is_err(), "somebody came");
    // Where it is allowed somebody comes, and does not speak first.
    let told = tokio::time::timeout(Duration::from_secs(2), post(posting(Network::Inside))).await;
    assert!(listener.accept().is_ok() && told.is_err_and(|_| true), "nobody came");
}
