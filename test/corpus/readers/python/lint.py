"""python lint.py FOLDER: a line for every finding of pkilint at warning level or above in the corpus; "read N" at the end."""

import sys
from pathlib import Path

from pkilint import loader, pkix
from pkilint.pkix import certificate, crl, extension, name, ocsp
from pkilint.validation import ValidationFindingSeverity

NAMES = pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS)
EXTENSIONS = pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS)

CERTIFICATE = certificate.create_pkix_certificate_validator_container(
    certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
    [
        certificate.create_issuer_validator_container([]),
        certificate.create_validity_validator_container(),
        certificate.create_subject_validator_container([]),
        certificate.create_extensions_validator_container([]),
        certificate.create_spki_validator_container([]),
    ],
)
LIST = crl.create_pkix_crl_validator_container(
    [NAMES, EXTENSIONS],
    [
        crl.create_issuer_validator_container([]),
        crl.create_validity_validator_container([]),
        crl.create_extensions_validator_container([]),
    ],
)
RESPONSE = ocsp.create_pkix_ocsp_response_validator_container(
    [ocsp.create_response_decoder(), NAMES, EXTENSIONS], []
)

KINDS = {
    "leaf": (loader.RFC5280CertificateDocumentLoader(), CERTIFICATE),
    "ca": (loader.RFC5280CertificateDocumentLoader(), CERTIFICATE),
    "crl": (loader.RFC5280CertificateListDocumentLoader(), LIST),
    "ocsp": (loader.RFC6960OCSPResponseDocumentLoader(), RESPONSE),
}


def findings(path, load, validator):
    document = load.load_document(path.read_bytes(), str(path))
    for result in validator.validate(document.root):
        for finding in result.finding_descriptions:
            if finding.finding.severity <= ValidationFindingSeverity.WARNING:
                yield f"{finding.finding.code} ({result.node.path}): {finding.message}"


read = 0
for kind, (load, validator) in KINDS.items():
    for path in sorted(Path(sys.argv[1]).glob(f"*/{kind}/*.der")):
        for finding in findings(path, load, validator):
            print(f"{path}: {finding}")
        read += 1
print(f"read {read}")
