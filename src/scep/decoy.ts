/**
 * A fixed CSR whose private key was discarded. It is parsed and verified in the place of malformed input, so that both
 * take the same time. It is a little smaller than the CSRs of clients: parsing it and finding out that the input is
 * malformed together take as long as parsing a CSR of a client (`npm run oracle`). Its signature is a number below every
 * modulus of 2048 bits, because OpenSSL rejects a larger one without computing.
 */
export const DECOY_REQUEST: Uint8Array = Buffer.from(
  [
    'MIICkDCCAXgCAQAwEDEOMAwGA1UEAwwFZGVjb3kwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDCYmcnvRwlZTgf7ZdT0W6I',
    'p+WroFC10s3z9sKbIhYcUhR3U7RJl4IckwKQtGgVMHiS25mK53Uo2mPW6GXYgDU+Cactl2PMab9juJajG1igPx6r9qp+12L5nJzteLG2',
    'f0/BdpdbytMNxAzuSbnliJkrzjOT0tTKxGHbUjZsmVpRBe5DYVi5aD5oawqnsOAHfjMgIa6DTPOEEQZu1v8S1Brwz8SiYGPYAFl0Z8FK',
    'YfVhwPaheA0pzm9bf8eGwStRrp38Sg/ZrMAfh+Ab/mbz2ntUYynUgiEn/dwe5xeHnY4GFrfWo87r4/WTPHln6DQss8DxGRZic6jXFALG',
    'vDGZ63TFAgMBAAGgOzAYBgkqhkiG9w0BCQcxCxMJZGVjb3ktMzIzMB8GCSqGSIb3DQEJDjESMBAwDgYDVR0PAQH/BAQDAgWgMA0GCSqG',
    'SIb3DQEBCwUAA4IBAQAAyaSzk6Bgiq8u+CP1wsB6Y5QqWnW9Vx3Pe5iNDucP6MM9Nnmm8tM/b/TDIG9yI+Tk9xBOVKMT+k5uRIm2zbi3',
    'nAe8k0t8lW78fpMmYRHUVgpzN0FL4n9oCYOkt91RpH8qLRjAO/aE/fInTATRZlisMSej2m4WsasWV49khuaOUEVqMoZRgQK2SLxwcOos',
    'NpS48SYc3BrgqE2WxnqFSGbgDrOIfunZTpuRihwKnkWW0vTJ61BvFGL0hgvToFtr93T1i6XIuIdFNVWNJmoLKO2RNEOiomOJdDjfhOqh',
    'iw6rMGWwseWgZ3IIy9DTKy4f2TunFJOoub521S9MjBFWhfoO',
  ].join(''),
  'base64',
);
