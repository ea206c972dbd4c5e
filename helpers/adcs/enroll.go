package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/oiweiwei/go-msrpc/msrpc/dcom/wcce"
	icpr "github.com/oiweiwei/go-msrpc/msrpc/icpr/icertpassage/v0"
)

// Seconds until an open request is asked about again: an administrator decides.
const retryAfter = 300

// Dispositions of MS-WCCE 3.2.1.4.2.1.
const (
	denied          = 2
	certificateMade = 3
	underSubmission = 5
)

// issueRequest leaves the type of the request to the CA (`dwFlags` 0), which sees a PKCS#10.
func issueRequest(settings Settings, order Order) (*icpr.CertServerRequestRequest, error) {
	if err := assertTemplate(settings); err != nil {
		return nil, err
	}
	if len(order.CSR) == 0 {
		return nil, fault("invalid", "the order has no certification request")
	}
	wanted := utf16z(attributes(settings.Template, order.NotAfter))
	return &icpr.CertServerRequestRequest{
		Authority:  settings.Authority,
		Attributes: &wcce.CertTransportBlob{Length: uint32(len(wanted)), Buffer: wanted},
		Request:    &wcce.CertTransportBlob{Length: uint32(len(order.CSR)), Buffer: order.CSR},
	}, nil
}

func assertTemplate(settings Settings) error {
	if templateName.MatchString(settings.Template) {
		return nil
	}
	return fault("misconfigured", "parameters.template is not the name of a template: letters, digits, spaces, `.`, `_` and `-`")
}

func pollRequest(settings Settings, order Order) (*icpr.CertServerRequestRequest, error) {
	id, err := strconv.ParseUint(order.Reference, 10, 32)
	if err != nil || id == 0 {
		return nil, fault("invalid", "the reference is not the number of a request")
	}
	return &icpr.CertServerRequestRequest{
		Authority:  settings.Authority,
		RequestID:  uint32(id),
		Attributes: &wcce.CertTransportBlob{},
		Request:    &wcce.CertTransportBlob{},
	}, nil
}

func issue(ctx context.Context, settings Settings, order Order) (Answer, error) {
	request, err := issueRequest(settings, order)
	if err != nil {
		return Answer{}, err
	}
	return sent(ctx, settings, request, "unknown-outcome")
}

func poll(ctx context.Context, settings Settings, order Order) (Answer, error) {
	request, err := pollRequest(settings, order)
	if err != nil {
		return Answer{}, err
	}
	return sent(ctx, settings, request, "unavailable")
}

// `lost` is the code when the request was sent and no answer came.
func sent(ctx context.Context, settings Settings, request *icpr.CertServerRequestRequest, lost string) (Answer, error) {
	client, end, err := bound(ctx, settings)
	if err != nil {
		return Answer{}, err
	}
	defer end()
	response, err := client.CertServerRequest(ctx, request)
	if response == nil {
		return Answer{}, afterSending(err, lost)
	}
	return decided(response)
}

func afterSending(err error, lost string) *Fault {
	if code, ok := statusOf(err); ok {
		if known, listed := hresults[code]; listed && known.code != "unknown-outcome" {
			return fromHRESULT(code, "")
		}
	}
	return fault(lost, "the request was sent, and no answer came: %v", err)
}

// decided says what the CA has decided.
func decided(response *icpr.CertServerRequestResponse) (Answer, error) {
	said := oneLine(fromUTF16z(blob(response.DispositionMessage)))
	if response.Return != 0 {
		return Answer{}, fromHRESULT(asHRESULT(response.Return), said)
	}
	switch response.Disposition {
	case certificateMade:
		if certificate := blob(response.EncodedCert); len(certificate) > 0 {
			return issued(certificate, response.RequestID), nil
		}
		return Answer{}, fault("unknown-outcome", "the CA issued request %d and sent no certificate", response.RequestID)
	case underSubmission:
		return Answer{Version: 1, Status: "pending", Reference: strconv.FormatUint(uint64(response.RequestID), 10), RetryAfter: retryAfter}, nil
	case denied:
		return Answer{}, fault("rejected", "the CA has denied request %d. The CA says: %s", response.RequestID, said)
	}
	return Answer{}, fromHRESULT(asHRESULT(response.Disposition), said)
}

func asHRESULT(code uint32) uint32 {
	if code <= 0xffff {
		return code | 0x80070000
	}
	return code
}

func blob(given *wcce.CertTransportBlob) []byte {
	if given == nil {
		return nil
	}
	return given.Buffer
}

// bound is connected and authenticated. Nothing was asked of the CA.
func bound(ctx context.Context, settings Settings) (icpr.CertPassageClient, func(), error) {
	ctx, err := secured(ctx, settings)
	if err != nil {
		return nil, nil, err
	}
	connection, err := dialed(ctx, settings, icpr.CertPassageSyntaxV0_0)
	if err != nil {
		return nil, nil, beforeSending("connecting to "+settings.Host, err)
	}
	client, err := icpr.NewCertPassageClient(ctx, connection, private(settings)...)
	if err != nil {
		connection.Close(ctx)
		return nil, nil, beforeSending("binding to the enrolment interface of "+settings.Host, err)
	}
	return client, func() { connection.Close(ctx) }, nil
}

// check asks the CA, and then looks at the template and at the policy of the CA. Nothing is issued.
func check(ctx context.Context, settings Settings, _ Order) (Answer, error) {
	if err := assertTemplate(settings); err != nil {
		return Answer{}, err
	}
	answer, err := reached(ctx, settings)
	if err != nil {
		return Answer{}, err
	}
	review, err := reviewTemplate(ctx, settings)
	if err != nil {
		return Answer{}, err
	}
	flags := reviewFlags(ctx, settings)
	return reviewed(answer, review, flags), nil
}

// reviewed is the answer with what was found.
func reviewed(answer Answer, reviews ...Review) Answer {
	for _, review := range reviews {
		for _, fact := range review.Facts {
			answer.Detail += "; " + oneLine(fact)
		}
		for _, warning := range review.Warnings {
			answer.Warnings = append(answer.Warnings, oneLine(warning))
		}
	}
	return answer
}

// reached asks about a request that no CA has: whatever the CA says to this, it has answered the account.
func reached(ctx context.Context, settings Settings) (Answer, error) {
	const none = 0x7fffffff
	client, end, err := bound(ctx, settings)
	if err != nil {
		return Answer{}, err
	}
	defer end()
	empty := &wcce.CertTransportBlob{}
	response, err := client.CertServerRequest(ctx, &icpr.CertServerRequestRequest{
		Authority: settings.Authority, RequestID: none, Attributes: empty, Request: empty,
	})
	if response == nil {
		return Answer{}, afterSending(err, "unavailable")
	}
	return checked(settings, response)
}

// checked tells a refusal of the account from the answer to a request that does not exist.
func checked(settings Settings, response *icpr.CertServerRequestResponse) (Answer, error) {
	code := response.Return
	if code == 0 {
		code = response.Disposition
	}
	if known := fromHRESULT(asHRESULT(code), ""); known.Code == "unauthorised" || known.Code == "unavailable" {
		return Answer{}, known
	}
	return done(fmt.Sprintf("%s answers the account about a request that does not exist (0x%08x)", settings.Host, asHRESULT(code))), nil
}
