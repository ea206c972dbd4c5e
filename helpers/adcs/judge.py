"""judge.py STUBS ANSWERS: decodes with impacket what the helper would send to a CA, and encodes answers that the helper must read.

The interfaces are written here from MS-ICPR and MS-CSRA, so that nothing of the helper judges itself.
"""

import pathlib
import sys

from impacket.dcerpc.v5.dcom.oaut import VARENUM, VARIANT
from impacket.dcerpc.v5.dcomrt import DCOMANSWER, DCOMCALL, ORPCTHIS
from impacket.dcerpc.v5.dtypes import DWORD, FILETIME, LPWSTR, NULL, PBYTE, WSTR
from impacket.dcerpc.v5.ndr import NDRCALL, NDRSTRUCT

stubs, answers = map(pathlib.Path, sys.argv[1:])


class CERTTRANSBLOB(NDRSTRUCT):
    structure = (("cb", DWORD), ("pb", PBYTE))


class CertServerRequest(NDRCALL):
    opnum = 0
    structure = (
        ("dwFlags", DWORD),
        ("pwszAuthority", LPWSTR),
        ("pdwRequestId", DWORD),
        ("pctbAttribs", CERTTRANSBLOB),
        ("pctbRequest", CERTTRANSBLOB),
    )


class CertServerRequestResponse(NDRCALL):
    structure = (
        ("pdwRequestId", DWORD),
        ("pdwDisposition", DWORD),
        ("pctbCert", CERTTRANSBLOB),
        ("pctbEncodedCert", CERTTRANSBLOB),
        ("pctbDispositionMessage", CERTTRANSBLOB),
        ("ErrorCode", DWORD),
    )


class RevokeCertificate(DCOMCALL):
    opnum = 10
    structure = (
        ("pwszAuthority", LPWSTR),
        ("pwszSerialNumber", LPWSTR),
        ("Reason", DWORD),
        ("FileTime", FILETIME),
    )


class GetConfigEntry(DCOMCALL):
    opnum = 44
    structure = (
        ("pwszAuthority", LPWSTR),
        ("pwszNodePath", LPWSTR),
        ("pwszEntry", WSTR),
    )


class GetConfigEntryResponse(DCOMANSWER):
    structure = (
        ("pVariant", VARIANT),
        ("ErrorCode", DWORD),
    )


def octets(blob):
    return b"" if blob["cb"] == 0 else b"".join(blob["pb"])


def enrolment(name):
    call = CertServerRequest()
    call.fromString((stubs / name).read_bytes())
    return {
        "flags": call["dwFlags"],
        "authority": call["pwszAuthority"],
        "id": call["pdwRequestId"],
        "attributes": octets(call["pctbAttribs"]).decode("utf-16-le"),
        "request": octets(call["pctbRequest"]).hex(),
    }


def revocation(name):
    call = RevokeCertificate()
    call.fromString((stubs / name).read_bytes())
    time = call["FileTime"]
    return {
        "version": (call["ORPCthis"]["version"]["MajorVersion"], call["ORPCthis"]["version"]["MinorVersion"]),
        "authority": call["pwszAuthority"],
        "serial": call["pwszSerialNumber"],
        "reason": call["Reason"],
        "time": (time["dwHighDateTime"] << 32) + time["dwLowDateTime"],
    }


def flags(name):
    call = GetConfigEntry()
    call.fromString((stubs / name).read_bytes())
    return {"authority": call["pwszAuthority"], "node": call["pwszNodePath"], "entry": call["pwszEntry"]}


CA = "Example CA\0"
WANTED = {
    "issue": {
        "flags": 0,
        "authority": CA,
        "id": 0,
        "attributes": "CertificateTemplate:Device Wifi\nExpirationDate:Sat, 21 Nov 2026 01:06:53 GMT\0",
        "request": "3003020105",
    },
    "poll": {"flags": 0, "authority": CA, "id": 4711, "attributes": "", "request": ""},
    "revoke": {"version": (5, 7), "authority": CA, "serial": "0a2b\0", "reason": 1, "time": 134396968130000000},
    "release": {"version": (5, 7), "authority": CA, "serial": "1a2b\0", "reason": 0xFFFFFFFF, "time": 134396968140000000},
    "flags": {
        "authority": CA,
        "node": "PolicyModules\\CertificateAuthority_MicrosoftDefault.Policy\0",
        "entry": "EditFlags\0",
    },
}
READERS = {"issue": enrolment, "poll": enrolment, "revoke": revocation, "release": revocation, "flags": flags}


def blob(content):
    value = CERTTRANSBLOB()
    value["cb"] = len(content)
    value["pb"] = [bytes([octet]) for octet in content] if content else NULL
    return value


def answer(name, number, disposition, certificate=b"", message=""):
    call = CertServerRequestResponse()
    call["pdwRequestId"] = number
    call["pdwDisposition"] = disposition
    call["pctbCert"] = blob(b"\x30\x00" if certificate else b"")
    call["pctbEncodedCert"] = blob(certificate)
    call["pctbDispositionMessage"] = blob((message + "\0").encode("utf-16-le"))
    call["ErrorCode"] = 0
    (answers / name).write_bytes(call.getData())


wrong = 0
for name, wanted in WANTED.items():
    found = READERS[name](name)
    if found != wanted:
        wrong += 1
        print(f"{name}:\n  found  {found}\n  wanted {wanted}")
answer("issued", 4711, 3, bytes.fromhex("3003020107"), "Issued")
answer("pending", 4712, 5, message="Taken Under Submission")
answer("denied", 4713, 0x80094012, message="Verweigert für Sie")
flags_answer = GetConfigEntryResponse()
flags_answer["pVariant"]["vt"] = VARENUM.VT_I4
flags_answer["pVariant"]["_varUnion"]["tag"] = VARENUM.VT_I4
flags_answer["pVariant"]["_varUnion"]["lVal"] = 0x0015014E
flags_answer["ErrorCode"] = 0
(answers / "flags").write_bytes(flags_answer.getData())
print(f"{len(WANTED) - wrong} passed, {wrong} failed")
sys.exit(1 if wrong else 0)
