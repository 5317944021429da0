"""Invented French customers of three sources in one file, with the truth beside it.

The silos are those of `vermeil synth`; unifying them is renaming columns. Values stay as their source writes them,
but for dates, which all come in the French way. Rows that `synth` broke on purpose are left out: reading bad files is
not what is compared here.
"""

import csv
import hashlib
import json
import subprocess
from pathlib import Path

INPUT = "input.csv"
TRUTH = "truth.csv"

COLUMNS = [
    "record_id", "source", "title", "given_name", "family_name", "organisation_name", "registration_number",
    "email", "phone", "mobile", "street", "postal_code", "city", "birth_date",
]  # fmt: skip

ERP = {
    "KUNNR": "key", "ANRED": "title", "NAME2": "given_name", "NAME1": "family_name", "NAMORG": "organisation_name",
    "STCD1": "registration_number", "SMTP": "email", "TELF1": "phone", "TELF2": "mobile", "STRAS": "street",
    "PSTLZ": "postal_code", "ORT01": "city", "DATNAIS": "birth_date",
}  # fmt: skip

CRM = {
    "contactid": "key", "salutation": "title", "firstname": "given_name", "lastname": "family_name",
    "emailaddress1": "email", "telephone1": "phone", "mobilephone": "mobile", "address1_line1": "street",
    "address1_postalcode": "postal_code", "address1_city": "city", "birthdate": "birth_date",
}  # fmt: skip

WEB = {
    "id": "key", "firstName": "given_name", "lastName": "family_name", "emailAddress": "email",
    "phoneNumber": "mobile", "birthDate": "birth_date",
}  # fmt: skip
WEB_ADDRESS = {"street": "street", "postalCode": "postal_code", "city": "city"}


def write(program: Path, people: int, folder: Path) -> int:
    """Invents people with `program` and writes both files below `folder`; the number of records."""
    silos = folder / "silos"
    command = [program, "synth", "--people", str(people), "--out", silos]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with open(silos / "truth.csv", newline="", encoding="utf-8") as lines:
        entities = {(row["source"], row["key"]): row["person_id"] for row in csv.DictReader(lines)}
    records = 0
    with (
        open(folder / INPUT, "w", newline="", encoding="utf-8") as customers,
        open(folder / TRUTH, "w", newline="", encoding="utf-8") as truth,
    ):
        to_customers, to_truth = csv.writer(customers), csv.writer(truth)
        to_customers.writerow(COLUMNS)
        to_truth.writerow(["record_id", "entity_id"])
        for source, record in accounts(silos):
            # A source repeats some of its accounts: the first of them counts.
            entity = entities.pop((source, record.get("key")), None)
            if entity is None:
                continue
            row = {**record, "record_id": records, "source": source}
            to_customers.writerow([row.get(column) for column in COLUMNS])
            to_truth.writerow([records, entity])
            records += 1
    return records


def accounts(silos: Path):
    """Each whole account of each silo, with the columns' common names."""
    for source, name, encoding, delimiter, columns in (
        ("erp", "erp.csv", "cp1252", ";", ERP),
        ("crm", "crm.csv", "utf-8", ",", CRM),
    ):
        with open(silos / name, newline="", encoding=encoding) as lines:
            for row in csv.DictReader(lines, delimiter=delimiter):
                if None not in row and None not in row.values():
                    yield source, renamed(row, columns)
    with open(silos / "web.ndjson", encoding="utf-8") as lines:
        for line in lines:
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                continue
            yield "web", {**renamed(row, WEB), **renamed(row.get("address") or {}, WEB_ADDRESS)}


def renamed(row: dict, columns: dict) -> dict:
    record = {name: row.get(column) for column, name in columns.items()}
    year, dash, rest = (record.get("birth_date") or "").partition("-")
    if dash:
        month, _, day = rest.partition("-")
        record["birth_date"] = f"{day}/{month}/{year}"
    return record


def fingerprint(folder: Path) -> str:
    """Twelve hexadecimal digits by which runs on the same data can be told."""
    with open(folder / INPUT, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
