package main

import (
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf16"
)

// attributes are the request attributes of MS-WCCE 2.2.2.7: lines of `Name:Value`. There is never a `SAN:`: the names stand in the request
// that the device has signed, and a CA that heeds the attribute lets every requester choose names (ESC6).
func attributes(template string, notAfter time.Time) string {
	lines := []string{"CertificateTemplate:" + template}
	if !notAfter.IsZero() {
		// Heeded only with EDITF_ATTRIBUTEENDDATE; the zone is always GMT.
		lines = append(lines, "ExpirationDate:"+notAfter.UTC().Format("Mon, 02 Jan 2006 15:04:05")+" GMT")
	}
	return strings.Join(lines, "\n")
}

// utf16z is UTF-16LE with a null character at its end.
func utf16z(text string) []byte {
	units := append(utf16.Encode([]rune(text)), 0)
	octets := make([]byte, 0, 2*len(units))
	for _, unit := range units {
		octets = binary.LittleEndian.AppendUint16(octets, unit)
	}
	return octets
}

// fromUTF16z reads up to the first null character.
func fromUTF16z(octets []byte) string {
	var units []uint16
	for at := 0; at+1 < len(octets); at += 2 {
		unit := binary.LittleEndian.Uint16(octets[at:])
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	return string(utf16.Decode(units))
}

// fileTime counts intervals of 100 nanoseconds since 1601.
func fileTime(at time.Time) (low, high uint32) {
	const since1601 = 11644473600
	ticks := uint64(at.Unix()+since1601)*10_000_000 + uint64(at.Nanosecond()/100)
	return uint32(ticks), uint32(ticks >> 32)
}
