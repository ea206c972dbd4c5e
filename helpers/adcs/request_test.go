package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	rpc "github.com/oiweiwei/go-msrpc/dcerpc/errors"
	"github.com/oiweiwei/go-msrpc/msrpc/dcom/wcce"
	icpr "github.com/oiweiwei/go-msrpc/msrpc/icpr/icertpassage/v0"
)

var november = time.Date(2026, 11, 21, 1, 6, 53, 0, time.UTC)

func TestAttributesNameTheTemplateAndTheEnd(t *testing.T) {
	want := "CertificateTemplate:Device\nExpirationDate:Sat, 21 Nov 2026 01:06:53 GMT"
	if got := attributes("Device", november.In(time.FixedZone("", 7200))); got != want {
		t.Errorf("%q", got)
	}
	if got := attributes("Device", time.Time{}); got != "CertificateTemplate:Device" {
		t.Errorf("%q", got)
	}
}

func TestAttributesNeverHaveASAN(t *testing.T) {
	request, err := issueRequest(Settings{Template: "Device"}, Order{CSR: []byte{0x30, 0}, NotAfter: november})
	if err != nil {
		t.Fatal(err)
	}
	if text := fromUTF16z(request.Attributes.Buffer); strings.Contains(strings.ToUpper(text), "SAN:") {
		t.Error(text)
	}
}

func TestATimeIsCountedFrom1601(t *testing.T) {
	// 2026-11-21T01:06:53Z is 134396968130000000 intervals of 100 ns after 1601.
	if low, high := fileTime(november); uint64(high)<<32|uint64(low) != 134_396_968_130_000_000 {
		t.Errorf("%d", uint64(high)<<32|uint64(low))
	}
}

func TestASerialNumberHasWholeOctets(t *testing.T) {
	for given, want := range map[string]string{"1a2b": "1a2b", "a2b": "0a2b"} {
		if request, err := revokeRequest(Settings{}, Order{Serial: given, At: november}, 1); err != nil || request.SerialNumber != want {
			t.Errorf("%s: %v", given, err)
		}
	}
}

func message(text string) *wcce.CertTransportBlob {
	return &wcce.CertTransportBlob{Buffer: utf16z(text)}
}

func TestWhatTheCAHasDecided(t *testing.T) {
	certificate := &wcce.CertTransportBlob{Buffer: []byte{0x30, 0}}
	for _, each := range []struct {
		response     icpr.CertServerRequestResponse
		status, code string
	}{
		{icpr.CertServerRequestResponse{Disposition: 3, RequestID: 17, EncodedCert: certificate}, "issued", ""},
		{icpr.CertServerRequestResponse{Disposition: 3, RequestID: 17}, "", "unknown-outcome"},
		{icpr.CertServerRequestResponse{Disposition: 5, RequestID: 17}, "pending", ""},
		{icpr.CertServerRequestResponse{Disposition: 2, RequestID: 17, DispositionMessage: message("Denied by Policy Module")}, "", "rejected"},
		{icpr.CertServerRequestResponse{Disposition: 0x80094800}, "", "misconfigured"},
		{icpr.CertServerRequestResponse{Disposition: 0x80094012}, "", "unauthorised"},
		{icpr.CertServerRequestResponse{Disposition: 0x80094014}, "", "rejected"},
		{icpr.CertServerRequestResponse{Return: 0x80070005}, "", "unauthorised"},
		{icpr.CertServerRequestResponse{Return: 5}, "", "unauthorised"},
		{icpr.CertServerRequestResponse{Return: 0x12345678}, "", "rejected"},
	} {
		answer, err := decided(&each.response)
		var known *Fault
		errors.As(err, &known)
		if answer.Status != each.status || (known == nil) != (each.code == "") || known != nil && known.Code != each.code {
			t.Errorf("%+v: %+v %v", each.response, answer, err)
		}
		if each.status != "" && answer.Reference != "17" {
			t.Errorf("%+v", answer)
		}
	}
}

func TestAnOpenRequestIsAskedAboutAgain(t *testing.T) {
	answer, _ := decided(&icpr.CertServerRequestResponse{Disposition: 5, RequestID: 17})
	want := `{"version":1,"status":"pending","reference":"17","retryAfter":300}`
	if got := strings.TrimSpace(string(answer.JSON())); got != want {
		t.Error(got)
	}
}

func TestAnHRESULTIsToldInWordsWithItsNumberAndTheWordsOfTheCA(t *testing.T) {
	want := "misconfigured: CERTSRV_E_UNSUPPORTED_CERT_TYPE (0x80094800): the CA does not issue this template: publish it there, " +
		"and give its name and not its display name. The CA says: Nicht unterstützt"
	if got := fromHRESULT(0x80094800, "Nicht unterstützt").Error(); got != want {
		t.Error(got)
	}
	if got := fromHRESULT(0x80091234, "").Error(); got != "rejected: HRESULT (0x80091234): the CA refuses the request" {
		t.Error(got)
	}
}

func TestEveryHRESULTHasACodeOfTheContract(t *testing.T) {
	for number, each := range hresults {
		if exitCodes[each.code] == 0 || each.text == "" || number>>16 < 0x8007 && number != 0x1c01000b {
			t.Errorf("%08x %+v", number, each)
		}
	}
}

func TestWhatFailedBeforeSendingLeavesNoDoubt(t *testing.T) {
	for _, each := range []struct {
		err  error
		code string
	}{
		{&rpc.Error{Value: uint32(5)}, "unauthorised"},
		{&rpc.Error{Value: uint32(1722)}, "unavailable"},
		{&rpc.Error{Value: uint32(0x721)}, "unauthorised"},
		{&rpc.Error{Value: uint32(0x1c010003)}, "unavailable"},
		{errors.New("KRB Error: (24) KDC_ERR_PREAUTH_FAILED"), "unauthorised"},
		{errors.New("KRB Error: (7) KDC_ERR_S_PRINCIPAL_UNKNOWN"), "misconfigured"},
		{errors.New("connection refused"), "unavailable"},
		{fault("misconfigured", "known"), "misconfigured"},
	} {
		var known *Fault
		if err := beforeSending("binding", each.err); !errors.As(err, &known) || known.Code != each.code {
			t.Errorf("%v: %v", each.err, err)
		}
	}
}

func TestAnAnswerThatDidNotComeLeavesTheOutcomeUnknown(t *testing.T) {
	for _, each := range []struct {
		err  error
		code string
	}{
		{errors.New("connection reset by peer"), "unknown-outcome"},
		{&rpc.Error{Value: uint32(0x6be)}, "unknown-outcome"},
		{&rpc.Error{Value: uint32(0x1c00000d)}, "unknown-outcome"},
		{&rpc.Error{Value: uint32(5)}, "unauthorised"},
	} {
		if got := afterSending(each.err, "unknown-outcome"); got.Code != each.code {
			t.Errorf("%v: %v", each.err, got)
		}
	}
}

func TestACheckTellsARefusedAccountFromARequestThatDoesNotExist(t *testing.T) {
	settings := Settings{Host: "ca1"}
	answer, err := checked(settings, &icpr.CertServerRequestResponse{Disposition: 0x80094004})
	if err != nil || answer.Detail != "ca1 answers the account about a request that does not exist (0x80094004)" {
		t.Errorf("%+v %v", answer, err)
	}
	if _, err := checked(settings, &icpr.CertServerRequestResponse{Return: 0x80070005}); err == nil {
		t.Error("access was denied")
	}
}

func TestAReasonThatADCSLacksIsRevokedAsUnspecified(t *testing.T) {
	for code, want := range map[uint32]uint32{0: 0, 1: 1, 6: 6, 9: 0, 10: 0} {
		reason, note := reasonOf(code)
		if reason != want || (note != "") != (code > 6) {
			t.Errorf("%d: %d %q", code, reason, note)
		}
	}
}
