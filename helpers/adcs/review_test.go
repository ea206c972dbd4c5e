package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/oiweiwei/go-msrpc/msrpc/dcom/csra/icertadmind2/v0"
	"github.com/oiweiwei/go-msrpc/msrpc/dcom/oaut"
)

func good() Template {
	published := true
	return Template{
		Name: "Device", NameFlag: enrolleeSuppliesSubject, Schema: 2, KeySize: 2048, Purposes: []string{"1.3.6.1.5.5.7.3.2"},
		Validity: 365 * 24 * time.Hour, Access: &Access{}, Published: &published,
	}
}

func reviewOf(t *testing.T, change func(*Template)) (string, string) {
	t.Helper()
	template := good()
	change(&template)
	review, err := judged(Settings{Authority: "Example CA", Template: "Device"}, template)
	if err != nil {
		return "", err.Error()
	}
	return strings.Join(review.Facts, "|"), strings.Join(review.Warnings, "|")
}

func TestTemplatesAreJudged(t *testing.T) {
	const esc1 = "ESC1: Everyone, Domain Users may enrol for the template Device, which takes its names from the request and is good for logins: each member gets a certificate " +
		"for any name. Take Enroll from them, and let only the account of this server enrol."
	everybody := &Access{Enroll: []string{"Everyone", "Domain Users"}}
	no := false
	for name, each := range map[string]struct {
		change func(*Template)
		want   string
	}{
		"a good one":                                  {func(*Template) {}, ""},
		"ESC1":                                        {func(t *Template) { t.Access = everybody }, esc1},
		"ESC1 without a purpose, which is any":        {func(t *Template) { t.Access, t.Purposes = everybody, nil }, esc1},
		"ESC1 for smart cards":                        {func(t *Template) { t.Access, t.Purposes = everybody, []string{"1.2.3", "1.3.6.1.4.1.311.20.2.2"} }, esc1},
		"everybody may enrol for servers":             {func(t *Template) { t.Access, t.Purposes = everybody, []string{"1.3.6.1.5.5.7.3.1"} }, ""},
		"everybody may enrol, and a manager approves": {func(t *Template) { t.Access, t.EnrollmentFlag = everybody, pendAllRequests }, ""},
		"ESC4": {func(t *Template) { t.Access = &Access{Change: []string{"Authenticated Users"}} },
			"ESC4: Authenticated Users may change the template Device. Take Write from them."},
		"ESC15": {func(t *Template) { t.Schema = 1 },
			"The template Device has version 1: whoever may enrol for it can add purposes to a request (ESC15, CVE-2024-49019). Duplicate it, and use the duplicate."},
		"permissions that cannot be read": {func(t *Template) { t.Access = nil },
			"Not checked: who may enrol for the template Device, because the account cannot read its permissions."},
		"no such service": {func(t *Template) { t.Published = nil },
			"Not checked: whether the CA issues the template Device, because Active Directory has no enrolment service Example CA."},
		"not published": {func(t *Template) { t.Published = &no },
			"misconfigured: the CA does not issue the template Device: publish it at Example CA (certutil -SetCATemplates +Device)"},
		"signatures": {func(t *Template) { t.Signatures = 1 },
			"misconfigured: the template Device demands 1 signatures of others, which no device has: set `number of authorized signatures` to 0"},
		"the subject of Active Directory": {func(t *Template) { t.NameFlag = 0x82000000 },
			"misconfigured: the template Device takes the subject from Active Directory, where no device is: choose Supply in the request"},
	} {
		if _, got := reviewOf(t, each.change); got != each.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got, _ := reviewOf(t, func(t *Template) { t.EnrollmentFlag = pendAllRequests }); got !=
		"the template Device has version 2, keys of 2048 bits or more, a validity of 365 days, requests that wait for a manager of the CA" {
		t.Error(got)
	}
}

func TestTheDirectoryMayBeOff(t *testing.T) {
	for directory, want := range map[string]string{
		"off":                "",
		"":                   "Not checked: the template Device, because: OPENNDES_ADCS_LDAP is not set: name a domain controller, as in ldaps://dc1.example.com, or write off.",
		"ldap://dc1.example": "Not checked: the template Device, because: OPENNDES_ADCS_LDAP is not the address of a domain controller, as in ldaps://dc1.example.com.",
	} {
		review, err := reviewTemplate(t.Context(), Settings{Template: "Device", Directory: directory})
		if got := strings.Join(review.Warnings, "|"); err != nil || got != want {
			t.Errorf("%q: %v %s", directory, err, got)
		}
	}
}

func TestAnErrorIsTheSameTextEachTime(t *testing.T) {
	connection := func(port int) error {
		return &net.OpError{Op: "read", Net: "tcp", Source: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: port}, Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 636}, Err: errors.New("reset")}
	}
	want := "Not checked: it, because: read tcp 10.0.0.2:636: reset."
	for _, port := range []int{40001, 40002} {
		if got := unchecked("it", connection(port)).Warnings[0]; got != want {
			t.Error(got)
		}
	}
}

func TestFlagsAreJudged(t *testing.T) {
	const (
		esc6 = `ESC6: the CA has EDITF_ATTRIBUTESUBJECTALTNAME2: whoever may enrol for any template gets a certificate for any name. Remove it: certutil -setreg policy\EditFlags -EDITF_ATTRIBUTESUBJECTALTNAME2, and restart the service.`
		end  = `The CA lacks EDITF_ATTRIBUTEENDDATE and ignores the end that an order names: a certificate that is valid for longer is refused here and revoked there. Set it: certutil -setreg policy\EditFlags +EDITF_ATTRIBUTEENDDATE, and restart the service.`
	)
	// 0x0011014e is what Windows has after its installation.
	for flags, want := range map[uint32]string{0x0011016e: "", 0x0011014e: end, 0x0015016e: esc6, 0x0015014e: esc6 + "|" + end} {
		if got := strings.Join(judgedFlags(flags).Warnings, "|"); got != want {
			t.Errorf("%x: %s", flags, got)
		}
	}
}

func TestFlagsThatCannotBeReadSayHowToLook(t *testing.T) {
	settings := Settings{Host: "127.0.0.67", Authority: "Example CA", NTLM: true, User: `EXAMPLE\svc`, Password: "p"}
	want := `Not checked: the EditFlags of the CA (ESC6), because: DCOM activation at 127.0.0.67: bind: could not bind the selected transport: ncacn_ip_tcp: dial tcp 127.0.0.67:135: connect: connection refused. ` +
		`Look at them with certutil -v -config "127.0.0.67\Example CA" -getreg policy\EditFlags, and when they are right, write OPENNDES_ADCS_EDITFLAGS: off.`
	if got := strings.Join(reviewFlags(t.Context(), settings).Warnings, "|"); got != want {
		t.Error(got)
	}
	settings.EditFlags = "off"
	if review := reviewFlags(t.Context(), settings); review.Warnings != nil {
		t.Error(review)
	}
}

func TestFlagsOfAnAnswer(t *testing.T) {
	number := &oaut.Variant{VT: 3, VarUnion: &oaut.Variant_VarUnion{Value: &oaut.Variant_VarUnion_Long{Long: -1}}}
	if flags, err := flagsOf(&icertadmind2.GetConfigEntryResponse{Variant: number}); err != nil || flags != 0xffffffff {
		t.Error(flags, err)
	}
	for want, response := range map[string]*icertadmind2.GetConfigEntryResponse{
		"unavailable: the CA sent no number": {},
		"unauthorised: E_ACCESSDENIED (0x80070005): the CA refuses the account, or a connection without packet privacy": {Return: -0x7ff8fffb},
	} {
		if _, err := flagsOf(response); err == nil || err.Error() != want {
			t.Error(err)
		}
	}
}

func TestTheAnswerHasFactsAndWarnings(t *testing.T) {
	answer := reviewed(done("ca1 answers"), Review{Facts: []string{"a"}, Warnings: []string{"b\nc"}}, Review{Warnings: []string{"d"}})
	if got := string(answer.JSON()); got != `{"version":1,"status":"done","detail":"ca1 answers; a","warnings":["b c","d"]}`+"\n" {
		t.Error(got)
	}
}

// One entry of each kind, by hand from MS-DTYP 2.4.4.
func TestAccessIsRead(t *testing.T) {
	const (
		everyone   = "010100000000000100000000"
		users      = "01050000000000051500000001000000020000000300000001020000" // Domain Users, 513
		admins     = "01050000000000051500000001000000020000000300000000020000" // Domain Admins, 512
		enroll     = "68c9100efb78d21190d400c04f79dc55"
		autoEnroll = "c28c5ba0bc170248a710e7c15ab866a2"
		other      = "ffffffffffffffffffffffffffffffff"
	)
	for name, each := range map[string]struct{ entry, want string }{
		"Enroll":                        {"05002800" + "00010000" + "01000000" + enroll + everyone, "[Everyone] []"},
		"AutoEnroll of a domain":        {"05003800" + "00010000" + "01000000" + autoEnroll + users, "[Domain Users] []"},
		"the right with the parent too": {"05003800" + "00010000" + "03000000" + enroll + other + everyone, "[Everyone] []"},
		"another right":                 {"05002800" + "00010000" + "01000000" + other + everyone, "[] []"},
		"all extended rights":           {"00001400" + "00010000" + everyone, "[Everyone] []"},
		"all extended rights as object": {"05001800" + "00010000" + "00000000" + everyone, "[Everyone] []"},
		"full control":                  {"00001400" + "ff010f00" + everyone, "[Everyone] [Everyone]"},
		"GenericAll":                    {"00001400" + "00000010" + everyone, "[Everyone] [Everyone]"},
		"write all properties":          {"00001400" + "20000000" + everyone, "[] [Everyone]"},
		"write one property":            {"05002800" + "20000000" + "01000000" + other + everyone, "[] []"},
		"read":                          {"00001400" + "94000200" + everyone, "[] []"},
		"of a small group":              {"05003800" + "00010000" + "01000000" + enroll + admins, "[] []"},
		"for children only":             {"05082800" + "00010000" + "01000000" + enroll + everyone, "[] []"},
		"that denies":                   {"06002800" + "00010000" + "01000000" + enroll + everyone, "[] []"},
	} {
		entry, err := hex.DecodeString(each.entry)
		if err != nil || len(entry) != int(entry[2]) {
			t.Fatal(name, err, len(entry))
		}
		descriptor, _ := hex.DecodeString("0100048000000000000000000000000014000000" + "04000000" + "01000000")
		access := accessOf(append(descriptor, entry...))
		if access == nil {
			t.Error(name, "is malformed")
		} else if got := strings.ReplaceAll("["+strings.Join(access.Enroll, " ")+"] ["+strings.Join(access.Change, " ")+"]", "  ", " "); got != each.want {
			t.Errorf("%s: %s", name, got)
		}
		for length := 1; length < len(descriptor)+len(entry); length++ {
			accessOf(bytes.Clone(append(descriptor, entry...))[:length])
		}
	}
	if accessOf(nil) != nil {
		t.Error("no descriptor is one")
	}
	nobody, _ := hex.DecodeString("0100048000000000000000000000000000000000")
	if access := accessOf(nobody); access == nil || strings.Join(access.Enroll, "") != "Everyone" {
		t.Error("without a list everybody has access", access)
	}
}

func TestPeriodsAreRead(t *testing.T) {
	for text, want := range map[string]time.Duration{"004039872ee1feff": 365 * 24 * time.Hour, "0000000000000080": 0, "00": 0} {
		octets, _ := hex.DecodeString(text)
		if got := period(octets); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
