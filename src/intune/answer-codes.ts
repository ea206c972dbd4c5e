/** The codes that Intune is known to answer with: meaning and remedy. docs/intune.md is generated from this table. */

/** By code, as Microsoft writes it. The set is open: a code that is not here is a refusal too. */
export const INTUNE_CODES: Readonly<Record<string, { meaning: string; remedy: string }>> = {
  Success: { meaning: 'Intune accepts the request, or the notification.', remedy: 'Nothing.' },
  Unknown: {
    meaning: 'Intune refuses without a reason.',
    remedy: 'Let the device check in again. If it happens again, give Microsoft the client-request-id.',
  },
  CertificateRequestDecodingFailed: {
    meaning: 'Intune cannot read the certification request.',
    remedy: 'Decode the message with `openndes explain`; look for a client that writes invalid PKCS#10.',
  },
  ChallengePasswordMissing: {
    meaning: 'The certification request has no challenge.',
    remedy: 'The request does not come from an Intune SCEP profile: give such clients an endpoint of their own.',
  },
  ChallengeDeserializationError: {
    meaning: 'The challenge was not made by Intune: its structure is wrong.',
    remedy: 'The request does not come from an Intune SCEP profile, or the challenge was truncated in transit.',
  },
  ChallengeDecryptionError: {
    meaning: 'Intune cannot decrypt the challenge.',
    remedy: 'The challenge was made by another tenant or cloud, or changed in transit. Look at `tenant` and `cloud`.',
  },
  ChallengeDecodingError: {
    meaning: 'The challenge is not in the encoding that Intune writes.',
    remedy: 'The request does not come from an Intune SCEP profile, or the challenge was changed in transit.',
  },
  ChallengeInvalidTimestamp: {
    meaning: 'The time in the challenge cannot be used.',
    remedy: 'Let the device check in again: it gets a new challenge.',
  },
  ChallengeExpired: {
    meaning: 'The challenge is older than its 60 minutes.',
    remedy: 'The device gets a new one at its next check-in. If it happens often, look for slow or queued devices.',
  },
  SubjectNameMissing: {
    meaning: 'The certification request has no subject, and the profile requires one.',
    remedy: 'Look at the subject format of the SCEP profile and at the variables in it.',
  },
  SubjectNameMismatch: {
    meaning: 'The subject is not the one of the profile.',
    remedy:
      'Let the device check in again if the profile was edited. Quote values that have a plus, comma, semicolon or equals sign.',
  },
  SubjectAltNameMissing: {
    meaning: 'The certification request has no subject alternative name, and the profile requires one.',
    remedy: 'Look at the subject alternative names of the SCEP profile and at the variables in them.',
  },
  SubjectAltNameMismatch: {
    meaning: 'The subject alternative names are not those of the profile.',
    remedy: 'Let the device check in again if the profile was edited.',
  },
  KeyUsageMismatch: {
    meaning: 'The key usage is not the one of the profile.',
    remedy: 'Let the device check in again if the profile was edited.',
  },
  KeyLengthMismatch: {
    meaning: 'The key size is not the one of the profile.',
    remedy: 'Choose a size that the key storage of the device supports: many TPMs cannot make RSA keys of 4096 bits.',
  },
  EnhancedKeyUsageMissing: {
    meaning: 'The certification request has no extended key usage, and the profile requires one.',
    remedy: 'Look at the extended key usage of the SCEP profile.',
  },
  EnhancedKeyUsageMismatch: {
    meaning: 'The extended key usage is not the one of the profile.',
    remedy: 'Let the device check in again if the profile was edited.',
  },
  AadKeyIdentifierListMissing: {
    meaning: 'Intune has no registered key of the device to compare with.',
    remedy: 'Look at the registration of the device in Entra ID (`dsregcmd /status`) and join it again.',
  },
  RegisteredKeyMismatch: {
    meaning: 'The key is not the one that the device registered.',
    remedy: 'Look at the registration of the device in Entra ID (`dsregcmd /status`) and join it again.',
  },
  SigningCertThumbprintMismatch: {
    meaning: 'The challenge was signed with a certificate that Intune does not expect.',
    remedy: 'Let the device check in again: it gets a new challenge.',
  },
  ScepProfileNoLongerTargetedToTheClient: {
    meaning: 'The profile is not assigned to this user or device any more.',
    remedy: 'Look at the assignments of the SCEP profile, if the device should still get a certificate.',
  },
  SignatureValidationFailed: {
    meaning: 'The signature of the challenge is wrong.',
    remedy: 'The challenge was forged or changed in transit. If it happens often, look for the client that sends it.',
  },
  BadCertificateRequestIdInChallenge: {
    meaning: 'The challenge belongs to a request that Intune does not know.',
    remedy: 'Let the device check in again: it gets a new challenge.',
  },
  BadDeviceIdInChallenge: {
    meaning: 'The challenge belongs to another device, or to one that was removed.',
    remedy: 'Check that the device is still enrolled in Intune.',
  },
  BadUserIdInChallenge: {
    meaning: 'The challenge belongs to another user, or to one that was removed.',
    remedy: 'Check that the user still exists and has an Intune licence.',
  },
  BadTenantIdInChallenge: {
    meaning: 'The challenge was made by another tenant than the one that issued the token.',
    remedy: 'Set `tenant` to the tenant that has the SCEP profile; several tenants need an endpoint each.',
  },
};
