/**
 * A valid certification request of nobody: its key was thrown away. Bytes that are no request are answered after the
 * same parsing and verifying has been done on this one, so that the time tells nothing. It is a little smaller than
 * those of clients, by as much as it takes to find out that bytes are no request (`npm run oracle`); and its signature
 * is a number below every modulus of 2048 bits, because OpenSSL would turn a larger one away without computing.
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
