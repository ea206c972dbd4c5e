package main

import (
	"context"
	"fmt"
	"time"

	"github.com/oiweiwei/go-msrpc/msrpc/dcom"
	csra "github.com/oiweiwei/go-msrpc/msrpc/dcom/csra/icertadmind2/v0"
)

// EditFlags of the policy module of Windows.
const (
	attributeEndDate        = 0x00000020
	attributeSubjectAltName = 0x00040000
	policyModule            = `PolicyModules\CertificateAuthority_MicrosoftDefault.Policy`
)

const flagsLimit = 12 * time.Second

// reviewFlags warns of what the policy module of the CA does. Flags that cannot be read are a warning, which says how to look at them.
func reviewFlags(ctx context.Context, settings Settings) Review {
	if settings.EditFlags == "off" {
		return Review{}
	}
	ctx, cancel := context.WithTimeout(ctx, flagsLimit)
	defer cancel()
	flags, err := readFlags(ctx, settings)
	if err != nil {
		review := unchecked("the EditFlags of the CA (ESC6)", err)
		review.Warnings[0] += fmt.Sprintf(" Look at them with certutil -v -config \"%s\\%s\" -getreg policy\\EditFlags, and when they are right, write %sEDITFLAGS: off.",
			settings.Host, settings.Authority, prefix)
		return review
	}
	return judgedFlags(flags)
}

func judgedFlags(flags uint32) Review {
	review := Review{}
	if flags&attributeSubjectAltName != 0 {
		review.warn("ESC6: the CA has EDITF_ATTRIBUTESUBJECTALTNAME2: whoever may enrol for any template gets a certificate for any name. " +
			"Remove it: certutil -setreg policy\\EditFlags -EDITF_ATTRIBUTESUBJECTALTNAME2, and restart the service.")
	}
	if flags&attributeEndDate == 0 {
		review.warn("The CA lacks EDITF_ATTRIBUTEENDDATE and ignores the end that an order names: a certificate that is valid for longer is refused here and revoked there. " +
			"Set it: certutil -setreg policy\\EditFlags +EDITF_ATTRIBUTEENDDATE, and restart the service.")
	}
	return review
}

func flagsRequest(settings Settings, this *dcom.ORPCThis) *csra.GetConfigEntryRequest {
	return &csra.GetConfigEntryRequest{This: this, Authority: settings.Authority, NodePath: policyModule, Entry: "EditFlags"}
}

func readFlags(ctx context.Context, settings Settings) (uint32, error) {
	ctx, err := secured(ctx, settings)
	if err != nil {
		return 0, err
	}
	object, err := activated(ctx, settings, csra.CertAdminD2IID)
	if err != nil {
		return 0, err
	}
	defer object.end()
	client, err := csra.NewCertAdminD2Client(ctx, object.connection, object.options...)
	if err != nil {
		return 0, beforeSending("binding to the administration of "+settings.Host, err)
	}
	response, err := client.IPID(ctx, object.ipid).GetConfigEntry(ctx, flagsRequest(settings, object.this))
	if response == nil {
		return 0, afterSending(err, "unavailable")
	}
	return flagsOf(response)
}

func flagsOf(response *csra.GetConfigEntryResponse) (uint32, error) {
	if response.Return != 0 {
		return 0, fromHRESULT(uint32(response.Return), "")
	}
	if response.Variant != nil {
		if value, ok := response.Variant.VarUnion.GetValue().(int32); ok {
			return uint32(value), nil
		}
	}
	return 0, fault("unavailable", "the CA sent no number")
}
