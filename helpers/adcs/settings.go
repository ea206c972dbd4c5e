package main

import (
	"os"
	"regexp"
	"strings"

	"github.com/oiweiwei/go-msrpc/dcerpc"
)

// Settings say which CA is called, and as whom.
type Settings struct {
	// Host and Authority are the two parts of `ca1.example.com\Example CA`.
	Host, Authority string
	// Template is the name, not the display name, of the certificate template.
	Template string
	// User is `name@REALM` or `DOMAIN\name`.
	User string
	// NTLM in place of Kerberos.
	NTLM bool
	// One of them; Password may be for both mechanisms.
	Password, Keytab, CCache string
	// Target is the service principal name of the CA.
	Target string
	// Directory is `ldaps://` and a domain controller, or `off`; DirectoryCA the file of its roots, those of the system when empty.
	Directory, DirectoryCA string
	// EditFlags is `off` when those of the CA are not to be read.
	EditFlags string
	// dialer is for tests, which look at what is sent; nil for that of the system.
	dialer dcerpc.Dialer
}

const prefix = "OPENNDES_ADCS_"

// A name of a CA that has a character with a meaning for a shell or for certutil is never sent anywhere.
var (
	hostName      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,253}$`)
	authorityName = regexp.MustCompile("^[^\\\\/\"'`$;|&<>\\x00-\\x1f\\x7f]{1,255}$")
	beyondASCII   = regexp.MustCompile(`[^\x00-\x7f]`)
	templateName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,254}$`)
)

func readSettings(env func(string) string, order Order) (Settings, error) {
	host, authority, _ := strings.Cut(order.CA, `\`)
	settings := Settings{
		Host: host, Authority: authority, Template: order.Parameters["template"],
		User: env(prefix + "USER"), Password: env(prefix + "PASSWORD"),
		Keytab: env(prefix + "KEYTAB"), CCache: env(prefix + "CCACHE"), Target: env(prefix + "TARGET"),
		Directory: env(prefix + "LDAP"), DirectoryCA: env(prefix + "LDAP_CA"), EditFlags: env(prefix + "EDITFLAGS"),
	}
	if !hostName.MatchString(host) || !authorityName.MatchString(authority) {
		return settings, fault("misconfigured", `ca is not HOST\NAME, as in ca1.example.com\Example CA, or has a character with a meaning for shells`)
	}
	if beyondASCII.MatchString(authority) {
		return settings, fault("misconfigured", "the name of the CA has letters beyond ASCII, which the RPC library of this helper counts wrongly: it is never sent")
	}
	if settings.Target == "" {
		settings.Target = "host/" + host
	}
	return readCredentials(env, settings)
}

func readCredentials(env func(string) string, settings Settings) (Settings, error) {
	switch mechanism := env(prefix + "AUTH"); mechanism {
	case "", "kerberos":
	case "ntlm":
		settings.NTLM = true
	default:
		return settings, fault("misconfigured", prefix+"AUTH is neither kerberos nor ntlm")
	}
	if path := env(prefix + "PASSWORD_FILE"); path != "" {
		octets, err := os.ReadFile(path)
		if err != nil {
			return settings, fault("misconfigured", prefix+"PASSWORD_FILE cannot be read: %v", err)
		}
		settings.Password = strings.TrimRight(string(octets), "\r\n")
	}
	if settings.User == "" {
		return settings, fault("misconfigured", prefix+"USER is missing")
	}
	if settings.Password == "" && (settings.NTLM || settings.Keytab == "" && settings.CCache == "") {
		return settings, fault("misconfigured", "there is no password: give "+prefix+"PASSWORD_FILE, or for Kerberos "+prefix+"KEYTAB or "+prefix+"CCACHE")
	}
	return settings, nil
}
