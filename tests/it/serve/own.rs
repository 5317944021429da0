//! What people see, correct, allow and ask on their own page, and that nobody else's is there.

use serde_json::{Value, json};

use super::{Answer, Served, client, published, send};
use crate::common::Workspace;
use crate::erase::{erased, found_in, values_of};
use crate::pipeline::{person, profile_of};

/// A browser: it keeps a cookie, and sends forms as pages hold them.
pub struct Visitor<'s> {
    served: &'s Served,
    pub cookie: String,
}

/// A link of whoever is `number`, for a request of which it is sure whose it is.
#[track_caller]
pub fn invited(served: &Served, token: &str, number: usize) -> String {
    let body = json!({ "kind": "access", "identifiers": { "email": person(number).email } });
    let opened = served.post("/v1/requests", token, &body).expect(201);
    let address = format!("/v1/requests/{}", opened["number"]);
    let unsure = served.post(&format!("{address}/invitations"), token, &json!({}));
    assert_eq!(unsure.problem(409).0, "conflict", "it is not sure who asks");
    served.post(&format!("{address}/verify"), token, &json!({ "method": "code" })).expect(200);
    let given = served.post(&format!("{address}/invitations"), token, &json!({})).expect(201);
    given["link"].as_str().expect("a link").to_owned()
}

impl<'s> Visitor<'s> {
    /// Presses the button of the page that a link leads to.
    #[track_caller]
    pub fn enter(served: &'s Served, link: &str) -> Self {
        let page = send(client().get(served.url(link)));
        assert!(page.status == 200 && page.text.contains("<form method=\"post\">"), "{}", page.text);
        let entered = press(served, link);
        assert_eq!((entered.status, entered.header("location")), (303, "/my"));
        let cookie = entered.header("set-cookie");
        for part in ["__Host-", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(part), "no {part} in {cookie}");
        }
        let cookie = cookie.split(';').next().expect("a pair").to_owned();
        Self { served, cookie }
    }

    fn see(&self, path: &str, language: &str) -> Answer {
        let request = client().get(self.served.url(path)).header("cookie", &self.cookie);
        send(request.header("accept-language", language))
    }

    fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = browser().post(self.served.url(path)).header("cookie", &self.cookie);
        send(request.header("content-type", "application/x-www-form-urlencoded").body(encoded))
    }

    /// Sends a form of the page.
    #[track_caller]
    fn submit(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let page = self.see("/my", "en").expect_text(200);
        let token = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let fields = [&[("form", token.expect("a token"))][..], fields].concat();
        let answer = self.send(path, &fields);
        assert_eq!(answer.status, 303, "{}", answer.text);
        self.see(answer.header("location"), "en").expect_text(200)
    }
}

/// A client that follows nothing.
fn browser() -> reqwest::Client {
    let none = reqwest::redirect::Policy::none();
    reqwest::Client::builder().no_proxy().redirect(none).build().expect("a client")
}

fn press(served: &Served, link: &str) -> Answer {
    send(browser().post(served.url(link)))
}

fn contact(email: &str) -> Value {
    json!({ "contact": "email", "value": email })
}

fn allowed(served: &Served, token: &str, email: &str) -> bool {
    let about = json!({ "subject": contact(email), "purpose": "marketing" });
    let asked = json!({ "purpose": "data_subject_rights", "questions": [about] });
    let answer = served.post("/v1/consents/check", token, &asked).expect(200);
    answer["answers"][0]["allowed"].as_bool().expect("yes or no")
}

#[test]
fn people_see_all_that_is_theirs_and_nothing_of_anyone_else() {
    let workspace = published();
    let ada = workspace.token("ada", "dpo");
    let served = Served::start(&workspace);
    let link = invited(&served, &ada, 5);
    let visitor = Visitor::enter(&served, &link);
    for language in ["en", "fr"] {
        let page = visitor.see("/my", language);
        assert_eq!((page.status, page.header("content-language")), (200, language));
        assert_eq!(
            (page.header("cache-control"), page.header("referrer-policy")),
            ("no-store", "no-referrer")
        );
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
        for own in values_of(&person(5)).iter().take(1) {
            assert!(page.text.contains(own.as_str()), "no {own}");
        }
        assert!(page.text.contains("Fontbrune"), "{}", page.text);
        let others = (0..30).filter(|number| *number != 5).flat_map(|number| values_of(&person(number)));
        for other in others {
            assert!(!page.text.contains(&other), "{other} is someone else's");
        }
        for outside in ["<script", "http://", "https://", "src=", "@import", "url("] {
            assert!(!page.text.contains(outside), "{outside} in the page");
        }
        accessible(&page.text);
    }
    assert_eq!(press(&served, &link).status, 404, "a link lets in once");
    let stranger = Visitor { served: &served, cookie: "__Host-vermeil-subject=vermeil_0".to_owned() };
    let refused = stranger.see("/my", "fr");
    assert_eq!((refused.status, refused.header("content-type")), (401, "text/html; charset=utf-8"));
    assert!(refused.text.contains("Votre session est terminée"), "{}", refused.text);
    // The session opens that page, and no other door.
    for path in ["/v1/whoami", "/v1/requests", "/v1/jobs", "/metrics"] {
        assert_eq!(visitor.see(path, "en").status, 401, "{path}");
    }
}

#[test]
fn what_people_correct_outlives_the_next_load_and_is_said_to_be_theirs() {
    let workspace = published();
    let ada = workspace.token("ada", "dpo");
    let served = Served::start(&workspace);
    let link = invited(&served, &ada, 3);
    let visitor = Visitor::enter(&served, &link);
    let page = visitor.submit("/my/corrections", &[("field", "city"), ("value", "Rectifiée-sur-Loire")]);
    assert!(page.contains("role=\"status\""), "{page}");
    drop(served);
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S3");
    let explained =
        workspace.json(&["explain", &profile, "--role", "dpo", "--purpose", "data_subject_rights"]);
    let city = explained["values"].as_array().expect("values").iter().find(|value| value["field"] == "city");
    assert_eq!(city.expect("a town")["value"], "Rectifiée-sur-Loire");
    let provenance = &explained["rectifications"][0];
    assert_eq!((&provenance["author"], &provenance["field"]), (&json!("subject"), &json!("city")));
    let month = &chrono::Utc::now().date_naive().to_string()[..8];
    assert!(provenance["at"].as_str().is_some_and(|at| at.starts_with(month)), "{provenance}");
}

#[test]
fn withdrawing_is_as_easy_as_giving_and_in_force_before_the_answer() {
    let workspace = published();
    let [ada, ann] = [("ada", "dpo"), ("ann", "agent")].map(|(actor, role)| workspace.token(actor, role));
    let served = Served::start(&workspace);
    // Another process, over the same state.
    let other = Served::start(&workspace);
    let link = invited(&served, &ada, 4);
    let visitor = Visitor::enter(&served, &link);
    let email = person(4).email;
    let said = |say: &'static str| {
        [("scope", "email"), ("contact", email.as_str()), ("purpose", "marketing"), ("say", say)].to_vec()
    };
    assert!(allowed(&other, &ada, &email));
    visitor.submit("/my/consents", &said("withdraw"));
    assert!(!allowed(&served, &ada, &email) && !allowed(&other, &ada, &email), "in every process");
    visitor.submit("/my/consents", &said("give"));
    assert!(allowed(&other, &ada, &email));
    let asked = json!({ "subject": contact(&email), "purpose": "customer_care" });
    let told = served.post("/v1/consents/query", &ann, &asked);
    assert!(told.status == 200 && told.text.contains("\"subject\""), "recorded by whom: {}", told.text);

    // Nobody has a say over what is another's, nor over what rests on a contract.
    let page = visitor.see("/my", "en").expect_text(200);
    let token = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let token = token.expect("a token");
    let stranger = person(9).email;
    for (contact, purpose, status) in
        [(stranger.as_str(), "marketing", 422), (&email, "customer_care", 422), (&email, "fun", 403)]
    {
        let fields = [
            ("form", token),
            ("scope", "email"),
            ("contact", contact),
            ("purpose", purpose),
            ("say", "withdraw"),
        ];
        assert_eq!(visitor.send("/my/consents", &fields).status, status, "{purpose}");
    }
    assert!(allowed(&served, &ada, &stranger));
    let forged = "0".repeat(64);
    let forged = [&[("form", forged.as_str())][..], &said("withdraw")].concat();
    let refused = visitor.send("/my/consents", &forged);
    assert_eq!(refused.status, 403, "a form of another site");
    assert!(allowed(&served, &ada, &email));
}

#[test]
fn what_people_ask_is_a_request_like_any_other_and_a_session_ends() {
    let workspace = published();
    let ada = workspace.token("ada", "dpo");
    let served = Served::start(&workspace);
    let link = invited(&served, &ada, 6);
    let visitor = Visitor::enter(&served, &link);
    for kind in ["erasure", "portability", "restriction", "objection", "erasure"] {
        visitor.submit("/my/requests", &[("kind", kind)]);
    }
    let all = served.get("/v1/requests", &ada).expect(200);
    let told: Vec<(String, String, String)> = (all["requests"].as_array().expect("requests").iter().skip(1))
        .map(|request| {
            let text = |name: &str| request[name].as_str().expect("text").to_owned();
            assert_eq!(request["identity"]["method"], "session");
            (text("kind"), text("state"), text("opened_by"))
        })
        .collect();
    let expected = [
        ("erasure", "pending"),
        ("portability", "pending"),
        ("restriction", "pending"),
        // In force at once.
        ("objection", "completed"),
        ("erasure", "duplicate"),
    ];
    let expected = expected.map(|(kind, state)| (kind.to_owned(), state.to_owned(), "subject".to_owned()));
    assert_eq!(told, expected);
    assert!(!allowed(&served, &ada, &person(6).email), "they objected");
    // Another account than theirs approves.
    let erasure = format!("/v1/requests/{}/approve", all["requests"][1]["number"]);
    served.post(&erasure, &ada, &json!({})).expect(200);

    let page = visitor.see("/my", "en").expect_text(200);
    let token = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let ended = visitor.send("/my/end", &[("form", token.expect("a token"))]);
    assert!(ended.status == 200 && ended.header("set-cookie").contains("Max-Age=0"), "{}", ended.text);
    assert_eq!(visitor.see("/my", "en").status, 401);
}

#[test]
fn whoever_is_erased_is_in_no_more_and_nothing_of_links_and_values_is_logged() {
    let workspace = published();
    let ada = workspace.token("ada", "dpo");
    let served = Served::start_with(&workspace, &["-vvv"]);
    let link = invited(&served, &ada, 8);
    let visitor = Visitor::enter(&served, &link);
    let canary = "Canari-sur-Demande";
    visitor.submit("/my/corrections", &[("field", "city"), ("value", canary)]);
    assert_eq!(visitor.see("/my", "fr").status, 200);
    erased(&workspace, &profile_of(&workspace, "shop", "S8"));
    assert_eq!(visitor.see("/my", "fr").status, 401);
    let guesses: Vec<u16> =
        (0..60).map(|number| press(&served, &format!("/my/enter/vermeil_{number:064x}")).status).collect();
    assert!(guesses[0] == 404 && guesses.contains(&429), "{guesses:?}");
    let cookie = visitor.cookie.clone();
    assert_eq!(served.terminate(), 0);
    workspace.write("told/serve.log", workspace.log());
    let secrets = [&link, &cookie].map(|text| text.rsplit(['/', '=']).next().expect("text").to_owned());
    let canaries = [values_of(&person(8)), secrets.to_vec(), vec![canary.to_owned()]].concat();
    assert_eq!(found_in(&workspace, "told", &canaries), Vec::<String>::new());
    assert_eq!(found_in(&workspace, "state", &canaries), Vec::<String>::new());
}

#[test]
fn nobody_is_given_a_token_for_the_role_of_people_without_an_account() {
    let workspace = published();
    let refused = workspace.run(&["token", "create", "--actor", "eve", "--role", "subject"]);
    assert!(refused.code == 2 && refused.stderr.contains("without an account"), "{}", refused.stderr);
    // The command line gives links too.
    let ended = crate::erase::with_input(
        &workspace,
        &["request", "open", "access"],
        &json!({ "email": person(2).email }).to_string(),
    );
    let opened: Value = serde_json::from_str(&ended.stdout).expect("a report");
    let number = opened["number"].to_string();
    workspace.json(&["request", "verify", &number, "--method", "code"]);
    let given = workspace.json(&["request", "invite", &number, "--hours", "1"]);
    let served = Served::start(&workspace);
    let visitor = Visitor::enter(&served, given["link"].as_str().expect("a link"));
    assert!(visitor.see("/my", "fr").expect_text(200).contains(&person(2).email));
}

/// Every input has its label, every table its headings, and headings follow each other.
#[track_caller]
fn accessible(page: &str) {
    for input in page.split("<input ").skip(1).map(|rest| rest.split('>').next().expect("an end")) {
        let id = input.split("id=\"").nth(1).and_then(|rest| rest.split('"').next());
        let has_label = id.is_some_and(|id| page.contains(&format!("<label for=\"{id}\">")));
        assert!(input.contains("type=\"hidden\"") || has_label, "no label: {input}");
    }
    for table in page.split("<table>").skip(1) {
        assert!(table.split("</table>").next().expect("an end").contains("<th scope=\"col\">"), "{table}");
    }
    assert_eq!(page.matches("<h1").count(), 1);
    assert!(page.contains("<main>") && page.contains("<html lang="));
}

/// Whoever is in, for the list of endpoints and roles.
pub fn session(workspace: &Workspace, served: &Served) -> String {
    let ada = workspace.token("grace", "dpo");
    Visitor::enter(served, &invited(served, &ada, 1)).cookie
}

/// Asks with a cookie.
pub fn ask_with(served: &Served, method: &str, path: &str, cookie: &str, body: Option<&Value>) -> Answer {
    let mut request =
        client().request(method.parse().expect("a method"), served.url(path)).header("cookie", cookie);
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    send(request)
}
