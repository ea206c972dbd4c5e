/** Who signs the requests, and what each signer must count as. Written by hand. */

/**
 * `unknown`: a certificate that means nothing here. `renews`: a live certificate of this endpoint that may be renewed by
 * the request. `mayNotRenew`: a certificate of this server that may not. `unsigned`: the message is not signed with the key
 * of the certificate that it names. `notOne`: the message has not exactly one signature. `key`: whether the key that signs
 * is the requested one.
 */
export type Signer = {
  is: 'unknown' | 'renews' | 'mayNotRenew' | 'unsigned' | 'notOne';
  key: 'requested' | 'another';
  /** The requested key was revoked for keyCompromise. */
  compromised?: true;
  form: string;
};

const SIGNER_FORMS = {
  'self-signed': { is: 'unknown', key: 'requested', form: 'self-signed, with the requested key' },
  'self-signed, other key': { is: 'unknown', key: 'another', form: 'self-signed, with another key, as Windows does' },
  'self-signed, our name': { is: 'unknown', key: 'another', form: 'self-signed, with the name of our CA' },
  'self-signed, by SKI': {
    is: 'unknown',
    key: 'requested',
    form: 'self-signed, named by its subjectKeyIdentifier',
  },
  live: { is: 'renews', key: 'another', form: 'ours, live, same subject; a new key is requested' },
  'live, same key': { is: 'renews', key: 'requested', form: 'ours, live, same subject; its own key is requested' },
  'live, by SKI': { is: 'renews', key: 'another', form: 'ours, live, same subject, named by its subjectKeyIdentifier' },
  'live, other subject': { is: 'mayNotRenew', key: 'another', form: 'ours, live; another subject is requested' },
  'live, other subject, same key': {
    is: 'mayNotRenew',
    key: 'requested',
    form: 'ours, live; another subject and its own key are requested',
  },
  'live, more names': { is: 'mayNotRenew', key: 'another', form: 'ours, live, same subject; a name is added' },
  'renewed twice': { is: 'mayNotRenew', key: 'another', form: 'ours, live, same subject; renewed twice already' },
  expired: { is: 'mayNotRenew', key: 'another', form: 'ours, expired, same subject' },
  revoked: { is: 'mayNotRenew', key: 'another', form: 'ours, revoked as superseded, same subject' },
  'never delivered': { is: 'mayNotRenew', key: 'another', form: 'ours, never delivered, same subject' },
  'of another endpoint': { is: 'mayNotRenew', key: 'another', form: 'ours, live, of another endpoint, same subject' },
  compromised: {
    is: 'mayNotRenew',
    key: 'another',
    form: 'ours, revoked for keyCompromise, same subject; a new key is requested',
  },
  'compromised, same key': {
    is: 'mayNotRenew',
    key: 'requested',
    compromised: true,
    form: 'ours, revoked for keyCompromise, same subject; its own key is requested',
  },
  'compromised key requested': {
    is: 'unknown',
    key: 'another',
    compromised: true,
    form: 'self-signed; a key is requested that was revoked for keyCompromise',
  },
  'of another CA here': { is: 'mayNotRenew', key: 'another', form: 'of another CA of this server, live, same subject' },
  'foreign, our name and serial': {
    is: 'unknown',
    key: 'another',
    form: 'of a foreign CA that has our name, with the serial number of a live certificate; its own key',
  },
  'foreign, our name and serial, requested key': {
    is: 'unknown',
    key: 'requested',
    form: 'the same, with the requested key',
  },
  'the RA': { is: 'unknown', key: 'another', form: 'the certificate and the key of our registration authority' },
  'unknown signer behind a live one': {
    is: 'unknown',
    key: 'another',
    form: 'self-signed and named; a live certificate of ours is before it in the message',
  },
  'copy before a live one': {
    is: 'unknown',
    key: 'another',
    form: 'a copy of issuer and serial number of a live certificate is before it; the key of the copy signs',
  },
  'unknown signer named as a live one': {
    is: 'unknown',
    key: 'another',
    form: 'self-signed and alone in the message, named with issuer and serial number of a live one',
  },
  'live one named, unknown signer first': {
    is: 'unsigned',
    key: 'another',
    form: 'a live certificate is named, a self-signed one before it signs',
  },
  'live one, foreign signature': { is: 'unsigned', key: 'another', form: 'a live certificate, and another key signs' },
  'no certificate': { is: 'unsigned', key: 'requested', form: 'no certificate in the message' },
  'other certificates': { is: 'unsigned', key: 'requested', form: 'only other certificates in the message' },
  'signature changed': { is: 'unsigned', key: 'requested', form: 'self-signed, one bit of the signature changed' },
  'content changed': { is: 'unsigned', key: 'requested', form: 'self-signed, the envelope exchanged after signing' },
  'type changed': { is: 'unsigned', key: 'requested', form: 'self-signed, the messageType exchanged after signing' },
  'two SignerInfos': { is: 'notOne', key: 'requested', form: 'the same SignerInfo twice' },
  'no SignerInfo': { is: 'notOne', key: 'requested', form: 'no SignerInfo' },
} satisfies Record<string, Signer>;

/** A name of a signer. */
export type SignerName = keyof typeof SIGNER_FORMS;
export const SIGNERS: Readonly<Record<SignerName, Signer>> = SIGNER_FORMS;
