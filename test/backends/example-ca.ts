/** A CA of openssl in a folder of its own, called by `examples/command-issuer.sh`. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../src/app/command-run.ts';
import { commandBackend } from '../../src/backends/command/command-backend.ts';
import { createRoot } from '../../src/ca/create.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { rsaKey } from '../kit/keys.ts';
import { folder, settings } from './command-under-test.ts';

export const EXAMPLE = join(import.meta.dirname, '../../examples/command-issuer.sh');
export const HOUR = 3_600_000;
/** When its certificates must end. */
export const END = new Date(systemClock().getTime() + 100 * 24 * HOUR);

let places = 0;

/** `place`: its folder. `program`: what calls it, which gets the folder as its argument. */
export async function exampleCa(program = EXAMPLE) {
  const place = join(folder, `example-${++places}`);
  mkdirSync(place);
  const key = rsaKey('example ca');
  const subject = { subject: 'CN=Example CA', validity: 1000 * 24 * HOUR, backdate: HOUR, key };
  const certificate = await createRoot({ ...subject, clock: systemClock, random: systemRandom });
  writeFileSync(join(place, 'ca.pem'), new X509Certificate(certificate).toString());
  writeFileSync(join(place, 'ca.key'), privateKeyPem(key.privateKey));
  const backend = commandBackend(
    { ...settings, argv: [program, place], operations: ['issue', 'find', 'revoke', 'check'] },
    { run: runCommand, limit: (ms) => AbortSignal.timeout(ms), chain: [certificate], notAfter: () => END },
  );
  return { place, certificate, backend };
}
