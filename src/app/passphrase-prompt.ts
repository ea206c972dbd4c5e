/** Asks the person at the terminal for the passphrase of a key, where none is configured. */
import { ConfigError } from '../core/errors.ts';

/** What of standard input and standard error is used. */
export type Terminal = {
  input: Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>;
  output: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;
};

const own = (): Terminal => ({ input: process.stdin, output: process.stderr });

/** Passphrases that were typed in, by the key: a reload must not wait for a person. */
const given = new Map<string, Promise<string>>();

/**
 * What was typed in for this key, now or earlier; undefined without a terminal. Nothing of it is shown. `what` names the key:
 * `the key of the issuing CA (/etc/openndes/ca.key.pem)`. Throws ConfigError after Ctrl-C.
 */
export async function promptedPassphrase(what: string, terminal = own()): Promise<string | undefined> {
  const earlier = given.get(what);
  if (earlier) return earlier;
  if (!terminal.input.isTTY || !terminal.output.isTTY) return undefined;
  // One after the other.
  const typed = last.then(() => typedIn(`Passphrase of ${what}: `, terminal));
  last = typed.then(
    () => undefined,
    () => undefined,
  );
  given.set(what, typed);
  typed.catch(() => given.delete(what));
  return typed;
}

let last: Promise<void> = Promise.resolve();

/** Forgets what was typed in for a key: it was wrong. */
export const forgetPassphrase = (what: string): void => void given.delete(what);

const [CTRL_C, CTRL_D] = ['\u0003', '\u0004'];
const ERASE = ['\u007f', '\b'];

function typedIn(question: string, { input, output }: Terminal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const take = (octets: Buffer): void => {
    for (const character of octets.toString()) {
      if (character === CTRL_C || character === CTRL_D) return end(() => reject(cancelled()));
      if (character === '\r' || character === '\n') return end(() => resolve(text));
      text = ERASE.includes(character) ? text.slice(0, -1) : text + character;
    }
  };
  const end = (settle: () => void): void => {
    input.off('data', take);
    input.setRawMode(false);
    input.pause();
    output.write('\n');
    settle();
  };
  output.write(question);
  input.setRawMode(true);
  input.on('data', take);
  input.resume();
  return promise;
}

const cancelled = (): ConfigError =>
  new ConfigError('no passphrase was typed in', 'Type it, or configure it: `passphrase: "${file:PATH}"`.');
