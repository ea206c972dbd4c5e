"""oaep.py KEY HASH MGF1-HASH FILE: decrypts a file with RSAES-OAEP by pyca/cryptography; prints what is inside."""

import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}

key_path, digest, mgf1_digest, path = sys.argv[1:]
with open(key_path, "rb") as file:
    key = serialization.load_pem_private_key(file.read(), None)
with open(path, "rb") as file:
    sealed = file.read()
oaep = padding.OAEP(mgf=padding.MGF1(HASHES[mgf1_digest]()), algorithm=HASHES[digest](), label=None)
sys.stdout.write(key.decrypt(sealed, oaep).decode("ascii"))
