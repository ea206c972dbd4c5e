package main

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Access has the groups with many members that may use or change a template, by their English names.
type Access struct{ Enroll, Change []string }

// broad are groups of everybody in a forest or domain. A relative identifier stands for a group of any domain.
var broad = map[string]string{
	"S-1-1-0": "Everyone", "S-1-5-7": "Anonymous Logon", "S-1-5-11": "Authenticated Users", "S-1-5-32-545": "Users", "S-1-5-32-546": "Guests",
	"513": "Domain Users", "514": "Domain Guests", "515": "Domain Computers",
}

// Rights of MS-ADTS 5.1.3.2.
const (
	writeProperty   = 0x00000020
	extendedRight   = 0x00000100
	writeDACL       = 0x00040000
	writeOwner      = 0x00080000
	genericAll      = 0x10000000
	genericWrite    = 0x40000000
	changesTemplate = writeDACL | writeOwner | genericAll | genericWrite
)

// The extended rights Enroll and AutoEnroll, MS-CRTE 2.4, as octets of a GUID.
var (
	enrollRight     = string([]byte{0x68, 0xc9, 0x10, 0x0e, 0xfb, 0x78, 0xd2, 0x11, 0x90, 0xd4, 0x00, 0xc0, 0x4f, 0x79, 0xdc, 0x55})
	autoEnrollRight = string([]byte{0xc2, 0x8c, 0x5b, 0xa0, 0xbc, 0x17, 0x02, 0x48, 0xa7, 0x10, 0xe7, 0xc1, 0x5a, 0xb8, 0x66, 0xa2})
)

// accessOf reads a security descriptor of MS-DTYP 2.4.6. Entries that deny are not looked at, so that a group may be named that is denied; nil
// when it is malformed. Without a list everybody may do everything.
func accessOf(descriptor []byte) *Access {
	if len(descriptor) < 20 {
		return nil
	}
	start := binary.LittleEndian.Uint32(descriptor[16:])
	if start == 0 {
		return &Access{Enroll: []string{"Everyone"}, Change: []string{"Everyone"}}
	}
	if uint64(start)+8 > uint64(len(descriptor)) {
		return nil
	}
	list := descriptor[start:]
	number, rest, access := binary.LittleEndian.Uint16(list[4:]), list[8:], &Access{}
	for range number {
		if len(rest) < 8 {
			return nil
		}
		size := int(binary.LittleEndian.Uint16(rest[2:]))
		if size < 8 || size > len(rest) {
			return nil
		}
		access.add(rest[:size])
		rest = rest[size:]
	}
	slices.Sort(access.Enroll)
	slices.Sort(access.Change)
	return access
}

// add looks at one entry, and leaves out what is neither ACCESS_ALLOWED nor ACCESS_ALLOWED_OBJECT, and what is for children only.
func (a *Access) add(entry []byte) {
	const allowed, allowedObject, inheritOnly = 0, 5, 0x08
	kind, mask, rest := entry[0], binary.LittleEndian.Uint32(entry[4:]), entry[8:]
	if kind != allowed && kind != allowedObject || entry[1]&inheritOnly != 0 {
		return
	}
	object := ""
	if kind == allowedObject {
		if object, rest = objectOf(rest); rest == nil {
			return
		}
	}
	name, isBroad := broadName(sidOf(rest))
	if !isBroad {
		return
	}
	anyRight := object == "" || object == enrollRight || object == autoEnrollRight
	if mask&genericAll != 0 || mask&extendedRight != 0 && anyRight {
		a.Enroll = with(a.Enroll, name)
	}
	if mask&changesTemplate != 0 || mask&writeProperty != 0 && object == "" {
		a.Change = with(a.Change, name)
	}
}

// objectOf is the GUID of the right, empty for all of them, and what follows it; nil when that is malformed.
func objectOf(octets []byte) (string, []byte) {
	const hasObject, hasInherited = 1, 2
	if len(octets) < 4 {
		return "", nil
	}
	flags, rest, object := binary.LittleEndian.Uint32(octets), octets[4:], ""
	for _, flag := range []uint32{hasObject, hasInherited} {
		if flags&flag == 0 {
			continue
		}
		if len(rest) < 16 {
			return "", nil
		}
		if flag == hasObject {
			object = string(rest[:16])
		}
		rest = rest[16:]
	}
	return object, rest
}

// sidOf is empty when it is malformed.
func sidOf(octets []byte) string {
	if len(octets) < 8 || len(octets) < 8+4*int(octets[1]) {
		return ""
	}
	text := fmt.Sprintf("S-%d-%d", octets[0], binary.BigEndian.Uint64(append([]byte{0, 0}, octets[2:8]...)))
	for part := range int(octets[1]) {
		text += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(octets[8+4*part:]))
	}
	return text
}

func broadName(sid string) (string, bool) {
	if strings.HasPrefix(sid, "S-1-5-21-") {
		sid = sid[strings.LastIndex(sid, "-")+1:]
	}
	name, ok := broad[sid]
	return name, ok
}

func with(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}
