/**
 * The code of a process that holds one key of a PKCS#11 token. The module of a vendor is native code: what it does to this process,
 * it does not do to the server.
 */
import type { KeyTransport, SignatureInput } from '../core/keys.ts';
import { CK, type Cryptoki } from '../keys/pkcs11/cryptoki.ts';
import { tokenCalls, type TokenCalls } from '../keys/pkcs11/token-calls.ts';
import { findKey, makeKey, type TokenKey, type TokenKeyKind, type TokenObject } from '../keys/pkcs11/token-key.ts';
import { openToken, type TokenPlace, type TokenSession } from '../keys/pkcs11/token-session.ts';
import { peer } from '../threads/peer.ts';
import { optionalPackage } from './optional-package.ts';

/** Where a key is in PKCS#11. */
export type TokenPlan = TokenPlace & TokenObject;

/** What the process says of its key. `protects`: it cannot leave the token. */
export type TokenDescription = { spki: Uint8Array; protects: boolean; decrypts: boolean };

/** A call that comes before the key is open is a fault of the caller. */
let calls: TokenCalls | undefined;

const ready = (token: TokenSession, key: TokenKey): TokenDescription => {
  calls = tokenCalls(token, key);
  const decrypts = key.mayDecrypt && token.cryptoki.C_GetMechanismList(token.slot).includes(CK.CKM_RSA_PKCS);
  return { spki: key.spki, protects: key.protects, decrypts };
};

const opened = (): TokenCalls => {
  if (!calls) throw new TypeError('no key of the token is open');
  return calls;
};

function open(plan: TokenPlan): TokenDescription {
  const token = openToken(cryptoki(), plan);
  return ready(token, findKey(token, plan));
}

function make(plan: TokenPlan, kind: TokenKeyKind): TokenDescription {
  const token = openToken(cryptoki(), plan);
  return ready(token, makeKey(token, plan, kind));
}

function cryptoki(): Cryptoki {
  const need = { for: 'keys with the scheme `pkcs11:`', more: COMPILED };
  const { PKCS11 } = optionalPackage('pkcs11js', need) as { PKCS11: new () => Cryptoki };
  return new PKCS11();
}

const COMPILED = ' It is compiled: python3, make and a C++ compiler are needed.';

// Ctrl-C and systemd send their signal to all processes; the server still signs while it stops.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.once('disconnect', () => process.exit());

const server = peer(
  { postMessage: (message) => process.send?.(message), on: (event, listener) => process.on(event, listener) },
  {
    open,
    make,
    sign: (input: SignatureInput) => opened().sign(input),
    decrypt: (ciphertext: Uint8Array, transport: KeyTransport) => opened().decrypt(ciphertext, transport),
  },
);
server.tell('ready');
