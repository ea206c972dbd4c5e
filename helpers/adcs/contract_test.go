package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[strings.TrimPrefix(name, prefix)] }
}

var account = map[string]string{"USER": "enroll@EXAMPLE.COM", "PASSWORD": "pa55-of-the-account"}

func TestAnAnswerHasTheFieldsOfItsStatusAndNoOthers(t *testing.T) {
	for _, each := range []struct {
		answer Answer
		want   string
	}{
		{issued([]byte{0x30, 0x00}, 17), `{"version":1,"status":"issued","certificate":"MAA=","chain":[],"reference":"17"}`},
		{done("it answers"), `{"version":1,"status":"done","detail":"it answers"}`},
		{done(""), `{"version":1,"status":"done"}`},
		{failed(fault("rejected", "line\nbreak <&>")), `{"version":1,"status":"error","detail":"line break <&>","code":"rejected"}`},
		{failed(context.DeadlineExceeded), `{"version":1,"status":"error","detail":"context deadline exceeded","code":"unavailable"}`},
	} {
		if got := strings.TrimSuffix(string(each.answer.JSON()), "\n"); got != each.want {
			t.Errorf("got  %s\nwant %s", got, each.want)
		}
	}
}

func TestAnErrorHasTheExitCodeOfItsCode(t *testing.T) {
	for code, want := range map[string]int{
		"rejected": 10, "invalid": 11, "unauthorised": 12, "misconfigured": 13,
		"unavailable": 14, "throttled": 15, "conflict": 16, "unknown-outcome": 17,
	} {
		if got := failed(fault(code, "why")).exitCode(); got != want {
			t.Errorf("%s: %d", code, got)
		}
	}
	if got := done("").exitCode(); got != 0 {
		t.Errorf("done: %d", got)
	}
}

// Nothing of these reaches a network: the host does not exist.
func TestAnOrderThatCannotBeCarriedOutIsRefusedBeforeAnythingIsSent(t *testing.T) {
	const ca = `"ca":"ca.invalid\\Example CA"`
	for order, want := range map[string]string{
		`issue`:                             "invalid",
		`{"version":2,"operation":"issue"}`: "misconfigured",
		`{"version":1,"operation":"find",` + ca + `}`:                                                        "misconfigured",
		`{"version":1,"operation":"issue","ca":"ca.invalid"}`:                                                "misconfigured",
		`{"version":1,"operation":"issue","ca":"ca.invalid\\Example \"CA"}`:                                  "misconfigured",
		`{"version":1,"operation":"issue","ca":"ca.invalid\\Example; CA"}`:                                   "misconfigured",
		`{"version":1,"operation":"issue","ca":"ca.invalid\\Example\nCA"}`:                                   "misconfigured",
		`{"version":1,"operation":"issue","ca":"ca.invalid\\Example Grün"}`:                                  "misconfigured",
		`{"version":1,"operation":"issue","ca":"ca.invalid;id\\Example CA"}`:                                 "misconfigured",
		`{"version":1,"operation":"issue",` + ca + `,"csr":"MAA="}`:                                          "misconfigured",
		`{"version":1,"operation":"issue",` + ca + `,"csr":"MAA=","parameters":{"template":"A\nSAN:upn=x"}}`: "misconfigured",
		`{"version":1,"operation":"issue",` + ca + `,"csr":"MAA=","parameters":{"template":"A:B"}}`:          "misconfigured",
		`{"version":1,"operation":"issue",` + ca + `,"parameters":{"template":"Device"}}`:                    "invalid",
		`{"version":1,"operation":"poll",` + ca + `,"reference":"17; id"}`:                                   "invalid",
		`{"version":1,"operation":"poll",` + ca + `,"reference":"0"}`:                                        "invalid",
		`{"version":1,"operation":"revoke",` + ca + `,"serial":"1A"}`:                                        "invalid",
		`{"version":1,"operation":"revoke",` + ca + `,"serial":"1a\""}`:                                      "invalid",
		`{"version":1,"operation":"revoke",` + ca + `,"serial":"1a;"}`:                                       "invalid",
		`{"version":1,"operation":"revoke",` + ca + `,"serial":"1a\n"}`:                                      "invalid",
	} {
		answer := handle(context.Background(), []byte(order), environment(account))
		if answer.Status != "error" || answer.Code != want {
			t.Errorf("%s\ngot %s", order, answer.JSON())
		}
	}
}

func TestCredentialsComeFromFilesOrTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	order := Order{CA: `ca1.example.com\Example CA`, Parameters: map[string]string{"template": "Device"}}
	settings, err := readSettings(environment(map[string]string{"USER": "enroll@EXAMPLE.COM", "PASSWORD_FILE": path}), order)
	if err != nil || settings.Password != "from a file" || settings.NTLM || settings.Target != "host/ca1.example.com" {
		t.Errorf("%+v %v", settings, err)
	}
	if settings.Host != "ca1.example.com" || settings.Authority != "Example CA" || settings.Template != "Device" {
		t.Errorf("%+v", settings)
	}
	for want, values := range map[string]map[string]string{
		"OPENNDES_ADCS_USER is missing":                             {"PASSWORD": "p"},
		"there is no password":                                      {"USER": "a@B", "AUTH": "ntlm", "KEYTAB": "/k"},
		"OPENNDES_ADCS_AUTH is neither kerberos nor ntlm":           {"USER": "a@B", "PASSWORD": "p", "AUTH": "basic"},
		"OPENNDES_ADCS_PASSWORD_FILE cannot be read: open /nothing": {"USER": "a@B", "PASSWORD_FILE": "/nothing"},
	} {
		if _, err := readSettings(environment(values), order); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestNoAnswerHasThePassword(t *testing.T) {
	order := `{"version":1,"operation":"check","ca":"ca.invalid\\Example CA","parameters":{"template":"Device"}}`
	answer := handle(context.Background(), []byte(order), environment(account))
	if answer.Code != "unavailable" || bytes.Contains(answer.JSON(), []byte(account["PASSWORD"])) {
		t.Errorf("%s", answer.JSON())
	}
}
