/*
 * Reads answers of a SCEP server with wolfSSL, for which Debian has no program.
 *
 *   read-wolfssl certificates FILE              prints how many certificates are in an answer to GetCACert
 *   read-wolfssl message FILE RA CLIENT KEY     verifies a CertRep; prints its content, or how many certificates are in it
 */
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/pkcs7.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { byte *bytes; word32 length; } Octets;

static void check(int status, const char *what) {
    if (status >= 0) return;
    fprintf(stderr, "wolfSSL: %s: %d\n", what, status);
    exit(1);
}

static Octets read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) check(-1, path);
    Octets read = {malloc(1 << 20), 0};
    read.length = fread(read.bytes, 1, 1 << 20, file);
    fclose(file);
    return read;
}

static Octets from_pem(const char *path, int is_key) {
    Octets pem = read_file(path), der = {malloc(1 << 16), 0};
    int length = is_key ? wc_KeyPemToDer(pem.bytes, pem.length, der.bytes, 1 << 16, NULL)
                        : wc_CertPemToDer(pem.bytes, pem.length, der.bytes, 1 << 16, CERT_TYPE);
    check(length, path);
    der.length = length;
    return der;
}

static PKCS7 *verified(Octets message) {
    PKCS7 *signed_data = wc_PKCS7_New(NULL, INVALID_DEVID);
    check(wc_PKCS7_InitWithCert(signed_data, NULL, 0), "InitWithCert");
    check(wc_PKCS7_VerifySignedData(signed_data, message.bytes, message.length), "VerifySignedData");
    return signed_data;
}

static void print_certificates(PKCS7 *signed_data) {
    int count = 0;
    while (count < MAX_PKCS7_CERTS && signed_data->cert[count]) count++;
    printf("certificates %d\n", count);
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    PKCS7 *signed_data = verified(read_file(argv[2]));
    if (!strcmp(argv[1], "certificates")) {
        print_certificates(signed_data);
        return 0;
    }
    Octets ra = from_pem(argv[3], 0);
    if (ra.length != signed_data->singleCertSz || memcmp(ra.bytes, signed_data->singleCert, ra.length))
        check(-1, "the RA did not sign");
    if (signed_data->contentSz < 2) {
        printf("content %02x\n", signed_data->contentSz ? signed_data->content[0] : 0x100);
        return 0;
    }
    Octets client = from_pem(argv[4], 0), key = from_pem(argv[5], 1), inside = {malloc(1 << 16), 0};
    PKCS7 *envelope = wc_PKCS7_New(NULL, INVALID_DEVID);
    check(wc_PKCS7_InitWithCert(envelope, client.bytes, client.length), "InitWithCert");
    envelope->privateKey = key.bytes;
    envelope->privateKeySz = key.length;
    int length = wc_PKCS7_DecodeEnvelopedData(envelope, signed_data->content, signed_data->contentSz, inside.bytes, 1 << 16);
    check(length, "DecodeEnvelopedData");
    inside.length = length;
    print_certificates(verified(inside));
    return 0;
}
