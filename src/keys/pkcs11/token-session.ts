/** Loads a module of PKCS#11, chooses its token and logs in. Runs in a process of its own. */
import { ConfigError } from '../../core/errors.ts';
import { CK, type Cryptoki, type Handle, returnValue, type TokenInfo } from './cryptoki.ts';
import type { TokenChoice } from './token-uri.ts';

/** `module`: the path of the library of the vendor. */
export type TokenPlace = { module: string; choice: TokenChoice; pin?: string };

/** A token with one session, which is logged in. */
export type TokenSession = { cryptoki: Cryptoki; slot: Handle; session: Handle };

/** A session of a token that stays logged in. Throws ConfigError. */
export function openToken(cryptoki: Cryptoki, { module, choice, pin }: TokenPlace): TokenSession {
  loadModule(cryptoki, module);
  const { slot, info } = chosenSlot(cryptoki, choice);
  const session = cryptoki.C_OpenSession(slot, CK.CKF_SERIAL_SESSION | CK.CKF_RW_SESSION);
  if (info.flags & CK.CKF_LOGIN_REQUIRED) logIn(cryptoki, session, pin);
  return { cryptoki, slot, session };
}

function loadModule(cryptoki: Cryptoki, module: string): void {
  try {
    cryptoki.load(module);
    cryptoki.C_Initialize({ flags: CK.CKF_OS_LOCKING_OK });
  } catch (cause) {
    if (returnValue(cause) === CK.CKR_CRYPTOKI_ALREADY_INITIALIZED) return;
    throw new ConfigError(
      `the PKCS#11 module ${module} cannot be used (${messageOf(cause)})`,
      'Check the path, that the library is for this processor, and what its vendor needs in the environment of openndes.',
      { cause },
    );
  }
}

type Slot = { slot: Handle; id: number; info: TokenInfo };

function chosenSlot(cryptoki: Cryptoki, choice: TokenChoice): Slot {
  const slots = cryptoki.C_GetSlotList(true).map((slot): Slot => {
    return { slot, id: slot.readUIntLE(0, Math.min(slot.length, 6)), info: cryptoki.C_GetTokenInfo(slot) };
  });
  const usable = slots.filter(({ info }) => info.flags & CK.CKF_TOKEN_INITIALIZED);
  const [found, ...others] = usable.filter((each) => fits(each, choice));
  if (found && others.length === 0) return found;
  const there = usable.map(({ info }) => `"${info.label.trim()}" (serial ${info.serialNumber.trim()})`).join(', ');
  throw new ConfigError(
    found ? `${others.length + 1} PKCS#11 tokens fit the key` : 'no PKCS#11 token fits the key',
    `The module has ${there || 'no token: is the device connected and its service running'}. Choose one by \`token=\` and \`serial=\`.`,
  );
}

function fits({ info, id }: Slot, { token, serial, manufacturer, model, slotId }: TokenChoice): boolean {
  const wanted = [
    [token, info.label],
    [serial, info.serialNumber],
    [manufacturer, info.manufacturerID],
    [model, info.model],
  ] as const;
  const same = wanted.every(([name, text]) => name === undefined || name === text.trim());
  return same && (slotId === undefined || slotId === id);
}

const PIN_FAULTS: ReadonlyMap<number | undefined, string> = new Map([
  [CK.CKR_PIN_INCORRECT, 'is wrong'],
  [CK.CKR_PIN_INVALID, 'is wrong'],
  [CK.CKR_PIN_LEN_RANGE, 'has a length that the token does not allow'],
  [CK.CKR_PIN_EXPIRED, 'has expired'],
  [CK.CKR_PIN_LOCKED, 'is locked, because it was wrong too often'],
]);

function logIn(cryptoki: Cryptoki, session: Handle, pin: string | undefined): void {
  if (pin === undefined)
    throw new ConfigError(
      'the PIN of the PKCS#11 token is missing',
      'Name the file of the PIN in the key, `pin-source=/etc/openndes/pin`, or give it as `passphrase`.',
    );
  try {
    cryptoki.C_Login(session, CK.CKU_USER, pin);
  } catch (error) {
    const value = returnValue(error);
    if (value === CK.CKR_USER_ALREADY_LOGGED_IN) return;
    const fault = PIN_FAULTS.get(value);
    if (fault === undefined) throw error;
    // No cause: nothing of it helps, and it belongs to a call with the PIN.
    throw new ConfigError(
      `the PIN of the PKCS#11 token ${fault}`,
      'Correct it before you try again: a token locks itself after some wrong PINs, and then its security officer must unlock it.',
    );
  }
}

/** Whether it is an error of `openToken` because of the PIN. */
export const isPinFault = (error: unknown): error is ConfigError =>
  error instanceof ConfigError && error.message.startsWith('the PIN of the PKCS#11 token');

/** What a module says: the name of its return value. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
