// go run . FOLDER: a line for every file of the corpus that Go cannot read or verify; "read N" at the end.
package main

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ocsp"
)

// The serial number that every response of the corpus is about.
var asked = &x509.Certificate{SerialNumber: big.NewInt(0x100001)}

type authority struct{ root, issuing *x509.Certificate }

func certificate(path string) *x509.Certificate {
	der, err := os.ReadFile(path)
	if err == nil {
		var read *x509.Certificate
		if read, err = x509.ParseCertificate(der); err == nil {
			return read
		}
	}
	panic(path + ": " + err.Error())
}

func (ca authority) leaf(der []byte) error {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(ca.root)
	between.AddCert(ca.issuing)
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: usages})
	return err
}

func (ca authority) list(der []byte) error {
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return err
	}
	if err = list.CheckSignatureFrom(ca.issuing); err != nil {
		err = list.CheckSignatureFrom(ca.root)
	}
	return err
}

func (ca authority) response(der []byte) error {
	_, err := ocsp.ParseResponseForCert(der, asked, ca.issuing)
	return err
}

func main() {
	read := 0
	folders, _ := filepath.Glob(filepath.Join(os.Args[1], "*"))
	for _, folder := range folders {
		ca := authority{certificate(filepath.Join(folder, "root.der")), certificate(filepath.Join(folder, "issuing.der"))}
		for kind, judge := range map[string]func([]byte) error{"leaf": ca.leaf, "crl": ca.list, "ocsp": ca.response} {
			files, _ := filepath.Glob(filepath.Join(folder, kind, "*.der"))
			for _, file := range files {
				der, err := os.ReadFile(file)
				if err == nil {
					err = judge(der)
				}
				if err != nil {
					fmt.Printf("%s: %v\n", file, err)
					continue
				}
				read++
			}
		}
	}
	fmt.Printf("read %d\n", read)
}
