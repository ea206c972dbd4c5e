package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Order is what openndes asks, version 1. Fields that are not here are ignored.
type Order struct {
	Version    int               `json:"version"`
	Operation  string            `json:"operation"`
	CA         string            `json:"ca"`
	Parameters map[string]string `json:"parameters"`
	CSR        []byte            `json:"csr"`
	NotAfter   time.Time         `json:"notAfter"`
	Reference  string            `json:"reference"`
	Serial     string            `json:"serial"`
	ReasonCode uint32            `json:"reasonCode"`
	At         time.Time         `json:"at"`
}

// Answer is what openndes reads. It refuses one with a field that its status does not have.
type Answer struct {
	Version     int       `json:"version"`
	Status      string    `json:"status"`
	Certificate []byte    `json:"certificate,omitempty"`
	Chain       *[]string `json:"chain,omitempty"`
	Reference   string    `json:"reference,omitempty"`
	RetryAfter  int       `json:"retryAfter,omitempty"`
	Detail      string    `json:"detail,omitempty"`
	Warnings    []string  `json:"warnings,omitempty"`
	Code        string    `json:"code,omitempty"`
}

// Fault is an error with one of the codes of docs/command-issuer.md. Detail is for administrators and has no secret.
type Fault struct {
	Code, Detail string
}

func (f *Fault) Error() string { return f.Code + ": " + f.Detail }

func fault(code, format string, values ...any) *Fault {
	return &Fault{Code: code, Detail: fmt.Sprintf(format, values...)}
}

func failed(err error) Answer {
	var known *Fault
	if !errors.As(err, &known) {
		known = fault("unavailable", "%v", err)
	}
	return Answer{Version: 1, Status: "error", Code: known.Code, Detail: oneLine(known.Detail)}
}

// The chain is that which the administrator has pinned, so none is sent.
func issued(certificate []byte, id uint32) Answer {
	return Answer{Version: 1, Status: "issued", Certificate: certificate, Chain: &[]string{}, Reference: strconv.FormatUint(uint64(id), 10)}
}

func done(detail string) Answer { return Answer{Version: 1, Status: "done", Detail: detail} }

var exitCodes = map[string]int{
	"rejected": 10, "invalid": 11, "unauthorised": 12, "misconfigured": 13,
	"unavailable": 14, "throttled": 15, "conflict": 16, "unknown-outcome": 17,
}

func (a Answer) exitCode() int {
	if a.Status == "error" {
		return exitCodes[a.Code]
	}
	return 0
}

// JSON is one line.
func (a Answer) JSON() []byte {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	encoder.Encode(a)
	return line.Bytes()
}

var (
	control = regexp.MustCompile(`[\x00-\x1f\x7f-\x9f\x{2028}\x{2029}]+`)
	// What openndes refuses in a text.
	mostText = 1500
)

func oneLine(text string) string {
	text = control.ReplaceAllString(text, " ")
	if runes := []rune(text); len(runes) > mostText {
		return string(runes[:mostText])
	}
	return text
}

func readOrder(octets []byte) (Order, error) {
	var order Order
	if err := json.Unmarshal(octets, &order); err != nil {
		return order, fault("invalid", "the order is no JSON object of version 1")
	}
	if order.Version != 1 {
		return order, fault("misconfigured", "the order has version %d, and this helper knows version 1: build the helper of this openndes", order.Version)
	}
	if operations[order.Operation] == nil {
		return order, fault("misconfigured", "this helper has no operation %q: remove it from `operations`", order.Operation)
	}
	return order, nil
}
