"""escrow.py RECORD KEY KEY…: opens a key in escrow by what docs/pfx.md says of it, with pyca/cryptography; prints its password, and SHA-256 of the file."""

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def product(a, b):
    """In the field of AES, by shifting."""
    result = 0
    while b:
        if b & 1:
            result ^= a
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return result


def inverse(a):
    return next(b for b in range(1, 256) if product(a, b) == 1)


def read(path):
    with open(path, "rb") as file:
        return file.read()


path, *key_paths = sys.argv[1:]
record = json.loads(read(path))
label = hashlib.sha256(f"openndes-escrow 1 {record['thumbprint']} {record['required']}".encode()).digest()
points = {}
for key in (serialization.load_pem_private_key(read(each), None) for each in key_paths):
    officer = hashlib.sha256(key.public_key().public_bytes(*SPKI)).hexdigest()
    (sealed,) = (each["sealed"] for each in record["shares"] if each["sha256"] == officer)
    share = key.decrypt(base64.b64decode(sealed), OAEP)
    assert share[:32] == label and len(share) == 65
    points[share[32]] = share[33:]

secret = bytearray(32)
for x, y in points.items():
    weight = 1
    for other in points:
        if other != x:
            weight = product(weight, product(other, inverse(other ^ x)))
    for i in range(32):
        secret[i] ^= product(y[i], weight)

sealed = base64.b64decode(record["sealed"])
content = json.loads(AESGCM(bytes(secret)).decrypt(sealed[:12], sealed[12:], label))
print(content["password"], hashlib.sha256(base64.b64decode(content["file"])).hexdigest())
