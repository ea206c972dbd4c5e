module openndes/corpus

go 1.20

require golang.org/x/crypto v0.30.0
