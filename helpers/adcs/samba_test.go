package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/oiweiwei/go-msrpc/msrpc/dtyp"
	"github.com/oiweiwei/go-msrpc/msrpc/samr/samr/v1"
)

// A domain controller of Debian's samba-ad-dc: an independent judge of authentication and packet privacy. It has no CA, so the calls are those
// of its account manager, made through the same functions.
const (
	controller = "127.0.0.66"
	realm      = "ADCS.TEST"
	password   = "Passw0rd-of-the-test"
)

// The controller runs until the test ends. Its ports are those of Active Directory, on an address of its own.
func startController(t *testing.T) string {
	if os.Getenv("OPENNDES_ADCS_SAMBA") == "" {
		t.Skip("OPENNDES_ADCS_SAMBA is not set: .ci/run does, as root, with samba-ad-dc")
	}
	folder, err := os.MkdirTemp("", "adcs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	certify(t, folder)
	tool(t, "domain", "provision", "--realm="+realm, "--domain=ADCS", "--adminpass="+password, "--server-role=dc", "--dns-backend=NONE",
		"--targetdir="+folder, "--host-name=dc1", "--host-ip="+controller,
		"--option=interfaces="+controller+"/8", "--option=bind interfaces only=yes", "--option=server services=rpc, ldap, kdc",
		"--option=pid directory="+folder, "--option=ncalrpc dir="+folder+"/ncalrpc", "--option=log file="+folder+"/log",
		// Windows takes Kerberos inside of TLS, Samba only when it is told.
		"--option=ldap server require strong auth=allow_sasl_over_tls",
		"--option=tls certfile="+folder+"/tls.pem", "--option=tls keyfile="+folder+"/tls.key.pem", "--option=tls cafile="+folder+"/tls.pem")
	configuration := filepath.Join(folder, "etc/smb.conf")
	tool(t, "domain", "exportkeytab", filepath.Join(folder, "keytab"), "--principal=Administrator@"+realm, "--configfile="+configuration)
	server := exec.Command("samba", "--interactive", "--model=single", "--configfile="+configuration, "--debug-stdout")
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
		server.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	for _, port := range []string{"135", "88", "464", "636"} {
		opened(t, port)
	}
	kerberos := "[libdefaults]\ndefault_realm = " + realm + "\ndns_lookup_realm = false\ndns_lookup_kdc = false\n[realms]\n" + realm + " = {\nkdc = " + controller + ":88\n}\n"
	if err := os.WriteFile(filepath.Join(folder, "krb5.conf"), []byte(kerberos), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KRB5_CONFIG", filepath.Join(folder, "krb5.conf"))
	return folder
}

const getTickets = `
import sys
from samba.credentials import Credentials
from samba.param import LoadParm
configuration, user, realm, password, file = sys.argv[1:]
parameters = LoadParm(configuration)
account = Credentials()
account.guess(parameters)
account.set_username(user)
account.set_realm(realm)
account.set_password(password)
account.get_named_ccache(parameters, "FILE:" + file)
`

// ticketsOf writes a file of tickets, as kinit does.
func ticketsOf(t *testing.T, folder, user string) string {
	file := filepath.Join(folder, user+".ccache")
	if octets, err := exec.Command("/usr/bin/python3", "-c", getTickets, filepath.Join(folder, "etc/smb.conf"), user, realm, password, file).CombinedOutput(); err != nil {
		t.Fatalf("tickets of %s: %v\n%s", user, err, octets)
	}
	return file
}

func tool(t *testing.T, args ...string) {
	if octets, err := exec.Command("samba-tool", args...).CombinedOutput(); err != nil {
		t.Fatalf("samba-tool %s: %v\n%s", args[1], err, octets)
	}
}

func opened(t *testing.T, port string) {
	for range 300 {
		if connection, err := net.Dial("tcp", controller+":"+port); err == nil {
			connection.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("samba does not listen at " + port)
}

// recorder keeps what is written to each connection.
type recorder struct {
	net.Dialer
	mutex       sync.Mutex
	connections []*recorded
}

type recorded struct {
	net.Conn
	sent bytes.Buffer
}

func (r *recorder) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	connection, err := r.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	kept := &recorded{Conn: connection}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.connections = append(r.connections, kept)
	return kept, nil
}

func (r *recorded) Write(octets []byte) (int, error) {
	r.sent.Write(octets)
	return r.Conn.Write(octets)
}

// levels are those of the requests that were sent, from the security trailer of each (MS-RPCE 2.2.2.11); 0 for one without it.
func levels(sent []byte) (found []byte) {
	const request = 0
	for len(sent) >= 16 {
		length := binary.LittleEndian.Uint16(sent[8:])
		verifier := binary.LittleEndian.Uint16(sent[10:])
		if sent[2] == request {
			level := byte(0)
			if verifier > 0 {
				level = sent[length-verifier-8+1]
			}
			found = append(found, level)
		}
		sent = sent[length:]
	}
	return found
}

const marker = "OpenndesMarker"

// call asks the account manager for a domain that does not exist: its name must not be seen on the wire.
func call(ctx context.Context, settings Settings) error {
	ctx, err := secured(ctx, settings)
	if err != nil {
		return err
	}
	connection, err := dialed(ctx, settings, samr.SamrSyntaxV1_0)
	if err != nil {
		return beforeSending("connecting", err)
	}
	defer connection.Close(ctx)
	client, err := samr.NewSamrClient(ctx, connection, private(settings)...)
	if err != nil {
		return beforeSending("binding", err)
	}
	server, err := client.Connect(ctx, &samr.ConnectRequest{DesiredAccess: dtyp.AccessMaskGenericRead})
	if err != nil {
		return beforeSending("calling", err)
	}
	_, err = client.LookupDomainInSAMServer(ctx, &samr.LookupDomainInSAMServerRequest{Server: server.Server, Name: &dtyp.UnicodeString{Buffer: marker}})
	const noSuchDomain = 0xc00000df
	if code, _ := statusOf(err); code != noSuchDomain {
		return fmt.Errorf("the answer is not that there is no such domain: %v", err)
	}
	return nil
}

func TestSambaJudgesLoginAndPacketPrivacy(t *testing.T) {
	folder := startController(t)
	base := Settings{Host: controller, Authority: "Example CA", User: "Administrator@" + realm, Target: "host/dc1.adcs.test"}
	ntlm := base
	ntlm.NTLM, ntlm.User, ntlm.Password = true, `ADCS\Administrator`, password
	t.Run("NTLM", func(t *testing.T) { isPrivate(t, ntlm) })
	t.Run("NTLM with a wrong password", func(t *testing.T) {
		wrong := ntlm
		wrong.Password = "wrong"
		refused(t, call(t.Context(), wrong), "unauthorised", "")
	})
	for name, change := range map[string]func(*Settings){
		"a password": func(s *Settings) { s.Password = password },
		"a keytab":   func(s *Settings) { s.Keytab = filepath.Join(folder, "keytab") },
		"tickets":    func(s *Settings) { s.CCache = ticketsOf(t, folder, "Administrator") },
	} {
		t.Run("Kerberos with "+name, func(t *testing.T) {
			settings := base
			change(&settings)
			isPrivate(t, settings)
		})
	}
	t.Run("Kerberos with a wrong password", func(t *testing.T) {
		wrong := base
		wrong.Password = "wrong"
		refused(t, call(t.Context(), wrong), "unauthorised", "KDC_ERR_PREAUTH_FAILED")
	})
	t.Run("Kerberos to a service that does not exist", func(t *testing.T) {
		wrong := base
		wrong.Password, wrong.Target = password, "host/other.adcs.test"
		refused(t, call(t.Context(), wrong), "misconfigured", "KDC_ERR_S_PRINCIPAL_UNKNOWN")
	})
	t.Run("a controller without a CA is told so", func(t *testing.T) {
		values := map[string]string{"USER": base.User, "PASSWORD": password, "TARGET": base.Target}
		for _, operation := range []string{"check", "poll", "issue"} {
			order := `{"version":1,"operation":"` + operation + `","ca":"127.0.0.66\\Example CA","reference":"1","csr":"MAA=","parameters":{"template":"Device"}}`
			answer := handle(t.Context(), []byte(order), environment(values))
			want := "127.0.0.66 has no such interface over TCP: is it the CA, and does its service run?"
			if answer.Code != "misconfigured" || answer.Detail != want {
				t.Errorf("%s: %s", operation, answer.JSON())
			}
		}
	})
}

// isPrivate makes a call, and looks at what was sent for it.
func isPrivate(t *testing.T, settings Settings) {
	t.Helper()
	kept := &recorder{}
	settings.dialer = kept
	if err := call(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	if len(kept.connections) != 2 {
		t.Fatalf("%d connections", len(kept.connections))
	}
	const privacy = 6
	sent := kept.connections[1].sent.Bytes()
	if found := levels(sent); len(found) < 2 || strings.Trim(string(found), string(rune(privacy))) != "" {
		t.Errorf("levels %v", found)
	}
	if bytes.Contains(sent, utf16z(marker)[:2*len(marker)]) {
		t.Error("what was asked can be read on the wire")
	}
}

func refused(t *testing.T, err error, code, part string) {
	t.Helper()
	var known *Fault
	if !errors.As(err, &known) || known.Code != code || !strings.Contains(known.Detail, part) {
		t.Errorf("%v", err)
	}
}
