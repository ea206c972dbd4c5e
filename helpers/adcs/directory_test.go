package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const (
	controllerName = "dc1.adcs.test"
	publicKeys     = "CN=Public Key Services,CN=Services,CN=Configuration,DC=adcs,DC=test"
	templates      = "CN=Certificate Templates," + publicKeys
)

// toController resolves the name of the controller.
type toController struct{ net.Dialer }

func (d *toController) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d.Dialer.DialContext(ctx, network, strings.Replace(address, controllerName, controller, 1))
}

// certify writes a certificate for LDAPS with its key.
func certify(t *testing.T, folder string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: controllerName}, DNSNames: []string{controllerName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"tls.pem": {Type: "CERTIFICATE", Bytes: certificate}, "tls.key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// fill makes templates as the console of Windows does, the service of a CA that publishes some of them, and an account that may only read.
func fill(t *testing.T, folder string, administrator Settings) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	connection, err := directory(ctx, administrator)
	if err != nil {
		t.Fatal(err)
	}
	add := func(dn string, attributes map[string][]string) {
		request := ldap.NewAddRequest(dn, nil)
		for name, values := range attributes {
			request.Attribute(name, values)
		}
		if err := connection.Add(request); err != nil {
			t.Fatal(dn, err)
		}
	}
	for name, change := range map[string]map[string]string{
		"Device":      {},
		"Everybody":   {},
		"Signed":      {"msPKI-RA-Signature": "1"},
		"Machine":     {"msPKI-Certificate-Name-Flag": "-2113929216"},
		"Unpublished": {},
		"Old":         {"msPKI-Template-Schema-Version": "1", "msPKI-Enrollment-Flag": "2"},
	} {
		attributes := map[string][]string{
			"objectClass": {"pKICertificateTemplate"}, "displayName": {"The template " + name}, "flags": {"131649"}, "revision": {"100"},
			"msPKI-Certificate-Name-Flag": {"1"}, "msPKI-Enrollment-Flag": {"0"}, "msPKI-RA-Signature": {"0"}, "msPKI-Template-Schema-Version": {"2"},
			"msPKI-Minimal-Key-Size": {"2048"}, "pKIExtendedKeyUsage": {"1.3.6.1.5.5.7.3.2"}, "msPKI-Certificate-Application-Policy": {"1.3.6.1.5.5.7.3.2"},
			"pKIExpirationPeriod": {"\x00\x40\x39\x87\x2e\xe1\xfe\xff"},
		}
		for attribute, value := range change {
			attributes[attribute] = []string{value}
		}
		add("CN="+name+","+templates, attributes)
	}
	add("CN=Example CA,CN=Enrollment Services,"+publicKeys, map[string][]string{
		"objectClass": {"pKIEnrollmentService"}, "dNSHostName": {"ca1.adcs.test"}, "certificateTemplates": {"Device", "Everybody", "Signed", "Machine", "Old"},
	})
	database, configuration := "--URL="+filepath.Join(folder, "private/sam.ldb"), "--configfile="+filepath.Join(folder, "etc/smb.conf")
	tool(t, "user", "create", "svc-openndes", password, database, configuration)
	tool(t, "domain", "exportkeytab", filepath.Join(folder, "service.keytab"), "--principal=svc-openndes@"+realm, configuration)
	// A controller gets this name by a task that the test does not run.
	tool(t, "spn", "add", "ldap/"+controllerName, "DC1$", database, configuration)
	// Samba itself makes the binary form from these texts: Enroll for two groups, and write for one.
	for _, entry := range []string{"(OA;;CR;0e10c968-78fb-11d2-90d4-00c04f79dc55;;AU)", "(OA;;CR;a05b8cc2-17bc-4802-a710-e7c15ab866a2;;DC)", "(A;;WDWO;;;DU)"} {
		tool(t, "dsacl", "set", database, configuration, "--objectdn=CN=Everybody,"+templates, "--sddl="+entry)
	}
}

func TestSambaHasTheTemplates(t *testing.T) {
	folder := startController(t)
	base := Settings{
		Authority: "Example CA", Template: "Device", Directory: "ldaps://" + controllerName, DirectoryCA: filepath.Join(folder, "tls.pem"), dialer: &toController{},
	}
	administrator := base
	administrator.NTLM, administrator.User, administrator.Password = true, `ADCS\Administrator`, password
	fill(t, folder, administrator)
	service := base
	service.User = "svc-openndes@" + realm
	logins := map[string]func(*Settings){
		"a password":               func(s *Settings) { s.NTLM, s.User, s.Password = true, `ADCS\svc-openndes`, password },
		"Kerberos with a password": func(s *Settings) { s.Password = password },
		"Kerberos with a keytab":   func(s *Settings) { s.Keytab = filepath.Join(folder, "service.keytab") },
		"Kerberos with tickets":    func(s *Settings) { s.CCache = ticketsOf(t, folder, "svc-openndes") },
	}
	const facts = `{"Facts":["the template Device has version 2, keys of 2048 bits or more, a validity of 365 days"],"Warnings":null}`
	for name, change := range logins {
		settings := service
		change(&settings)
		if got := seen(t, settings); got != facts {
			t.Errorf("%s: %s", name, got)
		}
	}
	logins["a password"](&service)
	for name, want := range map[string]string{
		"Everybody": `{"Facts":["the template Everybody has version 2, keys of 2048 bits or more, a validity of 365 days"],"Warnings":[` +
			`"ESC1: Authenticated Users, Domain Computers may enrol for the template Everybody, which takes its names from the request and is good for logins: each member gets a certificate for any name. ` +
			`Take Enroll from them, and let only the account of this server enrol.","ESC4: Domain Users may change the template Everybody. Take Write from them."]}`,
		"Old": `{"Facts":["the template Old has version 1, keys of 2048 bits or more, a validity of 365 days, requests that wait for a manager of the CA"],"Warnings":[` +
			`"The template Old has version 1: whoever may enrol for it can add purposes to a request (ESC15, CVE-2024-49019). Duplicate it, and use the duplicate."]}`,
		"Signed":              "misconfigured: the template Signed demands 1 signatures of others, which no device has: set `number of authorized signatures` to 0",
		"Machine":             "misconfigured: the template Machine takes the subject from Active Directory, where no device is: choose Supply in the request",
		"Unpublished":         "misconfigured: the CA does not issue the template Unpublished: publish it at Example CA (certutil -SetCATemplates +Unpublished)",
		"Nothing":             "misconfigured: Active Directory has no template Nothing that the account may read: make it, or give the account Read and Enroll",
		"The template Device": "misconfigured: The template Device is the display name of a template: write its name, Device",
	} {
		settings := service
		settings.Template = name
		if got := seen(t, settings); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	other := service
	other.Authority = "Other CA"
	if got := seen(t, other); !strings.Contains(got, `"Not checked: whether the CA issues the template Device, because Active Directory has no enrolment service Other CA."`) {
		t.Error(got)
	}
	for name, each := range map[string]struct {
		change func(*Settings)
		want   string
	}{
		"a wrong password":                          {func(s *Settings) { s.Password = "wrong" }, "Invalid Credentials"},
		"a wrong Kerberos password":                 {func(s *Settings) { s.NTLM, s.User, s.Password = false, "svc-openndes@"+realm, "wrong" }, "KDC_ERR_PREAUTH_FAILED"},
		"a port that is closed":                     {func(s *Settings) { s.Directory += ":9" }, "connection refused"},
		"roots of others":                           {func(s *Settings) { s.DirectoryCA = "" }, "certificate signed by unknown authority"},
		"roots that cannot be read":                 {func(s *Settings) { s.DirectoryCA = "/nothing" }, "OPENNDES_ADCS_LDAP_CA cannot be read: open /nothing: no such file or directory"},
		"another name than that of the certificate": {func(s *Settings) { s.Directory = "ldaps://" + controller }, "cannot validate certificate"},
	} {
		settings := service
		each.change(&settings)
		got := seen(t, settings)
		if !strings.HasPrefix(got, `{"Facts":null,"Warnings":["Not checked: the template Device, because: `) || !strings.Contains(got, each.want) || strings.Contains(got, password) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// seen is the review as JSON, or the fault.
func seen(t *testing.T, settings Settings) string {
	t.Helper()
	review, err := reviewTemplate(t.Context(), settings)
	var known *Fault
	if errors.As(err, &known) {
		return known.Error()
	}
	octets, err := json.Marshal(review)
	if err != nil {
		t.Fatal(err)
	}
	return string(octets)
}
