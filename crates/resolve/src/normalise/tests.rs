use proptest::prelude::*;

use super::*;

const ALL: [Normaliser; 9] = [
    Normaliser::Text,
    Normaliser::PersonName,
    Normaliser::OrganisationName,
    Normaliser::Phone,
    Normaliser::Email,
    Normaliser::Date,
    Normaliser::PostalCode,
    Normaliser::Street,
    Normaliser::Identifier,
];

#[track_caller]
fn check(normaliser: Normaliser, cases: &[(&str, &str)]) {
    check_in(normaliser, Country::Unknown, cases);
}

/// An empty expectation stands for no value.
#[track_caller]
fn check_in(normaliser: Normaliser, country: Country, cases: &[(&str, &str)]) {
    for (raw, normal) in cases {
        let found = normalise(normaliser, country, raw).unwrap_or_default();
        assert_eq!(&found, normal, "input: {raw:?}");
    }
}

#[test]
fn case_accents_and_punctuation_are_folded() {
    check(
        Normaliser::Text,
        &[
            ("  Hélène-Zoé  ", "helene zoe"),
            ("L'Haÿ-les-Roses", "l hay les roses"),
            ("Œuvre Æther Straße Søren Łódź", "oeuvre aether strasse soren lodz"),
            ("ﬁn ½ Ⅳ", "fin 1 2 iv"),
            ("ΑΘΉΝΑ", "αθηνα"),
            ("Москва", "москва"),
            ("a\u{ad}b\u{200b}c\0d", "abc d"),
            ("—", ""),
            ("", ""),
        ],
    );
}

#[test]
fn marks_that_are_part_of_a_letter_stay() {
    check(Normaliser::Text, &[("हिन्दी", "हिन्दी")]);
}

#[test]
fn titles_are_dropped_but_particles_stay() {
    check(
        Normaliser::PersonName,
        &[
            ("Dr. Agathe Verrier", "agathe verrier"),
            ("M. le Dr Verrier", "le dr verrier"),
            ("Mme VERRIER", "verrier"),
            ("Mlle. Agathe de la Tour d'Aubrac", "agathe de la tour d aubrac"),
            ("Prof. Sir Basil van der Meer", "basil van der meer"),
            ("Verrier Agathe Mme", "verrier agathe"),
            ("Basil Moor, PhD", "basil moor"),
            ("Me Verrier", "verrier"),
        ],
    );
}

#[test]
fn a_title_that_is_the_whole_name_stays() {
    check(
        Normaliser::PersonName,
        &[("Dr", "dr"), ("Lord", "lord"), ("M. Lord", "lord"), ("Jean M.", "jean m")],
    );
}

#[test]
fn legal_forms_are_dropped_from_organisations() {
    check(
        Normaliser::OrganisationName,
        &[
            ("Boulangerie Verrier S.A.R.L.", "boulangerie verrier"),
            ("SAS Verrier & Fils", "verrier fils"),
            ("Moor Trading Pty Ltd", "moor trading"),
            ("Moor plc", "moor"),
            ("Verrier GmbH", "verrier"),
            ("SA", "sa"),
            ("Inc Verrier SAS Paris", "verrier sas paris"),
            ("B.N.K. Moor, Inc.", "bnk moor"),
        ],
    );
}

#[test]
fn french_phone_numbers_become_e164() {
    let mobile = "+33612345678";
    check(
        Normaliser::Phone,
        &[
            ("06 12 34 56 78", mobile),
            ("06.12.34.56.78", mobile),
            ("+33 6 12 34 56 78", mobile),
            ("+33 (0)6 12 34 56 78", mobile),
            ("0033612345678", mobile),
            ("0033 06 12 34 56 78", mobile),
            ("33612345678", mobile),
            ("612345678", mobile),
            ("Tél. : 06-12-34-56-78 (bureau)", mobile),
            ("01 23 45 67 89 poste 12", "+33123456789"),
            ("0262 12 34 56", "+262262123456"),
        ],
    );
}

#[test]
fn english_phone_numbers_become_e164() {
    check(
        Normaliser::Phone,
        &[("+44 (0)20 7946 0123", "+442079460123"), ("0044 20 7946 0123", "+442079460123")],
    );
    check_in(
        Normaliser::Phone,
        Country::UnitedKingdom,
        &[
            ("07700 900123", "+447700900123"),
            ("7700900123", "+447700900123"),
            ("020 7946 0123", "+442079460123"),
            ("+33 6 12 34 56 78", "+33612345678"),
        ],
    );
}

#[test]
fn phone_numbers_that_cannot_be_told_are_kept_as_digits() {
    check(
        Normaliser::Phone,
        &[("07700 900123", "07700900123"), ("12-34", "1234"), ("+1 (555) 010-9999", "+15550109999")],
    );
    check_in(Normaliser::Phone, Country::Other, &[("06 12 34 56 78", "0612345678")]);
    check(Normaliser::Phone, &[("0000000000", ""), ("none", "")]);
}

#[test]
fn email_tags_and_case_are_dropped() {
    check(
        Normaliser::Email,
        &[
            (" Agathe.Verrier+News@Example.ORG ", "agathe.verrier@example.org"),
            ("Agathe <agathe@example.org>", "agathe@example.org"),
            ("mailto:agathe@example.org", "agathe@example.org"),
            ("+news@example.org", "+news@example.org"),
            ("agathe.example.org", "agathe.example.org"),
            ("-", ""),
            ("@", ""),
        ],
    );
}

#[test]
fn dates_become_iso() {
    check(
        Normaliser::Date,
        &[
            ("1984-07-03", "1984-07-03"),
            ("03/07/1984", "1984-07-03"),
            ("3.7.1984", "1984-07-03"),
            ("03-07-1984", "1984-07-03"),
            ("19840703", "1984-07-03"),
            ("1984-07-03T10:00:00Z", "1984-07-03"),
            ("2000-02-29", "2000-02-29"),
        ],
    );
}

#[test]
fn what_is_no_date_is_none() {
    check(Normaliser::Date, &[("0000-01-01", ""), ("+984-01-01", ""), ("today", ""), ("1984", "")]);
}

#[test]
fn dates_that_do_not_exist_are_compared_as_they_are_written() {
    check(
        Normaliser::Date,
        &[
            ("31/02/1984", "1984-02-31"),
            ("1662-01-81", "1662-01-81"),
            ("12/31/1984", "1984-31-12"),
            ("03/07/84", "1984-07-03"),
            ("03/07/07", "2007-07-03"),
        ],
    );
}

#[test]
fn dates_that_do_not_exist_are_no_dates() {
    for raw in ["31/02/1984", "1900-02-29", "1984-13-01", "03/07/84", "1984-00-10"] {
        assert_eq!(date::iso(raw), None, "{raw}");
    }
}

#[test]
fn postal_codes_keep_letters_and_digits() {
    check(
        Normaliser::PostalCode,
        &[("sw1a 2aa", "SW1A2AA"), ("F-75011", "75011"), ("FR 75011", "75011"), ("6000", "6000")],
    );
    check_in(Normaliser::PostalCode, Country::France, &[("6000", "06000"), ("75011", "75011")]);
}

#[test]
fn abbreviated_ways_are_written_out() {
    check(
        Normaliser::Street,
        &[
            ("12, bd. de l'Étang", "12 boulevard de l etang"),
            ("3 av du Gal Moreau", "3 avenue du general moreau"),
            ("7 r. St-Lazare", "7 rue saint lazare"),
            ("St Anne's St", "saint anne s street"),
            ("14 Mill St, 3", "14 mill street 3"),
            ("5 rue du Dr Fabre", "5 rue du docteur fabre"),
            ("5 Oak Dr", "5 oak drive"),
            ("2 Mill Ln", "2 mill lane"),
            ("8 imp. des Lilas", "8 impasse des lilas"),
        ],
    );
}

#[test]
fn identifiers_are_letters_and_digits_in_upper_case() {
    check(Normaliser::Identifier, &[("fr 12-345.678 901", "FR12345678901"), ("ab/9", "AB9"), ("000", "")]);
}

#[test]
fn whole_names_are_parted() {
    for (whole, given, family) in [
        ("Agathe Verrier", "agathe", "verrier"),
        ("Agathe Marie Verrier", "agathe marie", "verrier"),
        ("Jan van der Meer", "jan", "van der meer"),
        ("VERRIER MARTEL Agathe", "agathe", "verrier martel"),
        ("Mme Agathe VERRIER", "agathe", "verrier"),
        ("Verrier, Agathe", "agathe", "verrier"),
        ("Verrier", "", "verrier"),
        ("de la Tour", "", "de la tour"),
        ("Ben Moor", "ben", "moor"),
    ] {
        let parts = person::parts(whole);
        assert_eq!((parts.given.as_str(), parts.family.as_str()), (given, family), "input: {whole:?}");
    }
}

#[test]
fn absurdly_long_values_are_cut() {
    let normal = normalise(Normaliser::Text, Country::Unknown, &"é".repeat(1_000_000)).unwrap();
    assert_eq!(normal, "e".repeat(MAX_CHARACTERS));
}

#[test]
fn countries_are_read_in_french_and_english() {
    assert_eq!(Country::from_hint("FR"), Country::France);
    assert_eq!(Country::from_hint("Royaume-Uni"), Country::UnitedKingdom);
    assert_eq!(Country::from_hint("Belgique"), Country::Other);
    assert_eq!(Country::from_hint(" "), Country::Unknown);
}

#[test]
fn marks_that_come_together_come_in_their_order() {
    check(Normaliser::PostalCode, &[("\u{11370}:\u{1134d}", "\u{1134d}\u{11370}")]);
    // Marks without a letter are not letters of an acronym.
    check(Normaliser::OrganisationName, &[("\u{5b0}:\u{e3a}", "\u{5b0} \u{e3a}")]);
}

#[test]
fn an_address_is_unwrapped_to_the_last() {
    check(
        Normaliser::Email,
        &[
            ("mailto:mailto:anne@example.org", "anne@example.org"),
            ("<mailto:Anne@Example.org>;", "anne@example.org"),
            ("a<>x<", "a<>x"),
        ],
    );
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(
        raw in "\\PC{0,24}|[0-9+() ]{0,16}|[a-zA-Z .]{0,24}|[sStTrRdD0-9 .]{0,12}|(mailto:|[aA+@<>.; ]){0,12}|([sS]t|[rR]|dr|[ .,0-9])*|(m|mr|dr|sa|S\\.A\\.|l|[ .-]){0,12}|(F|R|-|[0-9]){0,10}"
    ) {
        for normaliser in ALL {
            if let Some(once) = normalise(normaliser, Country::Unknown, &raw) {
                prop_assert!(!once.is_empty());
                let twice = normalise(normaliser, Country::Unknown, &once);
                prop_assert_eq!(twice.as_deref(), Some(once.as_str()), "{:?}", normaliser);
            }
        }
    }
}

#[test]
fn a_month_may_be_in_letters() {
    let written = [
        "5 May 1990",
        "May 5, 1990",
        "05-MAY-1990",
        "5. Mai 1990",
        "5 de mayo de 1990",
        "5 mei 1990",
        "5th May 1990",
    ];
    for raw in written {
        assert_eq!(date::iso(raw).as_deref(), Some("1990-05-05"), "{raw}");
    }
    assert_eq!(date::as_written("1er août 78").as_deref(), Some("1978-08-01"));
    assert_eq!(date::iso("9 Oct 1990").as_deref(), Some("1990-10-09"));
    assert_eq!(date::iso("31 février 1990"), None);
    assert_eq!(date::iso("1990-05-05T10:00:00Z").as_deref(), Some("1990-05-05"));
    for raw in ["May 1990", "12 rue 1990", "May 5 1990 or 1991", "May fifth 1990"] {
        assert_eq!(date::iso(raw), None, "{raw}");
    }
}
