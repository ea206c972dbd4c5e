module openndes/reader

go 1.20

require (
	github.com/smallstep/pkcs7 v0.1.1
	golang.org/x/crypto v0.30.0
)
