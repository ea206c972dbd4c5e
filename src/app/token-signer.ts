/** A key in a PKCS#11 token: its process is replaced after a fault, so that a token that comes back signs again. */
import { within } from '../core/ask.ts';
import { ConfigError } from '../core/errors.ts';
import { equalBytes } from '../core/bytes.ts';
import { keyOpenDeadline, pause } from '../embed/system.ts';
import { keyFault } from '../keys/key-fault.ts';
import type { TokenKeyKind } from '../keys/pkcs11/token-key.ts';
import { isPinFault } from '../keys/pkcs11/token-session.ts';
import type { TokenUri } from '../keys/pkcs11/token-uri.ts';
import type { RemoteSigner } from '../keys/remote-key.ts';
import { startTokenProcess, type TokenProcess } from './token-host.ts';
import type { TokenDescription, TokenPlan } from './token-process.ts';

/** Where the key is, and what opens the token. */
export type TokenKeyPlace = Omit<TokenUri, 'pinSource'> & { pin?: string };

/** Opens a key, or makes it when `kind` is given. Throws ConfigError. */
export async function tokenSigner(place: TokenKeyPlace, kind?: TokenKeyKind): Promise<RemoteSigner> {
  const { extractable, ...plan } = place;
  const { first, description } = await firstProcess(plan, kind);
  const { spki, protects, decrypts } = description;
  if (!protects && !extractable) {
    await first.end();
    throw new ConfigError(
      'the private key can leave its PKCS#11 token (CKA_EXTRACTABLE, or not CKA_SENSITIVE)',
      PROTECT,
    );
  }
  const calls = replacing(first, () => startTokenProcess(plan), spki);
  return {
    spki,
    sign: (input, signal) => calls.call('sign', [input], signal),
    ...(decrypts && {
      decrypt: (ciphertext, transport, signal) => calls.call('decrypt', [ciphertext, transport], signal),
    }),
    close: () => calls.end(),
  };
}

const PROTECT =
  'Make a key in the token: `openndes init --key-uri`, or the tool of its vendor. A key that was imported on purpose is accepted with `extractable=allow`.';

/** Throws ConfigError. */
async function firstProcess(plan: TokenPlan, kind: TokenKeyKind | undefined): Promise<FirstProcess> {
  try {
    return await described(startTokenProcess(plan, kind)).catch(async (error: unknown) => {
      // A key that is made may be there already, and what a person must mend does not pass by itself.
      if (kind || error instanceof ConfigError) throw error;
      await pause(BETWEEN);
      return described(startTokenProcess(plan));
    });
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const text = cause instanceof Error ? cause.message : 'no reason';
    throw new ConfigError(`the PKCS#11 token cannot be used: ${text}`, LOOK, { cause });
  }
}

type FirstProcess = { first: TokenProcess; description: TokenDescription };

/** Milliseconds before a second try: SoftHSM2 fails while another process logs in. */
const BETWEEN = 200;

async function described(first: TokenProcess): Promise<FirstProcess> {
  try {
    return { first, description: await within(() => first.description, keyOpenDeadline()) };
  } catch (error) {
    await first.end();
    throw error;
  }
}

const LOOK = 'Look at the token with the tools of its vendor, and whether its service runs; then try again.';

/** Calls the process that there is, and once more another one when that fails: what a token does is safe to repeat. */
function replacing(first: TokenProcess, start: () => TokenProcess, spki: Uint8Array) {
  let current: TokenProcess | undefined = first;
  let refused: Error | undefined;

  async function usable(signal: AbortSignal): Promise<TokenProcess> {
    if (refused) throw refused;
    const process = (current ??= start());
    const found = await within(() => process.description, signal);
    if (equalBytes(found.spki, spki)) return process;
    throw keyFault('misconfigured', 'another key has its name in the PKCS#11 token now');
  }

  async function once(name: string, args: unknown[], signal: AbortSignal): Promise<Uint8Array> {
    const process = current;
    try {
      return (await within(async () => (await usable(signal)).call(name, ...args), signal)) as Uint8Array;
    } catch (error) {
      // A token locks itself after some wrong PINs: no second try before a person has looked.
      if (isPinFault(error))
        refused = keyFault('unauthorised', `${error.message}. It is not tried again before a reload`);
      const broken = process ?? current;
      if (broken === current) current = undefined;
      void broken?.end();
      throw refused ?? error;
    }
  }

  return {
    call: (name: string, args: unknown[], signal: AbortSignal) =>
      once(name, args, signal).catch(async (error: unknown) => {
        if (signal.aborted || refused) throw error;
        await pause(BETWEEN);
        return once(name, args, signal);
      }),
    async end() {
      refused = new Error('the key is closed');
      await current?.end();
    },
  };
}
