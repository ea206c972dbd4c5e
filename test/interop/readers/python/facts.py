"""facts.py FILE: what pyca/cryptography finds in a certificate, DER, and the octets of its names and extensions, as JSON.

pyca keeps no octets of a name or an extension: they are taken with asn1crypto.
"""

import json
import sys
import warnings

from asn1crypto import x509 as octets
from cryptography import x509

# pyca warns of names that are longer than their bound in RFC 5280, or empty.
warnings.simplefilter("ignore")

USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign".split()
)


def general_name(name):
    value = name.value
    if isinstance(name, x509.OtherName):
        return f"OtherName:{name.type_id.dotted_string}:{value.hex()}"
    return f"{type(name).__name__}:{value}"


def value_of(certificate, kind, read):
    try:
        return read(certificate.extensions.get_extension_for_class(kind).value)
    except x509.ExtensionNotFound:
        return []


def subject(certificate):
    """Type and value of each attribute, in encoded order; several of one RDN are joined with a plus sign."""
    return [
        " + ".join(sorted(f"{each.oid._name}={each.value}" for each in rdn)) for rdn in certificate.subject.rdns
    ]


with open(sys.argv[1], "rb") as file:
    der = file.read()
certificate = x509.load_der_x509_certificate(der)
parts = octets.Certificate.load(der)["tbs_certificate"]
# Whole days from the beginning to the end; the end is rounded, because it is written in seconds.
period = certificate.not_valid_after_utc - certificate.not_valid_before_utc
print(
    json.dumps(
        {
            "subject": subject(certificate),
            "names": value_of(certificate, x509.SubjectAlternativeName, lambda names: [general_name(n) for n in names]),
            "keyUsage": value_of(certificate, x509.KeyUsage, lambda usage: [u for u in USAGES if getattr(usage, u)]),
            "purposes": value_of(
                certificate, x509.ExtendedKeyUsage, lambda purposes: [p.dotted_string for p in purposes]
            ),
            "bits": certificate.public_key().key_size,
            "hash": certificate.signature_hash_algorithm.name,
            "hours": round(period.total_seconds() / 3600),
            "octets": {
                "subject": parts["subject"].dump().hex(),
                "extensions": {
                    each["extn_id"].dotted: ("critical " if each["critical"].native else "")
                    + each["extn_value"].contents.hex()
                    for each in parts["extensions"]
                },
            },
        }
    )
)
