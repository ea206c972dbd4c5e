package main

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Template is a certificate template of Active Directory, MS-CRTE.
type Template struct {
	Name string
	// NameFlag and EnrollmentFlag are msPKI-Certificate-Name-Flag and msPKI-Enrollment-Flag.
	NameFlag, EnrollmentFlag uint32
	// Signatures of others that a request needs.
	Signatures uint32
	// Schema is the version of the template; KeySize the fewest bits of a key.
	Schema, KeySize uint32
	// Purposes are object identifiers.
	Purposes []string
	Validity time.Duration
	// Access is nil when it could not be read.
	Access *Access
	// Published says whether the CA issues it; nil when the directory has no such CA.
	Published *bool
}

var templateAttributes = []string{
	"cn", "displayName", "msPKI-Certificate-Name-Flag", "msPKI-Enrollment-Flag", "msPKI-RA-Signature", "msPKI-Template-Schema-Version",
	"msPKI-Minimal-Key-Size", "msPKI-Certificate-Application-Policy", "pKIExtendedKeyUsage", "pKIExpirationPeriod", "nTSecurityDescriptor",
}

// errNoTemplate is told from what went wrong with the directory.
var errNoTemplate = errors.New("no such template")

// readTemplate asks for the template of the settings, and whether the CA publishes it. With errNoTemplate the text is the name of the template
// whose display name was given, or empty.
func readTemplate(ctx context.Context, settings Settings) (Template, string, error) {
	ctx, cancel := context.WithTimeout(ctx, directoryLimit)
	defer cancel()
	connection, err := directory(ctx, settings)
	if err != nil {
		return Template{}, "", err
	}
	defer connection.Close()
	root, err := found(connection, "", ldap.ScopeBaseObject, "(objectClass=*)", "configurationNamingContext")
	if err != nil {
		return Template{}, "", err
	}
	if len(root) != 1 {
		return Template{}, "", errors.New("the directory does not describe itself")
	}
	services := "CN=Public Key Services,CN=Services," + root[0].GetAttributeValue("configurationNamingContext")
	name := ldap.EscapeFilter(settings.Template)
	filter := "(&(objectClass=pKICertificateTemplate)(|(cn=" + name + ")(displayName=" + name + ")))"
	entries, err := found(connection, "CN=Certificate Templates,"+services, ldap.ScopeSingleLevel, filter, templateAttributes...)
	if err != nil {
		return Template{}, "", err
	}
	other := ""
	for _, entry := range entries {
		if other = entry.GetAttributeValue("cn"); strings.EqualFold(other, settings.Template) {
			template, err := templateOf(entry)
			if err != nil {
				return Template{}, "", err
			}
			template.Published, err = published(connection, services, settings)
			return template, "", err
		}
	}
	return Template{}, other, errNoTemplate
}

// published looks at what the CA offers.
func published(connection *ldap.Conn, services string, settings Settings) (*bool, error) {
	filter := "(&(objectClass=pKIEnrollmentService)(cn=" + ldap.EscapeFilter(settings.Authority) + "))"
	entries, err := found(connection, "CN=Enrollment Services,"+services, ldap.ScopeSingleLevel, filter, "certificateTemplates")
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	is := false
	for _, name := range entries[0].GetAttributeValues("certificateTemplates") {
		is = is || strings.EqualFold(name, settings.Template)
	}
	return &is, nil
}

// found asks for who has access without the part about auditing, which needs a privilege.
func found(connection *ldap.Conn, base string, scope int, filter string, attributes ...string) ([]*ldap.Entry, error) {
	const most, dacl = 10, 4
	request := ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, most, int(directoryLimit.Seconds()), false, filter, attributes,
		[]ldap.Control{&ldap.ControlMicrosoftSDFlags{Criticality: true, ControlValue: dacl}})
	if base == "" {
		request.Controls = nil
	}
	result, err := connection.Search(request)
	if err != nil {
		return nil, err
	}
	return result.Entries, nil
}

func templateOf(entry *ldap.Entry) (Template, error) {
	template := Template{Name: entry.GetAttributeValue("cn"), Purposes: entry.GetAttributeValues("msPKI-Certificate-Application-Policy")}
	for attribute, field := range map[string]*uint32{
		"msPKI-Certificate-Name-Flag": &template.NameFlag, "msPKI-Enrollment-Flag": &template.EnrollmentFlag,
		"msPKI-RA-Signature": &template.Signatures, "msPKI-Template-Schema-Version": &template.Schema, "msPKI-Minimal-Key-Size": &template.KeySize,
	} {
		text := entry.GetAttributeValue(attribute)
		if text == "" {
			continue
		}
		// Flags are signed numbers in LDAP.
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return template, fault("unavailable", "the directory has no number for %s", attribute)
		}
		*field = uint32(value)
	}
	if template.Schema <= 1 || len(template.Purposes) == 0 {
		template.Purposes = entry.GetAttributeValues("pKIExtendedKeyUsage")
	}
	template.Validity = period(entry.GetRawAttributeValue("pKIExpirationPeriod"))
	template.Access = accessOf(entry.GetRawAttributeValue("nTSecurityDescriptor"))
	return template, nil
}

// period reads a negative number of intervals of 100 nanoseconds, which may be longer than what a Duration holds.
func period(octets []byte) time.Duration {
	if len(octets) != 8 {
		return 0
	}
	const most = 292 * 365 * 24 * 60 * 60 * 10_000_000
	return time.Duration(min(-int64(binary.LittleEndian.Uint64(octets)), most)) * 100
}
