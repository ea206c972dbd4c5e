package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/go-ldap/ldap/v3/gssapi"
	"github.com/jcmturner/gokrb5/v8/client"
)

// directoryLimit is for all questions to a controller.
const directoryLimit = 12 * time.Second

// directory is a connection to a domain controller, over TLS only, as the account of the CA: with Kerberos, or with the name and password where
// the settings say NTLM. It ends with the context.
func directory(ctx context.Context, settings Settings) (*ldap.Conn, error) {
	place, err := url.Parse(settings.Directory)
	if err != nil || place.Scheme != "ldaps" || place.Hostname() == "" {
		return nil, fault("misconfigured", prefix+"LDAP is not the address of a domain controller, as in ldaps://dc1.example.com")
	}
	roots, err := directoryRoots(settings)
	if err != nil {
		return nil, err
	}
	port := place.Port()
	if port == "" {
		port = "636"
	}
	var dialer interface {
		DialContext(context.Context, string, string) (net.Conn, error)
	} = &net.Dialer{}
	if settings.dialer != nil {
		dialer = settings.dialer
	}
	plain, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(place.Hostname(), port))
	if err != nil {
		return nil, err
	}
	secure := tls.Client(plain, &tls.Config{ServerName: place.Hostname(), RootCAs: roots, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		plain.Close()
		return nil, err
	}
	connection := ldap.NewConn(secure, true)
	connection.SetTimeout(directoryLimit)
	connection.Start()
	context.AfterFunc(ctx, func() { connection.Close() })
	if err := login(connection, settings, place.Hostname()); err != nil {
		connection.Close()
		return nil, err
	}
	return connection, nil
}

// directoryRoots are nil for those of the system.
func directoryRoots(settings Settings) (*x509.CertPool, error) {
	if settings.DirectoryCA == "" {
		return nil, nil
	}
	octets, err := os.ReadFile(settings.DirectoryCA)
	if err != nil {
		return nil, fault("misconfigured", prefix+"LDAP_CA cannot be read: %v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(octets) {
		return nil, fault("misconfigured", prefix+"LDAP_CA has no certificate in PEM")
	}
	return roots, nil
}

func login(connection *ldap.Conn, settings Settings, host string) error {
	if settings.NTLM {
		return connection.Bind(settings.User, settings.Password)
	}
	account, err := kerberosAccount(settings)
	if err != nil {
		return err
	}
	defer account.Close()
	return connection.GSSAPIBind(account, "ldap/"+host, "")
}

func kerberosAccount(settings Settings) (*gssapi.Client, error) {
	configuration := os.Getenv("KRB5_CONFIG")
	if configuration == "" {
		configuration = "/etc/krb5.conf"
	}
	name, realm, _ := strings.Cut(settings.User, "@")
	// As for the calls of RPC: Active Directory does not answer the library otherwise.
	plain := client.DisablePAFXFAST(true)
	switch {
	case settings.Keytab != "":
		return gssapi.NewClientWithKeytab(name, realm, settings.Keytab, configuration, plain)
	case settings.CCache != "":
		return gssapi.NewClientFromCCache(settings.CCache, configuration, plain)
	}
	return gssapi.NewClientWithPassword(name, realm, settings.Password, configuration, plain)
}
