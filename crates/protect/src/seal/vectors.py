"""Writes vectors.txt: sealed values, made from the module documentation alone.

A second implementation of the wire format, so that the first is not its own witness:
    python3 vectors.py > vectors.txt        (needs PyPI's `cryptography`)
"""

import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def part(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def padded(value: bytes) -> bytes:
    sizes = (32, 64, 128, 256, 512, 1024)
    needed = len(value) + 1
    size = next((size for size in sizes if needed <= size), -(-needed // 1024) * 1024)
    return value + b"\x80" + bytes(size - needed)


def sealed(key, nonce, tenant, table, field_class, record, version, key_epoch, value) -> bytes:
    associated = part(b"vermeil/seal/1") + part(b"\x01")
    associated += part(tenant.encode()) + part(table.encode()) + part(field_class.encode()) + part(record)
    associated += part(struct.pack(">q", version)) + part(struct.pack(">I", key_epoch))
    head = struct.pack(">BBI", 1, 1, key_epoch)
    return head + nonce + AESGCM(key).encrypt(nonce, padded(value), associated)


def entry(tenant, table, field_class, version, key_epoch, length, number):
    key = bytes((number + place) % 256 for place in range(32))
    nonce = bytes((number + 0x20 + place) % 256 for place in range(12))
    record = bytes((number + 0x30 + place) % 256 for place in range(16))
    value = bytes(place % 256 for place in range(length))
    text = sealed(key, nonce, tenant, table, field_class, record, version, key_epoch, value)
    print(f"\nkey = {key.hex()}\nnonce = {nonce.hex()}\ntenant = {tenant}\ntable = {table}")
    print(f"class = {field_class}\nrecord = {record.hex()}\nversion = {version}")
    print(f"key epoch = {key_epoch}\nvalue length = {length}\nsealed = {text.hex()}")


print("# Sealed values, written by vectors.py. A value is the bytes 00 01 02 … of its length, modulo 256.")
classes = ("identifier", "contact", "demographic", "sensitive")
for number, field_class in enumerate(classes):
    entry("demo", "landing.erp", field_class, 7, 1, 15, number)
for number, length in enumerate((0, 31, 32, 63, 64, 127, 128, 255, 256, 511, 512, 1023, 1024, 2047, 2048)):
    entry("demo", "golden.profiles", classes[number % 4], number, 1, length, 16 + number)
for number, (version, key_epoch) in enumerate(((-(2**63), 0), (2**63 - 1, 2**32 - 1), (0, 256))):
    entry("société", "", "contact", version, key_epoch, 3, 64 + number)
