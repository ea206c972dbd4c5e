package main

import (
	"context"
	"fmt"
	"net"
	"regexp"

	"github.com/oiweiwei/go-msrpc/dcerpc"
	"github.com/oiweiwei/go-msrpc/msrpc/dcom"
	csra "github.com/oiweiwei/go-msrpc/msrpc/dcom/csra/icertadmind/v0"
	"github.com/oiweiwei/go-msrpc/msrpc/dcom/iactivation/v0"
	"github.com/oiweiwei/go-msrpc/msrpc/dcom/iobjectexporter/v0"
	"github.com/oiweiwei/go-msrpc/msrpc/dtyp"
)

// certAdminClass is the class of the CA's administration in MS-CSRA 1.9.
var certAdminClass = &dcom.ClassID{Data1: 0xd99e6e73, Data2: 0xfc88, Data3: 0x11d0, Data4: []byte{0xb4, 0x98, 0x00, 0xa0, 0xc9, 0x03, 0x12, 0xf3}}

// fromHold takes back a hold.
const fromHold = 0xffffffff

// mostReason is certificateHold: the CA knows none of those above it.
const mostReason = 6

var serialNumber = regexp.MustCompile(`^[0-9a-f]{1,40}$`)

// revokeRequest makes what is sent. The CA compares the serial number as text, in lower case, of whole octets.
func revokeRequest(settings Settings, order Order, reason uint32) (*csra.RevokeCertificateRequest, error) {
	if !serialNumber.MatchString(order.Serial) {
		return nil, fault("invalid", "the serial number is not lower-case hexadecimal")
	}
	serial := order.Serial
	if len(serial)%2 == 1 {
		serial = "0" + serial
	}
	low, high := fileTime(order.At)
	return &csra.RevokeCertificateRequest{
		Authority:    settings.Authority,
		SerialNumber: serial,
		Reason:       reason,
		FileTime:     &dtyp.Filetime{LowDateTime: low, HighDateTime: high},
	}, nil
}

func revoke(ctx context.Context, settings Settings, order Order) (Answer, error) {
	reason, note := reasonOf(order.ReasonCode)
	answer, err := administered(ctx, settings, order, reason)
	answer.Detail = note
	return answer, err
}

// reasonOf is unspecified for what the CA does not know, and the note says so.
func reasonOf(code uint32) (reason uint32, note string) {
	if code > mostReason {
		return 0, fmt.Sprintf("AD CS has no reason %d: revoked as unspecified", code)
	}
	return code, ""
}

func release(ctx context.Context, settings Settings, order Order) (Answer, error) {
	return administered(ctx, settings, order, fromHold)
}

func administered(ctx context.Context, settings Settings, order Order, reason uint32) (Answer, error) {
	request, err := revokeRequest(settings, order, reason)
	if err != nil {
		return Answer{}, err
	}
	if ctx, err = secured(ctx, settings); err != nil {
		return Answer{}, err
	}
	object, err := activated(ctx, settings, csra.CertAdminDIID)
	if err != nil {
		return Answer{}, err
	}
	defer object.end()
	client, err := csra.NewCertAdminDClient(ctx, object.connection, object.options...)
	if err != nil {
		return Answer{}, beforeSending("binding to the administration of "+settings.Host, err)
	}
	request.This = object.this
	response, err := client.IPID(ctx, object.ipid).RevokeCertificate(ctx, request)
	if response != nil && response.Return != 0 {
		return Answer{}, fromHRESULT(uint32(response.Return), "")
	}
	if err != nil {
		return Answer{}, afterSending(err, "unavailable")
	}
	return done(""), nil
}

// remote is an object of the administration at the CA.
type remote struct {
	connection dcerpc.Conn
	options    []dcerpc.Option
	this       *dcom.ORPCThis
	ipid       *dcom.IPID
	end        func()
}

// activated makes an object of the administration at the CA by DCOM, and connects to it. Every call has packet privacy.
func activated(ctx context.Context, settings Settings, interfaceID *dcom.IID) (remote, error) {
	first, err := dcerpc.Dial(ctx, net.JoinHostPort(settings.Host, "135"), dcerpc.WithTimeout(connectLimit))
	if err != nil {
		return remote{}, beforeSending("connecting to "+settings.Host+", port 135", err)
	}
	defer first.Close(ctx)
	this, bindings, ipid, err := activation(ctx, settings, first, interfaceID)
	if err != nil {
		return remote{}, beforeSending("DCOM activation at "+settings.Host, err)
	}
	second, err := dcerpc.Dial(ctx, settings.Host, append(bindings, dcerpc.WithTimeout(connectLimit))...)
	if err != nil {
		return remote{}, beforeSending("connecting to the administration of "+settings.Host, err)
	}
	options := append(private(settings), dcom.WithIPID(ipid))
	return remote{connection: second, options: options, this: this, ipid: ipid, end: func() { second.Close(ctx) }}, nil
}

func activation(ctx context.Context, settings Settings, connection dcerpc.Conn, interfaceID *dcom.IID) (*dcom.ORPCThis, []dcerpc.Option, *dcom.IPID, error) {
	exporter, err := iobjectexporter.NewObjectExporterClient(ctx, connection, private(settings)...)
	if err != nil {
		return nil, nil, nil, err
	}
	alive, err := exporter.ServerAlive2(ctx, &iobjectexporter.ServerAlive2Request{})
	if err != nil {
		return nil, nil, nil, err
	}
	this := &dcom.ORPCThis{Version: alive.COMVersion}
	activator, err := iactivation.NewActivationClient(ctx, connection, private(settings)...)
	if err != nil {
		return nil, nil, nil, err
	}
	object, err := activator.RemoteActivation(ctx, &iactivation.RemoteActivationRequest{
		ORPCThis: this, ClassID: certAdminClass.GUID(), IIDs: []*dcom.IID{interfaceID}, RequestedProtocolSequences: []uint16{7},
	})
	if err != nil {
		return nil, nil, nil, err
	}
	if object.HResult != 0 {
		return nil, nil, nil, fromHRESULT(uint32(object.HResult), "")
	}
	return this, object.OXIDBindings.EndpointsByProtocol("ncacn_ip_tcp"), object.InterfaceData[0].IPID(), nil
}
