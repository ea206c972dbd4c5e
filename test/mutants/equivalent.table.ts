/** Mutants that no test can notice, or that are not worth a test, each with the reason. They do not count in the score. */

/** `before` and `after` are as `npm run mutants` prints them. */
export type Equivalent = { file: string; before: string; after: string; reason: string };

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'src/cms/content-encryption.ts',
    before: 'const octet = padded.at(-i) ?? 0;',
    after: 'const octet = (padded.at(-i));',
    reason: 'there is always an octet, or `wrong` is already set because there is less than a block',
  },
  {
    file: 'src/cms/content-encryption.ts',
    before: 'let wrong = Number(count === 0) | Number(count > blockBytes) | Number(padded.length < blockBytes);',
    after: 'let wrong = Number() | Number(count > blockBytes) | Number(padded.length < blockBytes);',
    reason: 'a padding of no octets takes nothing off, right or wrong',
  },
  {
    file: 'src/cms/self-test.ts',
    before: 'notAfter: new Date(0),',
    after: 'notAfter: new Date(1),',
    reason: 'the same second',
  },
  {
    file: 'src/cms/signed-data.ts',
    before:
      'if (tag !== TAG.octetString && tag !== TAG.sequence) throw new DerError(`eContent with tag 0x${tag.toString(16)}`);',
    after:
      'if (tag !== TAG.octetString && tag !== TAG.sequence) throw new DerError(`eContent with tag 0x${tag.toString(17)}`);',
    reason: 'the text of the error, for a tag below 16 the same',
  },
  {
    file: 'src/cms/algorithms.ts',
    before: "capability: 'AES',",
    after: '',
    reason: 'the other two rows of AES also name the keyword, which GetCACaps lists once',
  },
  {
    file: 'src/cms/key-agreement.ts',
    before: 'for (let done = 0; done < keyBytes; done += digestOctets(digest))',
    after: 'for (let done = 0; done <= keyBytes; done += digestOctets(digest))',
    reason: 'a block more than needed, which is cut off',
  },
  {
    file: 'src/cms/self-test.ts',
    before: 'return data.signers.some(',
    after: 'return data.signers.every(',
    reason: 'the message of the self-test has one signer',
  },
  {
    file: 'src/enroll/identify.ts',
    before: "const sha256 = (bytes: Uint8Array | string): string => hash('sha256', bytes, 'hex');",
    after: "const sha256 = (bytes: Uint8Array | string): string => hash('sha256', bytes);",
    reason: 'hexadecimal is what `hash` gives by default',
  },
  {
    file: 'src/enroll/retry-delay.ts',
    before:
      'export const pauseOf = (seconds = 0): number => (seconds > 0 ? Math.min(seconds, LONGEST_PAUSE) * 1_000 : 0);',
    after:
      'export const pauseOf = (seconds = 0): number => (seconds >= 0 ? Math.min(seconds, LONGEST_PAUSE) * 1_000 : 0);',
    reason: 'no seconds are no milliseconds either way',
  },
  {
    file: 'src/keys/oaep.ts',
    before: 'for (let i = size; i < block.length; i++) {',
    after: 'for (let i = size; i <= block.length; i++) {',
    reason:
      'what is behind the end counts as an octet 0, which is padding while the separator is searched, and nothing after it',
  },
  {
    file: 'src/scep/open.ts',
    before:
      "throw new HttpError('message_undecodable', cause instanceof DerError ? cause.message : 'unreadable', { cause });",
    after: "throw new HttpError('message_undecodable', cause instanceof DerError ? cause.message : '', { cause });",
    reason: 'the text for an error that is no DerError; no message is known that causes one',
  },
];
