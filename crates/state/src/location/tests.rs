use crate::StateLocation;
use crate::testing::check_code;

const USER: &str = "ada.lovelace";
const PASSWORD: &str = "Sesame-4711-open";

#[test]
fn a_server_is_shown_without_who_logs_in_and_with_what() {
    for (url, shown) in [
        ("postgresql://USER:PASSWORD@db.example.org/crm", "postgresql://db.example.org:5432/crm"),
        ("postgres://USER:PASSWORD@[::1]:6000/crm?sslmode=require", "postgresql://[::1]:6000/crm"),
        ("postgresql://db/crm?user=USER&password=PASSWORD", "postgresql://db:5432/crm"),
        ("postgresql:///crm?host=/run/postgresql&user=USER", "postgresql:///crm?host=/run/postgresql"),
    ] {
        let location =
            StateLocation::server(&url.replace("USER", USER).replace("PASSWORD", PASSWORD)).unwrap();
        assert_eq!(location.to_string(), shown);
        let debug = format!("{location:?}");
        assert!(!debug.contains(USER) && !debug.contains(PASSWORD), "{debug}");
        let StateLocation::Server(server) = &location else { panic!("a server") };
        let debug = format!("{server:?}");
        assert!(!debug.contains(USER) && !debug.contains(PASSWORD), "{debug}");
    }
}

#[test]
fn what_is_no_url_of_a_server_is_refused_and_not_repeated() {
    for url in [
        "mysql://USER:PASSWORD@db/crm",
        "state/vermeil.db",
        "postgresql://USER:PASSWORD@db:port/crm",
        "postgresql://USER:PASSWORD@db/crm?sslmode=perhaps",
        "postgresql://db/crm?passwort=PASSWORD",
        "postgresql://USER:PASS?WORD@db/crm",
    ] {
        let url = url.replace("USER", USER).replace("PASSWORD", PASSWORD);
        let refused = StateLocation::server(&url);
        if let Err(error) = &refused {
            let told = format!("{error} {error:?}");
            assert!(!told.contains(USER) && !told.contains("Sesame"), "{told}");
        }
        check_code(refused, "state-bad-url");
    }
}
