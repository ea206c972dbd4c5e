// go run judge.go FOLDER: a line for every .der file that crypto/x509 cannot read; "read N" at the end.
package main

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	files, _ := filepath.Glob(filepath.Join(os.Args[1], "*.der"))
	read := 0
	for _, file := range files {
		der, err := os.ReadFile(file)
		if err == nil {
			_, err = x509.ParseCertificate(der)
		}
		if err != nil {
			fmt.Printf("%s: %v\n", filepath.Base(file), err)
			continue
		}
		read++
	}
	fmt.Printf("read %d\n", read)
}
