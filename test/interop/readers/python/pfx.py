"""pfx.py FILE PASSWORD: what pyca/cryptography finds in a PKCS#12 file, as JSON."""

import json
import sys

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs12

path, password = sys.argv[1:]
with open(path, "rb") as file:
    found = pkcs12.load_pkcs12(file.read(), password.encode())
certificates = [found.cert.certificate, *(each.certificate for each in found.additional_certs)]
print(
    json.dumps(
        {
            "certificates": [each.public_bytes(Encoding.DER).hex() for each in certificates],
            "name": found.cert.friendly_name.decode(),
            "key": found.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex(),
        }
    )
)
