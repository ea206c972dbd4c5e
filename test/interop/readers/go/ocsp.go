package main

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"golang.org/x/crypto/ocsp"
)

var statuses = map[int]string{ocsp.Good: "good", ocsp.Revoked: "revoked", ocsp.Unknown: "unknown"}

// Asks a responder with golang.org/x/crypto/ocsp by POST about a serial number in hexadecimal, with SHA-256, and verifies
// the answer with the issuer.
func askOcsp(url, issuerFile, serialText string) {
	issuer := must(x509.ParseCertificate(fromPem(issuerFile)))
	serial, isNumber := new(big.Int).SetString(serialText, 16)
	if !isNumber {
		check(errors.New("not hexadecimal: " + serialText))
	}
	certificate := &x509.Certificate{SerialNumber: serial}
	request := must(ocsp.CreateRequest(certificate, issuer, &ocsp.RequestOptions{Hash: crypto.SHA256}))
	answer := must(http.Post(url, "application/ocsp-request", bytes.NewReader(request)))
	body := must(io.ReadAll(answer.Body))
	response := must(ocsp.ParseResponseForCert(body, certificate, issuer))
	if now := time.Now(); now.Before(response.ThisUpdate) || now.After(response.NextUpdate) {
		check(errors.New("not valid now"))
	}
	fmt.Println(statuses[response.Status], response.RevocationReason)
}
