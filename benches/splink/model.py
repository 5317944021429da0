"""The peer's model of a French customer: how a user who knows the columns would set Splink up.

Cleaning, blocking rules, comparisons and training rules, nothing else; `splink_dedupe.py` runs them.
"""

import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import SettingsCreator, block_on

# Cleaned in one pass of DuckDB, inside the time that is measured. Legal forms say little about which organisation it
# is; what stands before the last nine digits of a French phone number is a way to write the country.
CLEANED = """
    WITH text AS (
        SELECT
            record_id,
            {given_name} AS given_name,
            coalesce({family_name}, {organisation_name}) AS family_name,
            lower(trim(email)) AS email,
            right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) AS phone,
            right(regexp_replace(mobile, '[^0-9]', '', 'g'), 9) AS mobile,
            {street} AS street,
            trim(postal_code) AS postal_code,
            coalesce(try_strptime(birth_date, '%d/%m/%Y'), try_strptime(birth_date, '%Y-%m-%d'))::DATE AS birth_date
        FROM read_csv($file, header = true, all_varchar = true)
    )
    SELECT
        record_id,
        nullif(given_name, '') AS given_name,
        nullif(left(given_name, 1), '') AS initial,
        nullif(family_name, '') AS family_name,
        nullif(email, '') AS email,
        nullif(split_part(email, '@', 1), '') AS mailbox,
        nullif(phone, '') AS phone,
        nullif(mobile, '') AS mobile,
        nullif(street, '') AS street,
        nullif(postal_code, '') AS postal_code,
        birth_date,
        strftime(birth_date, '%Y-%m-%d') AS birth_text
    FROM text
"""
WORDS = r"trim(regexp_replace(strip_accents(lower({column})), '[^a-z0-9]+', ' ', 'g'))"
LEGAL_FORM = r"trim(regexp_replace({words}, '\b(sarl|sasu|sas|eurl|snc|sci|sa|ets)\b', '', 'g'))"


def cleaned() -> str:
    """The statement that reads `$file` and yields the records as Splink compares them."""
    words = {column: WORDS.format(column=column) for column in ("given_name", "family_name", "street")}
    organisation = LEGAL_FORM.format(words=WORDS.format(column="organisation_name"))
    return CLEANED.format(organisation_name=organisation, **words)


def given_name():
    """Exact with term frequencies, an initial, or two degrees of likeness.

    A level of swapped names would add 0.001 to F1. But u of a level that random pairs hardly ever show cannot be had
    early, and Splink would look at ten times the pairs for this comparison.
    """
    return comparisons.CustomComparison(
        output_column_name="given_name",
        comparison_levels=[
            levels.NullLevel("given_name"),
            levels.ExactMatchLevel("given_name").configure(tf_adjustment_column="given_name"),
            levels.JaroWinklerLevel("given_name", 0.92),
            levels.CustomLevel(
                "initial_l = initial_r AND (length(given_name_l) = 1 OR length(given_name_r) = 1)",
                label_for_charts="an initial",
            ),
            levels.JaroWinklerLevel("given_name", 0.8),
            levels.ElseLevel(),
        ],
    )


def family_name():
    """Exact with term frequencies, or two degrees of likeness."""
    return comparisons.CustomComparison(
        output_column_name="family_name",
        comparison_levels=[
            levels.NullLevel("family_name"),
            levels.ExactMatchLevel("family_name").configure(tf_adjustment_column="family_name"),
            levels.JaroWinklerLevel("family_name", 0.92),
            levels.JaroWinklerLevel("family_name", 0.8),
            levels.ElseLevel(),
        ],
    )


def birth_date():
    """As `DateOfBirthComparison`, but a date is written and read once for each record, not for each pair."""
    return comparisons.CustomComparison(
        output_column_name="birth_date",
        comparison_levels=[
            levels.NullLevel("birth_date"),
            levels.ExactMatchLevel("birth_date"),
            levels.DamerauLevenshteinLevel("birth_text", 1),
            levels.CustomLevel("abs(birth_date_l - birth_date_r) <= 366", label_for_charts="within a year"),
            levels.CustomLevel("abs(birth_date_l - birth_date_r) <= 3653", label_for_charts="within ten years"),
            levels.ElseLevel(),
        ],
    )


def email():
    """As `EmailComparison`, but what stands before the `@` is cut out once for each record, not for each pair."""
    return comparisons.CustomComparison(
        output_column_name="email",
        comparison_levels=[
            levels.NullLevel("email"),
            levels.ExactMatchLevel("email").configure(tf_adjustment_column="email"),
            levels.ExactMatchLevel("mailbox"),
            levels.JaroWinklerLevel("mailbox", 0.88),
            levels.ElseLevel(),
        ],
    )


def mobile():
    """One person's: the same, but for one digit, or another."""
    return comparisons.LevenshteinAtThresholds("mobile", 1)


def household():
    """What people of one household share counts once: the line on land, the street with its postal code."""
    same_place = levels.ExactMatchLevel("postal_code")
    missing = "(postal_code_l IS NULL OR postal_code_r IS NULL) AND (phone_l IS NULL OR phone_r IS NULL)"
    same = "phone_l = phone_r OR (street_l = street_r AND postal_code_l = postal_code_r)"
    return comparisons.CustomComparison(
        output_column_name="household",
        comparison_levels=[
            levels.CustomLevel(missing, label_for_charts="missing").configure(is_null_level=True),
            levels.CustomLevel(same, label_for_charts="same phone or address"),
            levels.And(levels.JaroWinklerLevel("street", 0.9), same_place),
            same_place,
            levels.ElseLevel(),
        ],
    )


def settings() -> SettingsCreator:
    """Six comparisons, four of them with Jaro-Winkler, over the pairs of six rules."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=[
            given_name(),
            family_name(),
            birth_date(),
            email(),
            mobile(),
            household(),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("email"),
            block_on("mobile"),
            block_on("phone", "initial"),
            block_on("family_name", "birth_date"),
            block_on("given_name", "birth_date"),
            block_on("family_name", "initial", "postal_code"),
        ],
        # Neither matched columns nor steps of the calculation: the fastest that Splink offers.
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )


# The share of pairs that match is what these rules find over what they are thought to find.
DETERMINISTIC_RULES = [
    block_on("email", "family_name"),
    block_on("mobile", "family_name"),
    block_on("given_name", "family_name", "birth_date"),
]
DETERMINISTIC_RECALL = 0.7

# Each comparison is free in one of the sessions at least.
TRAINING_RULES = [block_on("mobile"), block_on("family_name", "birth_date")]
