//! Two silos of a few invented people, what a history did to them, and what must be true of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use tempfile::TempDir;
use vermeil_audit::SignedCertificate;
use vermeil_leaks::{Limits, Matcher, Values, scan};
use vermeil_model::Schema;
use vermeil_model::pipeline::Pipeline;
use vermeil_model::policy::{Purpose, Role};
use vermeil_policy::{AccessPolicy, PolicyFile};

use crate::engine::{Engine, EngineConfig, Reader};
use crate::report::PublishedAccount;
use crate::{Silent, Stage};

/// Everybody in the silos at first.
pub(super) const PEOPLE: usize = 5;

/// The silos, and how many records each has of one person at first.
pub(super) const SILOS: [&str; 2] = ["shop", "club"];

const PIPELINE: &str = r#"
name: simulated
purposes: { data_subject_rights: legal_obligation, customer_care: contract }
sources:
  - id: shop
    path: shop.csv
    format: delimited
    key: [key]
    columns: { family_name: family, given_name: given, email: email, mobile: mobile, street: street, birth_date: born }
    constants: { party_kind: person, country: FR }
  - id: club
    path: club.csv
    format: delimited
    key: [key]
    columns: { family_name: family, given_name: given, email: email, mobile: mobile, street: street, birth_date: born }
    constants: { party_kind: person, country: FR }
match: { blocking: [email, "family_name:phonetic + birth_date:year"] }
"#;

const NAMES: &str = include_str!("../../../../pipelines/demo/policies/names.cedarschema");
const POLICY: &str = include_str!("../../../../pipelines/demo/policies/access.cedar");

/// A record, as its source knows it.
pub(super) type Account = (String, String);

/// One line of a silo.
#[derive(Clone)]
struct Row {
    person: usize,
    /// Counts changes: part of the street.
    edits: usize,
}

/// Someone who is to be erased: what of them was published when it was asked.
#[derive(Clone)]
pub(super) struct Closure {
    pub(super) accounts: BTreeSet<Account>,
    ids: BTreeSet<u128>,
}

/// The silos, and what is known of the lake.
pub(super) struct World {
    folder: TempDir,
    silos: BTreeMap<Account, Row>,
    people: usize,
    /// Published once, and in no closure since.
    pub(super) seen: BTreeSet<Account>,
    /// By the number of the request.
    pub(super) closures: BTreeMap<i64, Closure>,
    /// What the request about to be opened is about.
    pub(super) intended: Option<Closure>,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let silos = SILOS
            .iter()
            .flat_map(|silo| (0..PEOPLE).map(|person| (account(silo, person, 0), Row { person, edits: 0 })));
        let (seen, closures) = Default::default();
        let world = Self { silos: silos.collect(), people: PEOPLE, folder, seen, closures, intended: None };
        world.deliver();
        world
    }

    /// Someone's row changes.
    pub(super) fn edit(&mut self, position: usize) {
        let position = position % self.silos.len();
        self.silos.values_mut().nth(position).unwrap().edits += 1;
        self.deliver();
    }

    /// One more record of someone, or of somebody new.
    pub(super) fn add(&mut self, silo: usize, person: usize) {
        let person = person % (self.people + 1);
        self.people = self.people.max(person + 1);
        let silo = SILOS[silo % SILOS.len()];
        let copies = (0..).find(|copy| !self.silos.contains_key(&account(silo, person, *copy))).unwrap();
        self.silos.insert(account(silo, person, copies), Row { person, edits: 0 });
        self.deliver();
    }

    fn deliver(&self) {
        for silo in SILOS {
            let mut text = "key,family,given,email,mobile,street,born\n".to_owned();
            for ((_, key), row) in self.silos.iter().filter(|((source, _), _)| source == silo) {
                text += &format!("{key},{}\n", cells(row).join(","));
            }
            fs::write(self.folder.path().join(format!("{silo}.csv")), text).unwrap();
        }
    }

    pub(super) fn config(&self) -> EngineConfig {
        let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), text: text.to_owned() };
        let policy = AccessPolicy::parse(Some(&file("names.cedarschema", NAMES)), &[file("a.cedar", POLICY)]);
        EngineConfig {
            pipeline: Pipeline::parse("pipeline.yaml", PIPELINE).unwrap(),
            schemas: [("customer.v1".to_owned(), Schema::built_in("customer.v1").unwrap())].into(),
            base: self.folder.path().to_owned(),
            storage_options: BTreeMap::new(),
            policy: policy.unwrap(),
            secrets: BTreeMap::new(),
        }
    }

    /// Takes in what a publication shows, which must not hold anybody twice nor who is gone.
    pub(super) async fn look(&mut self, engine: &Engine) -> Vec<PublishedAccount> {
        let accounts = engine.published_accounts(&officer()).await.unwrap();
        let mut shown = BTreeSet::new();
        for account in &accounts {
            assert!(shown.insert(name(account)), "a record is published twice");
        }
        let meant: BTreeSet<&Account> =
            self.closures.values().flat_map(|closure| &closure.accounts).collect();
        self.seen.extend(shown.into_iter().filter(|account| !meant.contains(account)));
        accounts
    }

    /// Everything of the profile that the account at `position` is in.
    pub(super) fn closure(&self, accounts: &[PublishedAccount], position: usize) -> Closure {
        let profile = accounts[position % accounts.len()].profile;
        let own: Vec<_> = accounts.iter().filter(|account| account.profile == profile).collect();
        Closure {
            accounts: own.iter().map(|account| name(account)).collect(),
            ids: own.iter().map(|account| account.record.0).chain([profile.0]).collect(),
        }
    }

    /// Whoever is asked to be erased has no claim to be there from now on.
    pub(super) fn asked(&mut self, number: i64, closure: Closure) {
        self.seen.retain(|account| !closure.accounts.contains(account));
        let known = self.closures.entry(number).or_insert_with(|| closure.clone());
        known.accounts.extend(closure.accounts);
        known.ids.extend(closure.ids);
    }

    /// What must be true when everything that was begun has ended.
    pub(super) async fn judge(&mut self, engine: &Engine) {
        let mut erased = BTreeSet::new();
        for erasure in engine.erasures().await.unwrap() {
            assert_eq!(erasure.status, "complete", "request {} is left", erasure.number);
            let certificate = engine.erasure_certificate(erasure.number).await.unwrap();
            SignedCertificate::verify(&certificate, engine.audit_key()).expect("its signature");
            erased.insert(erasure.number);
        }
        engine.run(Stage::Publish, &Silent).await.unwrap();
        let again = engine.run(Stage::Publish, &Silent).await.unwrap();
        assert_eq!(again.records_landed, 0, "a row landed twice");
        self.judge_who_is_there(engine, &erased).await;
    }

    /// Everybody who should be there is, once, and nothing of the requests `erased`.
    pub(super) async fn judge_who_is_there(&mut self, engine: &Engine, erased: &BTreeSet<i64>) {
        let shown: BTreeSet<Account> = self.look(engine).await.iter().map(name).collect();
        let lost: Vec<_> = self.seen.difference(&shown).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");

        let gone = self.closures.iter().filter(|(number, _)| erased.contains(number));
        let gone: Vec<&Closure> = gone.map(|(_, closure)| closure).collect();
        let accounts: BTreeSet<&Account> = gone.iter().flat_map(|closure| &closure.accounts).collect();
        let back: Vec<_> = shown.iter().filter(|account| accounts.contains(account)).collect();
        assert!(back.is_empty(), "came back: {back:?}");
        let ids: Vec<u128> = gone.iter().flat_map(|closure| &closure.ids).copied().collect();
        if !ids.is_empty() {
            let left = engine.look_back(&ids, &officer()).await.unwrap();
            assert_eq!(left.rows, 0, "rows of the erased are left: {left:?}");
        }
        let own = accounts.iter().filter_map(|account| self.silos.get(*account));
        let streets = own.flat_map(|row| (0..=row.edits).map(|edits| street(&Row { edits, ..row.clone() })));
        let matcher = Matcher::new(&Values::from_texts(streets.collect::<Vec<_>>()));
        for folder in ["lake", "state"] {
            let found = scan(&self.folder.path().join(folder), &[], &matcher, Limits::default()).unwrap();
            let files: Vec<_> = found.findings.into_iter().map(|finding| finding.file).collect();
            assert!(files.is_empty(), "values of the erased in {files:?}");
        }
    }
}

/// A person of the silos, by whatever they are found.
pub(super) fn officer() -> Reader {
    Reader {
        actor: "officer".to_owned(),
        role: Role("dpo".to_owned()),
        purpose: Some(Purpose("data_subject_rights".to_owned())),
    }
}

/// Whoever approves.
pub(super) fn second_officer() -> Reader {
    Reader { actor: "second".to_owned(), ..officer() }
}

fn name(account: &PublishedAccount) -> Account {
    (account.source.clone(), account.key.clone())
}

fn account(silo: &str, person: usize, copy: usize) -> Account {
    (silo.to_owned(), format!("{silo}-{person}-{copy}"))
}

const FAMILIES: [&str; 8] =
    ["Abriquel", "Bouvardin", "Champlois", "Dortelle", "Esquirat", "Fontbrune", "Grimaudel", "Hautecombe"];

fn street(row: &Row) -> String {
    format!("{} impasse du Vieux Puits {}", 1_000 + row.person * 37 + row.edits, FAMILIES[row.person % 8])
}

fn cells(row: &Row) -> [String; 6] {
    let Row { person, .. } = row;
    let family = FAMILIES[person % FAMILIES.len()];
    [
        format!("{family}{}", "e".repeat(person / FAMILIES.len())),
        ["Armand", "Brunehilde", "Delphine", "Eudes"][person % 4].to_owned(),
        format!("client{person}.{}@courrier.example", family.to_lowercase()),
        format!("06 39 98 {:02} {:02}", person, (person * 37) % 100),
        street(row),
        format!("{}-{:02}-{:02}", 1950 + person, person % 12 + 1, person % 27 + 1),
    ]
}
