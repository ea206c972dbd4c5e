package main

import (
	"context"
	"net"
	"time"

	"github.com/oiweiwei/go-msrpc/dcerpc"
	"github.com/oiweiwei/go-msrpc/msrpc/dcetypes"
	"github.com/oiweiwei/go-msrpc/msrpc/dtyp"
	"github.com/oiweiwei/go-msrpc/msrpc/epm/epm/v3"
	"github.com/oiweiwei/go-msrpc/ssp"
	"github.com/oiweiwei/go-msrpc/ssp/credential"
	"github.com/oiweiwei/go-msrpc/ssp/gssapi"
	"github.com/oiweiwei/go-msrpc/ssp/krb5"
	"github.com/oiweiwei/gokrb5.fork/v9/credentials"
)

const connectLimit = 10 * time.Second

// secured is a context with the credentials of the settings and one mechanism: there is no way back from Kerberos to NTLM, and
// SPNEGO has nothing to choose from.
func secured(ctx context.Context, settings Settings) (context.Context, error) {
	given, err := credentialOf(settings)
	if err != nil {
		return ctx, err
	}
	if settings.NTLM {
		return gssapi.NewSecurityContext(ctx, gssapi.WithCredential(given), gssapi.WithMechanismFactory(ssp.NTLM)), nil
	}
	return gssapi.NewSecurityContext(ctx, gssapi.WithCredential(given), gssapi.WithMechanismFactory(ssp.SPNEGO), gssapi.WithMechanismFactory(ssp.KRB5, mutual())), nil
}

// mutual is the login of DCE/RPC in three messages, AP-REQ, AP-REP and AP-REP. The library asks for the third by itself, and only with this
// flag for the second, in which the CA shows that it has the key of its ticket.
func mutual() *krb5.Config {
	config := krb5.NewConfig()
	config.Flags = append(config.Flags, int(gssapi.MutualAuthn))
	return config
}

func credentialOf(settings Settings) (credential.Credential, error) {
	switch {
	case settings.NTLM || settings.Keytab == "" && settings.CCache == "":
		return credential.NewFromPassword(settings.User, settings.Password), nil
	case settings.Keytab != "":
		return credential.NewFromKeytabFile(settings.User, settings.Keytab), nil
	}
	cache, err := credentials.LoadCCache(settings.CCache)
	if err != nil {
		return nil, fault("misconfigured", prefix+"CCACHE cannot be read: %v", err)
	}
	return credential.NewFromCCacheV9(settings.User, cache), nil
}

// private is packet privacy towards the service principal of the CA, for every call but those of the endpoint mapper, which are anonymous.
func private(settings Settings) []dcerpc.Option {
	return []dcerpc.Option{dcerpc.WithSeal(), dcerpc.WithTargetName(settings.Target)}
}

// dialed connects to the TCP port of the interface, for which it asks the endpoint mapper. A host that does not have the interface is an error
// here: a bind to it would succeed elsewhere, and only the first call would fail.
func dialed(ctx context.Context, settings Settings, syntax *dcerpc.SyntaxID) (dcerpc.Conn, error) {
	limits := []dcerpc.Option{dcerpc.WithTimeout(connectLimit)}
	if settings.dialer != nil {
		limits = append(limits, dcerpc.WithDialer(settings.dialer))
	}
	port, err := portOf(ctx, settings, syntax, limits)
	if err != nil {
		return nil, beforeSending("asking "+settings.Host+", port 135, for the interface", err)
	}
	if port == "" {
		return nil, fault("misconfigured", "%s has no such interface over TCP: is it the CA, and does its service run?", settings.Host)
	}
	return dcerpc.Dial(ctx, settings.Host, append(limits, dcerpc.WithEndpoint("ncacn_ip_tcp:"+settings.Host+"["+port+"]"))...)
}

// portOf asks anonymously, as every client of RPC does. Some mappers answer with other interfaces too.
func portOf(ctx context.Context, settings Settings, syntax *dcerpc.SyntaxID, limits []dcerpc.Option) (string, error) {
	connection, err := dcerpc.Dial(ctx, net.JoinHostPort(settings.Host, "135"), limits...)
	if err != nil {
		return "", err
	}
	defer connection.Close(ctx)
	mapper, err := epm.NewEpmClient(ctx, connection, dcerpc.WithInsecure())
	if err != nil {
		return "", err
	}
	const byInterface, anyMinorVersion, most = 1, 1, 500
	found, err := mapper.Lookup(ctx, &epm.LookupRequest{
		InquiryType: byInterface, VersOption: anyMinorVersion, MaxEntries: most,
		InterfaceID: &dcetypes.InterfaceID{UUID: dtyp.GUIDFromUUID(syntax.IfUUID), VersMajor: syntax.IfVersionMajor, VersMinor: syntax.IfVersionMinor},
	})
	if err != nil && (found == nil || len(found.Entries) > 0) {
		return "", err
	}
	for _, entry := range found.Entries {
		binding := entry.Tower.Binding()
		if syntax.IfUUID.Equals(binding.SyntaxID.IfUUID) && binding.StringBinding.ProtocolSequence == dcerpc.ProtocolSequenceIPTCP {
			return binding.StringBinding.Endpoint, nil
		}
	}
	return "", nil
}
