"""Reads answers of a SCEP server with pyca/cryptography, and with asn1crypto where pyca has no reader (SignedData).

read.py certificates FILE            prints how many certificates are in an answer to GetCACert
read.py message FILE RA CLIENT KEY   verifies a CertRep; prints its content, or how many certificates are in it
"""

import hashlib
import sys
import warnings

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import pkcs7

# pyca warns that the certificates are in the order of the server and not in that of DER.
warnings.simplefilter("ignore")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def verified(message, ra):
    """The content, after the RA's signature and messageDigest were verified."""
    signed = cms.ContentInfo.load(message)["content"]
    (signer,) = signed["signer_infos"]
    content = signed["encap_content_info"]["content"].native
    attributes = {each["type"].native: each["values"][0].native for each in signer["signed_attrs"]}
    assert attributes["message_digest"] == hashlib.sha256(content).digest(), "messageDigest"
    key = x509.load_pem_x509_certificate(ra).public_key()
    covered = signer["signed_attrs"].untag().dump()
    key.verify(signer["signature"].native, covered, padding.PKCS1v15(), hashes.SHA256())
    return content


def decrypted(envelope, key):
    enveloped = cms.ContentInfo.load(envelope)["content"]
    info = enveloped["encrypted_content_info"]
    wrapped = enveloped["recipient_infos"][0].chosen["encrypted_key"].native
    content_key = serialization.load_pem_private_key(key, None).decrypt(wrapped, padding.PKCS1v15())
    iv = info["content_encryption_algorithm"]["parameters"].native
    decryptor = Cipher(algorithms.AES(content_key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(info["encrypted_content"].native) + decryptor.finalize()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def certificates(der):
    print("certificates", len(pkcs7.load_der_pkcs7_certificates(der)))


operation, path, *rest = sys.argv[1:]
if operation == "certificates":
    certificates(read(path))
else:
    ra, _, key = rest
    content = verified(read(path), read(ra))
    if len(content) < 2:
        print("content", content.hex())
    else:
        certificates(decrypted(content, read(key)))
