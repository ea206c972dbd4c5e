package main

import (
	"errors"
	"strings"

	rpc "github.com/oiweiwei/go-msrpc/dcerpc/errors"
)

// row is what an HRESULT means for an order, in words for an administrator.
type row struct{ code, name, text string }

// hresults has those of MS-WCCE and MS-CSRA that a caller can do something about. Any other refusal of the CA is `rejected`.
var hresults = map[uint32]row{
	0x80094001: {"rejected", "CERTSRV_E_BAD_REQUESTSUBJECT", "the subject of the request is invalid, or one of its parts is too long"},
	0x80094002: {"rejected", "CERTSRV_E_NO_REQUEST", "the CA has no request with this number"},
	0x80094003: {"conflict", "CERTSRV_E_BAD_REQUESTSTATUS", "the state of the request does not permit this"},
	0x80094005: {"misconfigured", "CERTSRV_E_INVALID_CA_CERTIFICATE", "the certificate of the CA itself is invalid"},
	0x80094006: {"unavailable", "CERTSRV_E_SERVER_SUSPENDED", "the CA is suspended while its database is restored"},
	0x80094008: {"unauthorised", "CERTSRV_E_ROLECONFLICT", "the account has several roles, and the CA enforces their separation"},
	0x80094009: {"unauthorised", "CERTSRV_E_RESTRICTEDOFFICER", "the account may manage certificates, but not those of this requester or template"},
	0x8009400d: {"misconfigured", "CERTSRV_E_NO_CAADMIN_DEFINED", "nobody has the permission to manage the CA"},
	0x8009400f: {"throttled", "CERTSRV_E_NO_DB_SESSIONS", "the CA has too many open sessions of its database"},
	0x80094011: {"unauthorised", "CERTSRV_E_ENROLL_DENIED", "the account may not request certificates at this CA: give it Request Certificates"},
	0x80094012: {"unauthorised", "CERTSRV_E_TEMPLATE_DENIED", "the account may not enrol for this template: give it Read and Enroll"},
	0x80094014: {"rejected", "CERTSRV_E_ADMIN_DENIED_REQUEST", "an administrator of the CA has denied the request"},
	0x80094800: {"misconfigured", "CERTSRV_E_UNSUPPORTED_CERT_TYPE", "the CA does not issue this template: publish it there, and give its name and not its display name"},
	0x80094801: {"misconfigured", "CERTSRV_E_NO_CERT_TYPE", "the request names no template"},
	0x80094802: {"misconfigured", "CERTSRV_E_TEMPLATE_CONFLICT", "the request of the device names another template than the configuration"},
	0x80094803: {"rejected", "CERTSRV_E_SUBJECT_ALT_NAME_REQUIRED", "the template demands a subjectAltName, and the request has none"},
	0x80094804: {"misconfigured", "CERTSRV_E_ARCHIVED_KEY_REQUIRED", "the template archives private keys, which no device sends: switch it off"},
	0x80094805: {"misconfigured", "CERTSRV_E_SMIME_REQUIRED", "the template demands S/MIME capabilities"},
	0x80094806: {"misconfigured", "CERTSRV_E_BAD_RENEWAL_SUBJECT", "the template demands a signature of an enrolment agent"},
	0x80094808: {"misconfigured", "CERTSRV_E_TEMPLATE_POLICY_REQUIRED", "the template lacks a policy for signatures"},
	0x80094809: {"misconfigured", "CERTSRV_E_SIGNATURE_POLICY_REQUIRED", "the template demands a signature with a policy: set `number of authorized signatures` to 0"},
	0x8009480a: {"misconfigured", "CERTSRV_E_SIGNATURE_COUNT", "the template demands more signatures: set `number of authorized signatures` to 0"},
	0x8009480b: {"misconfigured", "CERTSRV_E_SIGNATURE_REJECTED", "a signature lacks a policy that the template demands"},
	0x8009480c: {"misconfigured", "CERTSRV_E_ISSUANCE_POLICY_REQUIRED", "the template demands signatures with an issuance policy"},
	0x8009480d: {"misconfigured", "CERTSRV_E_SUBJECT_UPN_REQUIRED", "the template takes the UPN from Active Directory: choose Supply in the request"},
	0x8009480e: {"misconfigured", "CERTSRV_E_SUBJECT_DIRECTORY_GUID_REQUIRED", "the template takes a GUID from Active Directory: choose Supply in the request"},
	0x8009480f: {"misconfigured", "CERTSRV_E_SUBJECT_DNS_REQUIRED", "the template takes the DNS name from Active Directory: choose Supply in the request"},
	0x80094811: {"rejected", "CERTSRV_E_KEY_LENGTH", "the key is shorter than the template demands"},
	0x80094812: {"misconfigured", "CERTSRV_E_SUBJECT_EMAIL_REQUIRED", "the template takes the mail address from Active Directory: choose Supply in the request"},
	0x80092013: {"unavailable", "CRYPT_E_REVOCATION_OFFLINE", "the CA cannot read a revocation list above it: publish the list of its root"},
	0x80092012: {"unavailable", "CRYPT_E_NO_REVOCATION_CHECK", "the CA cannot check whether its own certificate is revoked"},
	0x8007052e: {"unauthorised", "ERROR_LOGON_FAILURE", "the name or the password of the account is wrong"},
	0x80070721: {"unauthorised", "RPC_S_SEC_PKG_ERROR", "the CA refuses the account: its name or password is wrong, or this mechanism is switched off"},
	0x1c01000b: {"unauthorised", "nca_s_proto_error", "the other side did not accept the login, or not this protocol"},
	0x80070005: {"unauthorised", "E_ACCESSDENIED", "the CA refuses the account, or a connection without packet privacy"},
	0x80070057: {"invalid", "E_INVALIDARG", "the CA does not understand the request, or does not know this serial number"},
	0x8007000d: {"conflict", "ERROR_INVALID_DATA", "the state of the request or certificate does not permit this"},
	0x800706ba: {"unavailable", "RPC_S_SERVER_UNAVAILABLE", "the CA does not answer: does the service run, and is the firewall open?"},
	0x800706be: {"unknown-outcome", "RPC_S_CALL_FAILED", "the connection ended during the call"},
	0x800706bf: {"unavailable", "RPC_S_CALL_FAILED_DNE", "the call did not begin"},
}

// fromHRESULT is the error for a code of the CA; `said` are its own words, which may be in any language.
func fromHRESULT(hresult uint32, said string) *Fault {
	known, ok := hresults[hresult]
	if !ok {
		known = row{"rejected", "HRESULT", "the CA refuses the request"}
	}
	if said != "" {
		said = ". The CA says: " + said
	}
	return fault(known.code, "%s (0x%08x): %s%s", known.name, hresult, known.text, said)
}

// statusOf finds the code in an error of the RPC library. Codes of Win32 become an HRESULT, and rejects of DCE/RPC stay as they are.
func statusOf(err error) (uint32, bool) {
	var reject *rpc.RPCError
	var other *rpc.Error
	code := uint32(0)
	switch {
	case errors.As(err, &reject):
		code = reject.Code
	case errors.As(err, &other):
		switch value := other.Value.(type) {
		case uint32:
			code = value
		case int32:
			code = uint32(value)
		}
	}
	if code == 0 {
		return 0, false
	}
	if code <= 0xffff {
		code |= 0x80070000
	}
	return code, true
}

// refusals are texts of errors that have no code, and what they mean.
var refusals = []struct{ part, code string }{
	{"KDC_ERR_PREAUTH_FAILED", "unauthorised"},
	{"KDC_ERR_C_PRINCIPAL_UNKNOWN", "unauthorised"},
	{"KDC_ERR_CLIENT_REVOKED", "unauthorised"},
	{"KDC_ERR_KEY_EXPIRED", "unauthorised"},
	{"KDC_ERR_S_PRINCIPAL_UNKNOWN", "misconfigured"},
	{"abstract syntax not supported", "misconfigured"},
}

// beforeSending is for what fails until the request is on its way: the CA has done nothing.
func beforeSending(step string, err error) error {
	var known *Fault
	if errors.As(err, &known) {
		return known
	}
	if code, ok := statusOf(err); ok {
		known = fromHRESULT(code, "")
		if _, listed := hresults[code]; !listed {
			known.Code = "unavailable"
		}
		return fault(known.Code, "%s: %s", step, known.Detail)
	}
	for _, refusal := range refusals {
		if strings.Contains(err.Error(), refusal.part) {
			return fault(refusal.code, "%s: %v", step, err)
		}
	}
	return fault("unavailable", "%s: %v", step, err)
}
