#!/bin/sh
# Makes pss-ca.pem: a CA whose own signature is RSASSA-PSS, which `ca install` warns of; and md5-des-key.pem: a key as OpenSSL 1.0
# encrypts PKCS#8. OpenSSL 3.0 with its legacy provider.
set -eu
cd "$(dirname "$0")"
openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out pss-ca.pem -days 36500 -subj "/CN=PSS CA" -sha256 \
  -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -addext keyUsage=critical,keyCertSign,cRLSign
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 |
  openssl pkcs8 -topk8 -v1 PBE-MD5-DES -passout pass:x -provider legacy -provider default -out md5-des-key.pem
