/** The codes of the ScepActions with their descriptions. A client must treat an unknown code as a refusal. */
export const INTUNE_CODES = {
  Success: '',
  Unknown: 'The service refuses for an unknown reason.',
  CertificateRequestDecodingFailed: 'The certificate request is not base64 of a PKCS#10 request in DER.',
  ChallengePasswordMissing: 'The certificate request has no challengePassword.',
  ChallengeDeserializationError: 'The challenge is base64 of something that is not a challenge.',
  ChallengeDecryptionError: 'The challenge is encrypted for another service.',
  ChallengeDecodingError: 'The challenge is not base64.',
  ChallengeInvalidTimestamp: 'The challenge was created in the future.',
  ChallengeExpired: 'The challenge is older than its validity.',
  SubjectNameMissing: 'The profile requires a subject and the certificate request has none.',
  SubjectNameMismatch: 'The subject is not the one of the profile.',
  SubjectAltNameMissing: 'The profile requires a subject alternative name and the certificate request has none.',
  SubjectAltNameMismatch: 'The subject alternative names are not those of the profile.',
  KeyUsageMismatch: 'The key usage is not the one of the profile.',
  KeyLengthMismatch: 'The key does not have the length of the profile.',
  EnhancedKeyUsageMissing: 'The profile requires extended key usages and the certificate request has none.',
  EnhancedKeyUsageMismatch: 'The extended key usages are not those of the profile.',
  AadKeyIdentifierListMissing: 'The device has no registered keys.',
  RegisteredKeyMismatch: 'The key is not the one the device registered.',
  SigningCertThumbprintMismatch: 'The signing certificate is not the expected one.',
  ScepProfileNoLongerTargetedToTheClient: 'The profile is no longer assigned to the device.',
  SignatureValidationFailed: 'The challenge was changed after it was signed.',
  BadCertificateRequestIdInChallenge: 'No validated transaction belongs to this certificate request.',
  BadDeviceIdInChallenge: 'The device of the challenge is not known.',
  BadUserIdInChallenge: 'The user of the challenge is not known.',
  BadTenantIdInChallenge: 'The tenant of the challenge is not the tenant of the token.',
} as const;
/** One of the codes. */
export type IntuneCode = keyof typeof INTUNE_CODES;

/** Whether the text is one of the codes, letter case included. */
export const isIntuneCode = (text: string): text is IntuneCode => Object.hasOwn(INTUNE_CODES, text);

/** The answer of an action: a code, and a description for people. */
export type IntuneVerdict = { code: IntuneCode; description: string };

/** The verdict with the description of its code, or with another one. It must not contain a challenge or a token. */
export const verdict = (code: IntuneCode, description: string = INTUNE_CODES[code]): IntuneVerdict => ({
  code,
  description,
});
