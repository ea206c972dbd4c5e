// Reads answers of a SCEP server with github.com/smallstep/pkcs7, and those of an OCSP responder.
//
//	read-go certificates FILE              prints how many certificates are in an answer to GetCACert
//	read-go message FILE RA CLIENT KEY     verifies a CertRep; prints its content, or how many certificates are in it
//	read-go ocsp URL ISSUER SERIAL         asks a responder; prints the status and the number of the reason
package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/smallstep/pkcs7"
)

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func fromPem(file string) []byte {
	block, _ := pem.Decode(must(os.ReadFile(file)))
	return block.Bytes
}

func main() {
	if os.Args[1] == "ocsp" {
		askOcsp(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	parsed := must(pkcs7.Parse(must(os.ReadFile(os.Args[2]))))
	if os.Args[1] == "certificates" {
		fmt.Println("certificates", len(parsed.Certificates))
		return
	}
	check(parsed.Verify())
	if !bytes.Equal(parsed.GetOnlySigner().Raw, fromPem(os.Args[3])) {
		check(errors.New("the RA did not sign"))
	}
	if len(parsed.Content) < 2 {
		fmt.Printf("content %x\n", parsed.Content)
		return
	}
	client := must(x509.ParseCertificate(fromPem(os.Args[4])))
	key := must(x509.ParsePKCS8PrivateKey(fromPem(os.Args[5])))
	envelope := must(pkcs7.Parse(parsed.Content))
	inside := must(pkcs7.Parse(must(envelope.Decrypt(client, key))))
	fmt.Println("certificates", len(inside.Certificates))
}
