/**
 * A valid certification request of nobody: its key was thrown away. Bytes that are no request are answered after the
 * same parsing and verifying has been done on this one, so that the time tells nothing.
 */
export const DECOY_REQUEST: Uint8Array = Buffer.from(
  [
    'MIICzjCCAbYCAQAwIzERMA8GA1UECgwIb3Blbm5kZXMxDjAMBgNVBAMMBWRlY295MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIB',
    'CgKCAQEAkMxqS9ymPrLiE81dhBrU08A2QwjUGVjknQJifATpv/HMN/sCZVTn73BcAPVevGsxVDUJEau2iQZQ0aTyiAbB2G91M+qv',
    'yMYiFq3JJqaljdZoNKTZsc2hslTBWlvzs5B4KMDBpakjzZd7WwraiU2oVW4r/ppl7tyt2zZPHTfKzJ59//ryCY5DbsvYyEs6S+9l',
    '+coI1uzGs3mMjKScYey43xSjIH6KqEtuJJ/R9QdMRTOX50lZmnajz+SnY06zo5kqso+GBZsd/DHpIVLq2LYwI0VYNuxvhfhQXVHN',
    'G4V3E9Sv+ElMStm2kT7OJGB/SYI+We7puNkCf2L//Fs1HZYMkwIDAQABoGYwFAYJKoZIhvcNAQkHMQcTBWRlY295ME4GCSqGSIb3',
    'DQEJDjFBMD8wDgYDVR0PAQH/BAQDAgWgMBMGA1UdJQQMMAoGCCsGAQUFBwMCMBgGA1UdEQQRMA+CDWRlY295LmludmFsaWQwDQYJ',
    'KoZIhvcNAQELBQADggEBAACBXeg0PSbRp/e0DG7q4R5jyFAJzQ81XmE/ZQaWv28ykrvjBo7dE4O05YDb4/T5LotS77UZYIZ/3hZH',
    '4XSLT3keyX14Gu6LMSaQUpkZOgfw5IGlsvyhcnUdsHjvfrcNrsi+vucuetrK6qSM2Bs9zh6CKR8ynbHk2eNH/SSX8QN3f8OCil3e',
    '6CA+NcSUB06NVdjEpzCsQJKlyodPhLuKc+MgLsQaBTvSt98RMDJWHd09BHOI7XD4V37lfUFysvKWNH7zfB3xOlV9+Y+p/qcF8n0j',
    'PuOvDHmG6H9IWZzirmH68AclaRCJF5qdN8C/cGXmEGkgbVZCZRrQt1fAmFiklmo=',
  ].join(''),
  'base64',
);
