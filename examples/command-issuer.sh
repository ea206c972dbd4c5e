#!/bin/sh
# An issuer for `command` of openndes: signs with the openssl command. docs/command-issuer.md describes what it reads and writes.
#
# It shows how to answer, and it is not a CA for a fleet: replace `sign` with the call of your CA. FOLDER, its one argument, has ca.pem and
# ca.key, and gets each certificate under the key of its order, so that the same order gets the same certificate again.
set -eu
umask 077
cd "$1"

order=$(head -c 1048576)

# Every value that openndes sends is base64, hexadecimal, a time or a fixed word, so none of them has a quote inside.
value() { printf '%s' "$order" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

# What is wrong goes to standard error, where openndes reads the last line; the exit code says what it means.
refuse() {
  printf '%s\n' "$2" >&2
  exit "$1"
}

answer() { printf '{"version":1,"status":"%s"%s}\n' "$1" "${2:-}"; }

base64_of() { openssl x509 -in "$1" -outform DER | openssl base64 -A; }

issued() {
  answer issued ",\"certificate\":\"$(base64_of "$1")\",\"chain\":[\"$(base64_of ca.pem)\"],\"reference\":\"$(basename "$1" .pem)\""
}

# The names come from the request; usage and CA:FALSE do not, because what is here wins over what is in the request.
sign() {
  value csr | openssl base64 -d -A | openssl req -inform DER -out "$1.csr" ||
    refuse 11 'openssl cannot read this request'
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=clientAuth\n' >"$1.cnf"
  # Whole days that end before `notAfter`, also when openssl begins a moment later.
  days=$((($(date -d "$(value notAfter)" +%s) - $(date +%s) - 60) / 86400))
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -set_serial "0x01$(openssl rand -hex 15)" \
    -days "$days" -copy_extensions copy -extfile "$1.cnf" -out "$1.new" ||
    refuse 10 'openssl does not sign this request'
  rm "$1.csr" "$1.cnf"
  # Whole or not at all: a certificate that is not on the disk is not given away.
  mv "$1.new" "$1.pem"
}

case $(value operation) in
issue)
  key=$(value requestKey)
  [ -f "$key.pem" ] || sign "$key"
  issued "$key.pem"
  ;;
find)
  if [ -f "$(value requestKey).pem" ]; then issued "$(value requestKey).pem"; else answer none; fi
  ;;
revoke)
  # A second time is a success too.
  grep -qs "^$(value serial) " revoked.txt || printf '%s %s %s\n' "$(value serial)" "$(value reason)" "$(value at)" >>revoked.txt
  answer 'done'
  ;;
check)
  [ -r ca.key ] || refuse 13 'ca.key cannot be read'
  openssl x509 -in ca.pem -noout -checkend 0 >&2 || refuse 13 'the certificate of the CA has expired'
  answer 'done' ',"detail":"openssl can sign"'
  ;;
*)
  refuse 13 'this operation is not one of this script: remove it from the operations'
  ;;
esac
