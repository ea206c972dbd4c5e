/**
 * Node 24 finds out whether it was given a key, or options with a key in them, by trying: every miss throws an Error
 * inside node:crypto that is caught there, twice for each RSA operation with options. A key that says its padding
 * itself is a hit at the first try. Version-specific: the self-test at the start notifications when it no longer holds.
 */
import { constants, type KeyObject } from 'node:crypto';

/**
 * The same key, for `publicEncrypt` and `privateDecrypt` with PKCS#1 v1.5 instead of OAEP. For signing it means what is
 * meant without; options around the key still count more; a copy of the key is without.
 */
export const withPkcs1 = (key: KeyObject): KeyObject => Object.assign(key, { padding: constants.RSA_PKCS1_PADDING });
