package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oiweiwei/go-msrpc/midl/uuid"
	"github.com/oiweiwei/go-msrpc/msrpc/dcom"
	csra "github.com/oiweiwei/go-msrpc/msrpc/dcom/csra/icertadmind2/v0"
	"github.com/oiweiwei/go-msrpc/msrpc/dtyp"
	icpr "github.com/oiweiwei/go-msrpc/msrpc/icpr/icertpassage/v0"
	"github.com/oiweiwei/go-msrpc/ndr"
)

// The octets of every call, for judge.py, which decodes them with impacket and knows what must be in them.
func TestStubsAreWrittenForTheJudge(t *testing.T) {
	folder := os.Getenv("OPENNDES_ADCS_STUBS")
	if folder == "" {
		t.Skip("OPENNDES_ADCS_STUBS is not set: .ci/run does")
	}
	settings := Settings{Authority: `Example CA`, Template: "Device Wifi"}
	issuing, err := issueRequest(settings, Order{CSR: []byte{0x30, 0x03, 0x02, 0x01, 0x05}, NotAfter: november})
	polling, err2 := pollRequest(settings, Order{Reference: "4711"})
	revoking, err3 := revokeRequest(settings, Order{Serial: "a2b", At: november}, 1)
	releasing, err4 := revokeRequest(settings, Order{Serial: "1a2b", At: november.Add(time.Second)}, fromHold)
	for _, each := range []error{err, err2, err3, err4} {
		if each != nil {
			t.Fatal(each)
		}
	}
	this := &dcom.ORPCThis{Version: &dcom.COMVersion{MajorVersion: 5, MinorVersion: 7}, CID: (*dcom.CID)(dtyp.GUIDFromUUID(&uuid.UUID{}))}
	revoking.This, releasing.This = this, this
	flags := flagsRequest(settings, this)
	for name, request := range map[string]ndr.Marshaler{"issue": issuing, "poll": polling, "revoke": revoking, "release": releasing, "flags": flags} {
		octets, err := ndr.Marshal(request)
		if err != nil {
			t.Fatal(name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), octets, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What judge.py has encoded as the answers of a CA.
func TestAnswersOfTheJudgeAreRead(t *testing.T) {
	folder := os.Getenv("OPENNDES_ADCS_ANSWERS")
	if folder == "" {
		t.Skip("OPENNDES_ADCS_ANSWERS is not set: .ci/run does")
	}
	for name, want := range map[string]string{
		"issued":  `{"version":1,"status":"issued","certificate":"MAMCAQc=","chain":[],"reference":"4711"}`,
		"pending": `{"version":1,"status":"pending","reference":"4712","retryAfter":300}`,
		"denied":  "unauthorised: CERTSRV_E_TEMPLATE_DENIED (0x80094012): the account may not enrol for this template: give it Read and Enroll. The CA says: Verweigert für Sie",
	} {
		octets, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		response := &icpr.CertServerRequestResponse{}
		if err := ndr.Unmarshal(octets, response); err != nil {
			t.Fatal(name, hex.EncodeToString(octets), err)
		}
		answer, err := decided(response)
		got, _ := json.Marshal(answer)
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestFlagsOfTheJudgeAreRead(t *testing.T) {
	folder := os.Getenv("OPENNDES_ADCS_ANSWERS")
	if folder == "" {
		t.Skip("OPENNDES_ADCS_ANSWERS is not set: .ci/run does")
	}
	octets, err := os.ReadFile(filepath.Join(folder, "flags"))
	if err != nil {
		t.Fatal(err)
	}
	response := &csra.GetConfigEntryResponse{}
	if err := ndr.Unmarshal(octets, response); err != nil {
		t.Fatal(hex.EncodeToString(octets), err)
	}
	if flags, err := flagsOf(response); err != nil || flags != 0x0015014e {
		t.Errorf("%x %v", flags, err)
	}
}
