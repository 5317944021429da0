use proptest::prelude::*;

use super::*;

/// Whether two names are taken to be one is as expected, both ways round.
#[track_caller]
fn check(kind: NameKind, expected: bool, pairs: &[(&str, &str)]) {
    for (left, right) in pairs {
        let found = likeness(kind, left, right);
        assert_eq!(found, likeness(kind, right, left), "{left:?} and {right:?} are compared alike both ways");
        assert_eq!(found >= ALIKE, expected, "{left:?} and {right:?} are alike by {found:.2}");
    }
}

#[track_caller]
fn persons(expected: bool, pairs: &[(&str, &str)]) {
    check(NameKind::Person, expected, pairs);
}

#[track_caller]
fn organisations(expected: bool, pairs: &[(&str, &str)]) {
    check(NameKind::Organisation, expected, pairs);
}

#[test]
fn french_names_are_recognised_as_france_writes_them() {
    persons(
        true,
        &[
            ("Jean-Pierre Marchand", "Jean Pierre MARCHAND"),
            ("Jean-Pierre Marchand", "J.-P. Marchand"),
            ("Jean-Pierre Marchand", "JP Marchand"),
            ("Jean-Pierre Marchand", "Jeanpierre Marchand"),
            ("Jean-Pierre Marchand", "MARCHAND, Jean"),
            ("Hélène Besnard née Lacaze", "Helene Besnard"),
            ("Hélène Besnard née Lacaze", "Hélène Lacaze"),
            ("Mme Hélène Besnard-Lacaze", "Hélène Lacaze"),
            ("Hélène Lacaze épouse Besnard", "BESNARD Hélène"),
            ("Charles de la Tour", "Charles Delatour"),
            ("Charles de la Tour", "Charles La Tour"),
            ("Yves d'Estaing", "Yves Destaing"),
            ("Yves d’Estaing", "Yves Estaing"),
            ("Anne-Laure Gauthier", "Gautier Anne Laure"),
            ("Maître Loïc Le Goff", "Loic LEGOFF"),
            ("Éric Bœuf", "Eric Boeuf"),
            ("Cathy Roussel", "Catherine Roussel"),
        ],
    );
    persons(
        false,
        &[
            ("Jean-Pierre Marchand", "Jean-Paul Marchand"),
            ("J.-P. Marchand", "Jean-Claude Marchand"),
            ("Hélène Besnard née Lacaze", "Hélène Besnard née Coudert"),
            ("Hélène Besnard", "Patrick Besnard"),
            ("Jean Marchand", "Paul Marchand"),
            ("Charles de la Tour", "Charles de Gaillard"),
            ("M. Marchand", "Mme Besnard"),
        ],
    );
}

#[test]
fn english_names_are_recognised_as_england_writes_them() {
    persons(
        true,
        &[
            ("Bob Ashworth", "Robert Ashworth"),
            ("Peggy Ashworth", "Margaret Ashworth"),
            ("Robert J. Ashworth", "Robert James Ashworth"),
            ("R. J. Ashworth", "Robert James Ashworth"),
            ("Ashworth, Robert James", "Robert Ashworth"),
            ("Robert James Ashworth", "Robert Ashworth"),
            ("Dr Robert Ashworth Jr.", "Robert Ashworth"),
            ("Seán O'Hanlon", "Sean Ohanlon"),
            ("Sean O Hanlon", "Sean O'Hanlon"),
            ("Fiona MacAllister", "Fiona Mac Allister"),
            ("Fiona Stirling-Reeve", "Fiona Reeve"),
            ("Catherine Whitfield", "Kathryn Whitfeild"),
        ],
    );
    persons(
        false,
        &[
            ("Robert J. Ashworth", "Robert P. Ashworth"),
            ("Robert James Ashworth", "Robert Peter Ashworth"),
            ("Robert Ashworth", "Robert Whitfield"),
            ("R. A.", "Robert Ashworth"),
            ("Fiona Reeve", "Iona Greaves"),
        ],
    );
}

#[test]
fn particles_may_be_missing_joined_or_of_another_dialect() {
    persons(
        true,
        &[
            ("Jan van der Berg", "Jan Vanderberg"),
            ("Jan van der Berg", "BERG Jan"),
            ("Jan v.d. Berg", "Jan van der Berg"),
            ("Karl von Steinfels", "Karl Steinfels"),
            ("Omar al-Rashidi", "Omar El Rashidi"),
            ("Omar al-Rashidi", "Umar Alrashidi"),
            ("Yusuf bin Salim", "Youssef ibn Salim"),
        ],
    );
    // A son is not his father.
    persons(false, &[("Salim bin Yusuf al-Rashidi", "Yusuf bin Salim al-Rashidi")]);
}

#[test]
fn names_of_other_scripts_are_romanised() {
    persons(
        true,
        &[
            ("Людмила Захарченко", "Lyudmila Zakharchenko"),
            ("Захарченко Людмила Ивановна", "Ludmila Zakharchenko"),
            ("Γιώργος Παπαδόπουλος", "Giorgos Papadopoulos"),
            ("Գրիգոր Բարսեղյան", "Grigor Barseghyan"),
            ("ნინო ლომიძე", "Nino Lomidze"),
            ("فرناندو مارتينيز", "Fernando Martínez"),
            ("יעקב ברנשטיין", "Yaakov Bernstein"),
            ("田中さくら", "田中 さくら"),
            ("サクラ・タナカ", "Sakura Tanaka"),
            ("王小明", "Wang Xiaoming"),
            ("王小明", "Xiao Ming Wang"),
            ("김민수", "Gim Minsu"),
            ("김민수", "Kim Min-su"),
            ("สมชาย ใจดี", "สมชาย ใจดี"),
        ],
    );
    // One other sign is another name.
    persons(
        false,
        &[("王小明", "王小朋"), ("김민수", "김민호"), ("Людмила Захарченко", "Людмила Борисенко")],
    );
}

#[test]
fn organisations_are_recognised_whatever_their_legal_form_is_called() {
    organisations(
        true,
        &[
            ("Verdier SARL", "S.A.R.L. VERDIER"),
            ("Verdier SAS", "Verdier société par actions simplifiée"),
            ("Établissements Verdier", "Ets Verdier"),
            ("Verdier & Fils", "Verdier et Fils"),
            ("Hartwell and Sons Ltd", "Hartwell & Sons Limited"),
            ("Grünwald GmbH", "Gruenwald Gesellschaft mit beschränkter Haftung"),
            ("Grünwald und Partner", "Gruenwald & Partner"),
            ("Ferretti S.p.A.", "Ferretti Società per Azioni"),
            ("Talleres Ibarra, S.L.", "Talleres Ibarra Sociedad Limitada"),
            ("De Wit B.V.", "De Wit besloten vennootschap"),
            ("ООО «Северный Ветер»", "Severnyy Veter OOO"),
            ("ЗАО Северный Ветер", "Общество Северный Ветер ПАО"),
            ("Wyspa Sp. z o.o.", "Wyspa spółka z ograniczoną odpowiedzialnością"),
            ("HartwellAG", "Hartwell AG"),
            ("The Hartwell Group", "Hartwell"),
        ],
    );
    // Stock corporation and limited company are two.
    organisations(false, &[("Grünwald AG", "Grünwald GmbH"), ("Verdier SA", "Association Moreau")]);
}

#[test]
fn organisations_are_recognised_by_acronym_order_and_spelling() {
    organisations(
        true,
        &[
            ("BLM", "Boulangeries Levain du Midi"),
            ("B.L.M. SAS", "Boulangeries Levain Midi"),
            ("Levain du Midi Boulangeries", "Boulangeries Levain du Midi"),
            ("H&W Hartwell", "H and W Hartwell"),
            ("3 Rivières", "Trois Rivières"),
            ("Brigade 44", "Brigade forty-four"),
            ("Hartwell Int'l", "Hartwell International"),
            ("Hartwell Labour Organisation", "Hartwell Labor Organization"),
            ("Goodwin Technology", "Good Win Technologies"),
            ("L'Orangeraie", "LORANGERAIE"),
        ],
    );
    organisations(
        false,
        &[
            ("Hartwell Systems", "Hartford Industries"),
            ("Banque de Bordeaux", "Banque de Lyon"),
            ("Verdier Transports", "Moreau Transports"),
            ("BLM", "Boulangeries Verdier"),
            ("Fund III", "Fund IV"),
            ("Government of Nordland", "Government of Sudland"),
        ],
    );
}

#[test]
fn a_word_that_many_names_have_says_less() {
    let mut names = Names::new(NameKind::Organisation);
    let fillers = ["Albret", "Brossard", "Cazaux", "Delprat", "Estrade", "Fabrega", "Gimenez", "Hourcade"];
    for (number, filler) in fillers.iter().cycle().take(80).enumerate() {
        names.add(&format!("Cooperage {filler}{number:03}"));
    }
    let [one, other] = ["Cooperage Lartigue", "Lartigue"].map(|name| names.add(name));
    let among_many = names.likeness(one, other);
    let alone = likeness(NameKind::Organisation, "Cooperage Lartigue", "Lartigue");
    assert!(among_many >= ALIKE && alone < ALIKE, "{among_many} among many, {alone} alone");
    let few = names.counted_here(["Lartigue", "Cooperage Lartigue"].into_iter());
    assert_eq!(few.likeness(NameIndex(0), NameIndex(1)), among_many);
}

#[test]
fn every_writing_of_the_list_is_folded() {
    for line in include_str!("../../../../schemas/organisations.txt").lines() {
        if line.is_empty() || line.starts_with('#') || line.starts_with('[') {
            continue;
        }
        let (word, others) = line.split_once(':').unwrap_or((line, ""));
        for writing in std::iter::once(word).chain(others.split(',')).map(str::trim) {
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == ' ';
            assert!(writing.chars().all(is_plain), "{line}");
        }
    }
}

proptest! {
    #[test]
    fn likeness_is_symmetric_and_within_bounds(
        left in "([a-dé]{1,5}|bin|de|[АБВ]{2,3}|[王小明]{1,3}|& |[IVX]{1,3}|Ltd)( [a-d.]{1,5}){0,4}|\\PC{0,12}",
        right in "([a-dé]{1,5}|ibn|la|[АБВ]{2,3}|[王小明]{1,3}|\\d{1,3}|SARL)( [a-d'-]{1,5}){0,4}|\\PC{0,12}",
    ) {
        for kind in [NameKind::Person, NameKind::Organisation] {
            let [forth, back] = [likeness(kind, &left, &right), likeness(kind, &right, &left)];
            prop_assert_eq!(forth, back, "{:?}", kind);
            prop_assert!((0.0..=1.0).contains(&forth));
            let same = likeness(kind, &left, &left);
            prop_assert!(same == 0.0 || same > 0.99, "{}", same);
        }
    }
}

#[test]
fn names_weigh_the_same_on_any_number_of_threads() {
    let trades = ["Boulangerie", "Garage", "Ateliers", "Transports"];
    let written: Vec<String> = (0..5_000)
        .map(|number| {
            format!(
                "{} {} {} SARL",
                trades[number % 4],
                ["Verrier", "Moor", "Delmas"][number % 3],
                number / 12
            )
        })
        .collect();
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    let mut alone = Names::new(NameKind::Organisation);
    let places: Vec<NameIndex> = written.iter().map(|name| alone.add(name)).collect();
    for threads in [1, 3] {
        let mut together = Names::new(NameKind::Organisation);
        together.add_all(&written, NonZeroUsize::new(threads).unwrap());
        for two in places.windows(2) {
            assert_eq!(
                together.likeness(two[0], two[1]),
                alone.likeness(two[0], two[1]),
                "{threads} threads"
            );
        }
    }
}
