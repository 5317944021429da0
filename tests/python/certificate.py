"""A certificate for this machine, its key, its authority, and an authority that has nothing to do with it: PEM, as one
JSON object."""

import datetime
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.timezone.utc)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, extensions):
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(hours=1))
        .not_valid_after(NOW + datetime.timedelta(days=2))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def authority(text):
    key = ec.generate_private_key(ec.SECP256R1())
    return key, certificate(name(text), key, name(text), key, [x509.BasicConstraints(ca=True, path_length=None)])


def pem(signed):
    return signed.public_bytes(serialization.Encoding.PEM).decode()


authority_key, signer = authority("an authority of this test")
key = ec.generate_private_key(ec.SECP256R1())
leaf = certificate(
    name("localhost"), key, signer.subject, authority_key,
    [x509.SubjectAlternativeName([x509.DNSName("localhost")]), x509.BasicConstraints(ca=False, path_length=None)],
)
print(json.dumps({
    "certificate": pem(leaf),
    "key": key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
    "authority": pem(signer),
    "stranger": pem(authority("a stranger")[1]),
}))
