/**
 * A faster way to choose the RSA padding. Node 24 tries whether its argument is a key or options that contain a key:
 * each wrong try throws an Error that node:crypto catches, twice for each RSA operation with options. A key with a
 * `padding` property succeeds at the first try. This depends on the version of Node.js; the self-test at start checks
 * it.
 */
import { constants, type KeyObject } from 'node:crypto';

/**
 * The same key object, changed: `publicEncrypt` and `privateDecrypt` now use PKCS#1 v1.5 instead of OAEP. Signatures do
 * not change. Options around the key take precedence. A clone of the key does not have the property.
 */
export const withPkcs1 = (key: KeyObject): KeyObject => Object.assign(key, { padding: constants.RSA_PKCS1_PADDING });
