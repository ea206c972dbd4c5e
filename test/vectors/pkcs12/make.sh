#!/bin/sh
# Makes the files of this folder: one issuing CA and its root, as each tool writes them into PKCS#12. `source` is the command.
# Needs OpenSSL 3 with its legacy provider, keytool (Java 17), pk12util (NSS 3.87) and base64.
set -eu
cd "$(dirname "$0")"
W=$(mktemp -d); trap 'rm -rf "$W"' EXIT
P='pass phrase'
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
# shellcheck disable=SC2086
openssl req -x509 $new -keyout "$W/root.key" -out "$W/root.pem" -days 36500 -subj '/CN=Vector Root' -addext keyUsage=critical,keyCertSign,cRLSign
# shellcheck disable=SC2086
openssl req -new $new -keyout "$W/ca.key" -out "$W/ca.csr" -subj '/CN=Vector CA'
printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' > "$W/ext"
openssl x509 -req -in "$W/ca.csr" -CA "$W/root.pem" -CAkey "$W/root.key" -CAcreateserial -days 36500 -extfile "$W/ext" -out "$W/ca.pem"
cp "$W/ca.pem" ca.pem; cp "$W/root.pem" root.pem

# vector NAME WRITER WHY COMMAND...: the command writes $W/out.p12
vector() {
  name=$1; client=$2; why=$3; shift 3
  rm -f "$W/out.p12"; "$@" >/dev/null 2>&1
  source=$(printf '%s ' "$@" | sed -e "s#$W/##g" -e 's/ $//' -e 's/"/\\"/g')
  printf '{\n  "source": "%s",\n  "client": "%s",\n  "why": "%s",\n  "passphrase": "%s",\n  "pkcs12": "%s"\n}\n' \
    "$source" "$client" "$why" "$P" "$(base64 -w0 "$W/out.p12")" > "$name.json"
}
export_() { openssl pkcs12 -export -inkey "$W/ca.key" -in "$W/ca.pem" -certfile "$W/root.pem" -passout "pass:$P" -out "$W/out.p12" "$@"; }
vector openssl-3 'OpenSSL 3' 'AES-256 and HMAC with SHA-256' export_
vector openssl-1.1 'OpenSSL 1.1' '3DES for the key, 40-bit RC2 for the certificates, SHA-1' export_ -legacy
vector openssl-no-mac 'OpenSSL 3' 'nothing but the encryption protects it' export_ -nomac
vector openssl-sha512 'OpenSSL 3' 'AES-128 and AES-192, HMAC with SHA-512' export_ -macalg sha512 -keypbe AES-128-CBC -certpbe AES-192-CBC
vector windows-3des 'Windows, TripleDES-SHA1, in its form by OpenSSL' '3DES for both, SHA-1' \
  export_ -legacy -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -iter 2000 -CSP 'Microsoft Enhanced Cryptographic Provider v1.0'
vector windows-aes 'Windows, AES256-SHA256, in its form by OpenSSL' 'AES-256 and SHA-256, 2,000 iterations' \
  export_ -keypbe AES-256-CBC -certpbe AES-256-CBC -macalg sha256 -iter 2000 -CSP 'Microsoft Software Key Storage Provider'
vector other-ciphers 'synthetic' '3DES with two keys, RC2 with 128 bits' export_ -legacy -keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-RC2-128 -macalg sha1
cp "$W/out.p12" "$W/from.p12"; openssl pkcs12 -export -inkey "$W/ca.key" -in "$W/ca.pem" -certfile "$W/root.pem" -passout "pass:$P" -out "$W/from.p12"
into='-srcstoretype PKCS12 -deststoretype PKCS12'
# shellcheck disable=SC2086
vector keytool-17 'keytool of Java 17' 'AES-256 and 10,000 iterations' \
  keytool -importkeystore -srckeystore "$W/from.p12" -srcstorepass "$P" -destkeystore "$W/out.p12" -deststorepass "$P" $into
# shellcheck disable=SC2086
vector keytool-8 'keytool of Java 8' '3DES, 40-bit RC2, SHA-1, 50,000 iterations' \
  keytool -J-Dkeystore.pkcs12.legacy -importkeystore -srckeystore "$W/from.p12" -srcstorepass "$P" -destkeystore "$W/out.p12" -deststorepass "$P" $into
mkdir "$W/nss"; certutil -N -d "sql:$W/nss" --empty-password; pk12util -i "$W/from.p12" -d "sql:$W/nss" -W "$P"
nss() { pk12util -o "$W/out.p12" -n 'Vector CA' -d "sql:$W/nss" -W "$P" "$@"; }
vector pk12util 'pk12util of NSS 3.87' 'BER of indefinite length' nss
P=''
vector no-passphrase 'OpenSSL 3' 'an empty passphrase' export_
P='Grüße €'
vector unicode 'OpenSSL 1.1' 'a passphrase outside ASCII' export_ -legacy
