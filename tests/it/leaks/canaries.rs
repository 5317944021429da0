//! Invented values that stand nowhere else, and the rows that carry them.

use crate::common::Workspace;

/// Of the person whom three silos know.
pub const FAMILY_NAME: &str = "Quoxillard";

/// Their e-mail address, as two of the silos write it.
pub const EMAIL: &str = "plumechoux.77@brimborion-vert.example";

/// Kept to recognise the event by; no column shows it.
pub const EVENT_KEY: &str = "evenement-zq-1";

/// Every planted value, or the part of it that is left whatever is done to the rest.
pub const TEXTS: [&str; 39] = [
    // A person in three silos.
    "Zéphyrinette",
    FAMILY_NAME,
    "plumechoux.77",
    "brimborion-vert.example",
    "639981274",
    "06 39 98 12 74",
    "Fribouillettes",
    "Trompignoles",
    "souffleuse de bulles",
    "allergique aux mirabelles dorées",
    "9987700123",
    "webkonto5521",
    "kontakt-7731-zwb",
    "notation-Zx9",
    // An organisation.
    "Grimbouille",
    "99887766500019",
    // A row that stands twice.
    "Doublonnette",
    "kontakt-double-1",
    // Rows that break their contract, each in its way.
    "Malvoisinette",
    "Canarigoulet",
    "le jour de la Saint-Glinglin",
    "Orphelinard",
    "Encodagnol",
    "Longuissimeau",
    "Crochetinette",
    "Sansmailette",
    "Octetnullard",
    // What happened to a person.
    "Tournicotons",
    "Turlupinades",
    "Vroubichon",
    "DOC-ZQ-884417",
    "Chamboulette",
    EVENT_KEY,
    // What changes before the second run.
    "tarabiscot.example",
    "Pirouettecacahuete",
    "651230987",
    "Nouvelle-Fribourgade",
    "se méfie des escabeaux",
    "Ajoutentredeux",
];

/// Every planted day of birth, before 1970: as a number it is below zero, unlike every count.
pub const DAYS: [&str; 3] = ["1909-03-17", "1911-10-29", "1913-12-08"];

/// As what the planted bad rows are quarantined.
pub const BROKEN_CONTRACTS: [&str; 8] = [
    "too-few-fields",
    "not-a-date",
    "field-too-long",
    "not-json",
    "missing-required",
    "missing-key",
    "invalid-encoding",
    "nul-byte",
];

/// Adds rows to the silos of the demo.
pub fn plant(workspace: &Workspace) {
    let erp = "\
9987700123;person;MADAME;Quoxillard;Zéphyrinette;;14 impasse des Fribouillettes;31000;Trompignoles;FR;;06 39 98 12 74;plumechoux.77@brimborion-vert.example;;17/03/1909;notation-Zx9;10,50;15/01/2021;31/03/2023 17:31:16
9987700124;organisation;;;;Grimbouille & Fils SARL;3 rue des Essais;31000;Toulouse;FR;;;;99887766500019;;;1,00;15/01/2021;31/03/2023 17:31:16
9987700125;person;Malvoisinette
9987700126;person;MADAME;Canarigoulet;Ada;;;;;FR;;;;;le jour de la Saint-Glinglin;;1,00;15/01/2021;31/03/2023 17:31:16
";
    // The letters used have the same codes in Windows-1252.
    workspace.append("data/erp.csv", erp.chars().map(|letter| letter as u8).collect::<Vec<u8>>());

    let long = "Longuissimeau ".repeat(6000);
    let web = format!(
        r#"{{"id":"webkonto5521","firstName":"Zéphyrinette","lastName":"Quoxillard","emailAddress":"plumechoux.77@brimborion-vert.example","phoneNumber":"+33639981274","address":{{"street":"14 impasse des Fribouillettes","postalCode":"31000","city":"Trompignoles"}},"birthDate":"1909-03-17","updatedAt":"2024-07-10T11:15:26Z"}}
{{"id":"webkonto5522","firstName":"Ada","lastName":"Longuissimeau","emailAddress":"{long}","updatedAt":"2024-07-10T11:15:26Z"}}
{{"id":"webkonto5523","firstName":"Crochetinette","lastName":"Ada
{{"id":"webkonto5524","firstName":"Ada","lastName":"Sansmailette","birthDate":"1911-10-29","updatedAt":"2024-07-10T11:15:26Z"}}
"#
    );
    workspace.append("data/web.ndjson", web);

    let crm = b"\
kontakt-7731-zwb,Mme,Z\xc3\xa9phyrinette,Quoxillard,souffleuse de bulles,plumechoux.77@brimborion-vert.example,,06 39 98 12 74,14 impasse des Fribouillettes,31000,Trompignoles,France,1909-03-17,allergique aux mirabelles dor\xc3\xa9es,2018-06-10T09:29:37Z,2023-03-11T18:34:24Z
kontakt-double-1,Mme,Ada,Doublonnette,,,,,,,,France,1913-12-08,,2018-06-10T09:29:37Z,2023-03-11T18:34:24Z
kontakt-double-1,Mme,Ada,Doublonnette,,,,,,,,France,1913-12-08,,2018-06-10T09:29:37Z,2023-03-11T18:34:24Z
,Mme,Ada,Orphelinard,,,,,,,,France,,,2018-06-10T09:29:37Z,2023-03-11T18:34:24Z
kontakt-7732-zwb,Mme,\xff\xfe\xfd,Encodagnol,,,,,,,,France,,,2018-06-10T09:29:37Z,2023-03-11T18:34:24Z
kontakt-7733-zwb,Mme,A\0da,Octetnullard,,,,,,,,France,,,2018-06-10T09:29:37Z,2023-03-11T18:34:24Z
";
    workspace.append("data/crm.csv", crm);

    let orders = r#"{"id":"evenement-zq-1","accountId":"9987700123","kind":"ticket","at":"2025-05-03T11:35:36Z","channel":"e-mail","number":"DOC-ZQ-884417","agent":"Vroubichon","subject":"Tournicotons","text":"Des Turlupinades sans fin"}
{"id":"evenement-zq-2","accountId":"9987700123","kind":"survey","at":"2025-05-04T11:35:36Z","answer":"Chamboulette"}
"#;
    workspace.append("data/orders.ndjson", orders);
}

/// Changes rows that have landed, and adds one.
pub fn change(workspace: &Workspace) {
    // The silos of before stay where values may be, to prove that these were planted.
    for silo in ["erp.csv", "web.ndjson", "crm.csv"] {
        let content = std::fs::read(workspace.file("data").join(silo)).expect("a silo");
        workspace.write(&format!("data/before/{silo}"), content);
    }
    workspace.edit(
        "data/erp.csv",
        "14 impasse des Fribouillettes;31000",
        "2 place Nouvelle-Fribourgade;31000",
    );
    workspace.edit("data/erp.csv", "31/03/2023 17:31:16", "01/04/2025 17:31:16");
    workspace.edit("data/web.ndjson", "+33639981274", "+33651230987");
    workspace.edit("data/web.ndjson", "plumechoux.77@brimborion-vert", "plumechoux.77@tarabiscot");
    workspace.edit(
        "data/crm.csv",
        "allergique aux mirabelles dor\u{c3}\u{a9}es",
        "se m\u{c3}\u{a9}fie des escabeaux",
    );
    workspace.edit("data/crm.csv", "souffleuse de bulles", "Pirouettecacahuete");
    workspace.append(
        "data/crm.csv",
        "kontakt-7740-zwb,Mme,Ada,Ajoutentredeux,,,,,,,,France,,,2018-06-10T09:29:37Z,2023-03-11T18:34:24Z\n",
    );
}
