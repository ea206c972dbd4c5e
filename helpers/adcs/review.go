package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Flags of MS-CRTE 2.26 and 2.28.
const (
	enrolleeSuppliesSubject = 0x00000001
	pendAllRequests         = 0x00000002
)

// logins are the purposes with which somebody can log in: client authentication, PKINIT, smart cards, and any purpose. A template
// without a purpose has all of them.
var logins = []string{"1.3.6.1.5.5.7.3.2", "1.3.6.1.5.2.3.4", "1.3.6.1.4.1.311.20.2.2", "2.5.29.37.0"}

// Review is what was found beyond the answer of the CA: facts for the administrator, and what should be changed or could not be looked at.
type Review struct{ Facts, Warnings []string }

// reviewTemplate fails when no device can get a certificate with the template. A directory that cannot be asked is a warning.
func reviewTemplate(ctx context.Context, settings Settings) (Review, error) {
	switch settings.Directory {
	case "off":
		return Review{}, nil
	case "":
		return unchecked("the template "+settings.Template, errors.New(prefix+"LDAP is not set: name a domain controller, as in ldaps://dc1.example.com, or write off")), nil
	}
	template, other, err := readTemplate(ctx, settings)
	if errors.Is(err, errNoTemplate) {
		return Review{}, missing(settings, other)
	}
	if err != nil {
		return unchecked("the template "+settings.Template, err), nil
	}
	return judged(settings, template)
}

func missing(settings Settings, other string) error {
	if other != "" {
		return fault("misconfigured", "%s is the display name of a template: write its name, %s", settings.Template, other)
	}
	return fault("misconfigured", "Active Directory has no template %s that the account may read: make it, or give the account Read and Enroll", settings.Template)
}

// fromPort is the part of an error that is another one each time, while the server tells a warning again when it changes.
var fromPort = regexp.MustCompile(`\S+:\d+->`)

func unchecked(what string, err error) Review {
	why := err.Error()
	var known *Fault
	if errors.As(err, &known) {
		why = known.Detail
	}
	why = strings.TrimRight(fromPort.ReplaceAllString(why, ""), ".")
	return Review{Warnings: []string{fmt.Sprintf("Not checked: %s, because: %s.", what, why)}}
}

// judged has no side effects.
func judged(settings Settings, template Template) (Review, error) {
	name := template.Name
	switch {
	case template.Published != nil && !*template.Published:
		return Review{}, fault("misconfigured", "the CA does not issue the template %s: publish it at %s (certutil -SetCATemplates +%s)", name, settings.Authority, name)
	case template.Signatures > 0:
		return Review{}, fault("misconfigured", "the template %s demands %d signatures of others, which no device has: set `number of authorized signatures` to 0", name, template.Signatures)
	case template.NameFlag&enrolleeSuppliesSubject == 0:
		return Review{}, fault("misconfigured", "the template %s takes the subject from Active Directory, where no device is: choose Supply in the request", name)
	}
	review := Review{Facts: facts(template)}
	if template.Published == nil {
		review.warn("Not checked: whether the CA issues the template %s, because Active Directory has no enrolment service %s.", name, settings.Authority)
	}
	if template.Schema == 1 {
		review.warn("The template %s has version 1: whoever may enrol for it can add purposes to a request (ESC15, CVE-2024-49019). Duplicate it, and use the duplicate.", name)
	}
	review.access(template)
	return review, nil
}

func (r *Review) warn(format string, values ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, values...))
}

// access warns of groups with many members.
func (r *Review) access(template Template) {
	if template.Access == nil {
		r.warn("Not checked: who may enrol for the template %s, because the account cannot read its permissions.", template.Name)
		return
	}
	if groups := template.Access.Enroll; len(groups) > 0 && isForLogins(template) && template.EnrollmentFlag&pendAllRequests == 0 {
		r.warn("ESC1: %s may enrol for the template %s, which takes its names from the request and is good for logins: each member gets a certificate for any name. "+
			"Take Enroll from them, and let only the account of this server enrol.", strings.Join(groups, ", "), template.Name)
	}
	if groups := template.Access.Change; len(groups) > 0 {
		r.warn("ESC4: %s may change the template %s. Take Write from them.", strings.Join(groups, ", "), template.Name)
	}
}

func isForLogins(template Template) bool {
	return len(template.Purposes) == 0 || slices.ContainsFunc(template.Purposes, func(purpose string) bool { return slices.Contains(logins, purpose) })
}

func facts(template Template) []string {
	list := []string{fmt.Sprintf("the template %s has version %d", template.Name, template.Schema)}
	if template.KeySize > 0 {
		list = append(list, fmt.Sprintf("keys of %d bits or more", template.KeySize))
	}
	if template.Validity > 0 {
		list = append(list, fmt.Sprintf("a validity of %d days", template.Validity/(24*time.Hour)))
	}
	if template.EnrollmentFlag&pendAllRequests != 0 {
		list = append(list, "requests that wait for a manager of the CA")
	}
	return []string{strings.Join(list, ", ")}
}
