//! Questions in a terminal. `script` of util-linux makes one.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{answer, pair_of, published, queue};
use crate::common::{Ended, Workspace};

/// How long an answer may take until it is kept.
const PATIENCE: Duration = Duration::from_secs(60);

/// `vermeil review` in a terminal of its own; `None` with a message where `script` is absent.
fn in_terminal(workspace: &Workspace, language: &str, options: &[&str]) -> Option<Child> {
    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|version| String::from_utf8_lossy(&version.stdout).contains("util-linux")) {
        eprintln!("skipped: there is no `script` of util-linux to make a terminal with");
        return None;
    }
    let folder = workspace.path().to_str().expect("UTF-8");
    let words = [env!("CARGO_BIN_EXE_vermeil"), "-p", folder, "--lang", language, "review"];
    let words: Vec<String> = words.iter().chain(options).map(|word| format!("'{word}'")).collect();
    let line = format!("stty cols 160 rows 50 -echo; {}", words.join(" "));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]);
    let pipes = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(pipes.spawn().expect("a terminal"))
}

/// All that was shown to someone who typed `typed`, and how it ended.
fn typing(workspace: &Workspace, language: &str, options: &[&str], typed: &str) -> Option<Ended> {
    let mut terminal = in_terminal(workspace, language, options)?;
    let mut keyboard = terminal.stdin.take().expect("piped");
    keyboard.write_all(typed.as_bytes()).expect("typed");
    drop(keyboard);
    Some(terminal.wait_with_output().expect("it ends").into())
}

const OFFICER: [&str; 4] = ["--role", "dpo", "--purpose", "data_subject_rights"];

#[test]
fn two_records_stand_side_by_side_as_far_as_the_reader_may_see_them() {
    let workspace = published();
    let pair = pair_of(&queue(&workspace)[0]);
    let names = |record: &str| {
        let accounts = workspace.accounts();
        let found = accounts.iter().find(|account| account.record.to_string() == record).expect("published");
        let table = format!("landing.{}", found.source);
        workspace.cell(&format!("SELECT family_name FROM {table} WHERE record_id = '{record}'"))
    };
    let names = [names(&pair[0]), names(&pair[1])].map(|name| name.as_str().unwrap_or("-").to_owned());

    let Some(shown) = typing(&workspace, "en", &OFFICER, "q\n") else { return };
    assert_eq!(shown.code, 0, "{}", shown.stdout);
    for told in names.iter().chain(&pair) {
        assert!(shown.stdout.contains(told.as_str()), "{told} in {}", shown.stdout);
    }
    assert!(!shown.stdout.contains("(masked)"), "{}", shown.stdout);
    let opened: Vec<_> =
        workspace.audited("open").into_iter().filter(|(intent, _)| intent["role"] == "dpo").collect();
    let own = opened.iter().rev().take(2);
    for (intent, outcome) in own {
        assert!(intent["table"].as_str().expect("a table").starts_with("landing."), "{intent}");
        let outcome = outcome.as_ref().expect("it ended");
        assert_eq!((&outcome["status"], &outcome["rows"]), (&"done".into(), &1.into()), "{outcome}");
        assert_eq!(outcome["subjects"].as_array().map(Vec::len), Some(1), "{outcome}");
    }

    // Without a purpose, or where it opens a part: what may not be seen is masked, and never opened.
    let masked = typing(&workspace, "fr", &[], "q\n").expect("a terminal");
    assert!(masked.stdout.contains("(masqué)"), "{}", masked.stdout);
    assert!(names.iter().all(|name| *name == "-" || !masked.stdout.contains(name)), "{}", masked.stdout);
    let agent = ["--role", "agent", "--purpose", "customer_care"];
    let part = typing(&workspace, "en", &agent, "q\n").expect("a terminal");
    assert!(part.stdout.contains(&names[0]), "{}", part.stdout);
    let denied = typing(&workspace, "en", &["--role", "nobody"], "q\n").expect("a terminal");
    assert_eq!(denied.code, 4, "{}", denied.stdout);
    assert!(!denied.stdout.contains(&pair[0]), "{}", denied.stdout);
    assert_eq!(workspace.state("SELECT COUNT(*) FROM decisions"), 0);
}

#[test]
fn keys_of_the_users_language_decide_skip_and_quit() {
    let workspace = published();
    let queue = queue(&workspace);
    // Something else, pass over the first, then one person with a reason, then the end of input.
    let Some(shown) = typing(&workspace, "fr", &[], "oui\np\nm\nticket 12\n") else { return };
    assert_eq!(shown.code, 0, "{}", shown.stdout);
    for told in ["[m] même personne", "aucune de ces touches", "1 sur 50", "2 sur 50", "1 décision prise"] {
        assert!(shown.stdout.contains(told), "{told} in {}", shown.stdout);
    }
    let decisions = workspace.json_lines(&["decisions"]);
    let [decision] = decisions.as_slice() else { panic!("{decisions:?}") };
    assert_eq!((&decision["kind"], &decision["reason"]), (&"merge".into(), &"ticket 12".into()));
    let mut decided = [&decision["records"][0], &decision["others"][0]].map(|id| id.as_str().expect("an id"));
    decided.sort_unstable();
    let mut second = pair_of(&queue[1]);
    second.sort_unstable();
    assert_eq!(decided, second.each_ref().map(String::as_str));
    let [one, other] = second;

    // A contradiction is told as elsewhere, and the question stays.
    let again = workspace.json(&["undo", "1", "--reason", "again"]);
    assert_eq!(again["undone_reason"], "again");
    let options = ["--reason", "seen", "--limit", "2"];
    let mut terminal = in_terminal(&workspace, "en", &options).expect("a terminal");
    let mut keyboard = terminal.stdin.take().expect("piped");
    keyboard.write_all(b"k\n").expect("typed");
    // Meanwhile someone else decides.
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(answer(&workspace, &[[&one, &other, "different", "seen elsewhere"]], &[]).code, 0);
    keyboard.write_all(b"s\nd\n").expect("typed");
    drop(keyboard);
    let shown: Ended = terminal.wait_with_output().expect("it ends").into();
    assert!(shown.stdout.contains("this contradicts what was decided before: 2"), "{}", shown.stdout);
    assert!(shown.stdout.contains("1 decision was taken"), "{}", shown.stdout);
    assert_eq!(workspace.json_lines(&["decisions"]).len(), 3);
}

#[test]
fn an_answer_is_kept_the_moment_it_is_given() {
    let workspace = published();
    let asked = pair_of(&queue(&workspace)[0]);
    let Some(mut terminal) = in_terminal(&workspace, "en", &["--reason", "seen"]) else { return };
    let mut keyboard = terminal.stdin.take().expect("piped");
    keyboard.write_all(b"d\n").expect("typed");
    let started = Instant::now();
    while workspace.state("SELECT COUNT(*) FROM decisions") == 0 {
        assert!(started.elapsed() < PATIENCE, "nothing was kept");
        std::thread::sleep(Duration::from_millis(100));
    }
    // It asks on; whoever pulls the plug now loses nothing.
    assert!(terminal.try_wait().expect("a process").is_none());
    terminal.kill().expect("killed");
    terminal.wait().expect("gone");
    let decisions = workspace.json_lines(&["decisions"]);
    assert_eq!(decisions.len(), 1, "{decisions:?}");
    assert_eq!(decisions[0]["kind"], "never_link");
    assert!(!queue(&workspace).iter().map(pair_of).any(|pair| pair == asked));
}
