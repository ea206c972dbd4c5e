#!/bin/sh
# Makes pss-ca.pem: a CA whose own signature is RSASSA-PSS, which `ca install` warns of. OpenSSL 3.0.
set -eu
cd "$(dirname "$0")"
openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out pss-ca.pem -days 36500 -subj "/CN=PSS CA" -sha256 \
  -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -addext keyUsage=critical,keyCertSign,cRLSign
