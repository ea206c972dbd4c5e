/** Every code with which Intune is known to answer: what it means and what to do. docs/intune.md lists them all. */

/** The set is open: an answer may have a code that is not here, and then it is a "no" all the same. */
export const INTUNE_CODES: Readonly<Record<string, { meaning: string; remedy: string }>> = {
  Success: { meaning: 'Intune accepts the request, or the notification.', remedy: 'Nothing.' },
  Unknown: {
    meaning: 'Intune refuses and does not say why.',
    remedy: 'Let the device check in again. If it stays, give Microsoft the client-request-id.',
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
    meaning: 'The challenge is not one of Intune: its structure is wrong.',
    remedy: 'The request does not come from an Intune SCEP profile, or the challenge was cut on its way.',
  },
  ChallengeDecryptionError: {
    meaning: 'Intune cannot decrypt the challenge.',
    remedy: 'The challenge was made by another tenant or cloud, or changed on its way. Look at `tenant` and `cloud`.',
  },
  ChallengeDecodingError: {
    meaning: 'The challenge is not in the encoding that Intune writes.',
    remedy: 'The request does not come from an Intune SCEP profile, or the challenge was changed on its way.',
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
    meaning: 'The certification request has no subject, and the profile wants one.',
    remedy: 'Look at the subject format of the SCEP profile and at the variables in it.',
  },
  SubjectNameMismatch: {
    meaning: 'The subject is not the one of the profile.',
    remedy:
      'Let the device check in again if the profile was edited. Quote values that have a plus, comma, semicolon or equals sign.',
  },
  SubjectAltNameMissing: {
    meaning: 'The certification request has no subject alternative name, and the profile wants one.',
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
    meaning: 'The key has another size than the profile says.',
    remedy: 'Choose a size that the key storage of the device can make: many TPMs make no RSA key of 4096 bits.',
  },
  EnhancedKeyUsageMissing: {
    meaning: 'The certification request has no extended key usage, and the profile wants one.',
    remedy: 'Look at the extended key usage of the SCEP profile.',
  },
  EnhancedKeyUsageMismatch: {
    meaning: 'The extended key usage is not the one of the profile.',
    remedy: 'Let the device check in again if the profile was edited.',
  },
  AadKeyIdentifierListMissing: {
    meaning: 'Intune finds no registered key of the device to compare with.',
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
    remedy: 'The challenge was made up or changed on its way. If it happens often, look for who asks.',
  },
  BadCertificateRequestIdInChallenge: {
    meaning: 'The challenge belongs to a request that Intune does not know.',
    remedy: 'Let the device check in again: it gets a new challenge.',
  },
  BadDeviceIdInChallenge: {
    meaning: 'The challenge belongs to another device, or to one that was removed.',
    remedy: 'Look whether the device is still enrolled in Intune.',
  },
  BadUserIdInChallenge: {
    meaning: 'The challenge belongs to another user, or to one that was removed.',
    remedy: 'Look whether the user still exists and has an Intune licence.',
  },
  BadTenantIdInChallenge: {
    meaning: 'The challenge was made by another tenant than the one that the token is from.',
    remedy: 'Set `tenant` to the tenant that has the SCEP profile; several tenants need an endpoint each.',
  },
};
