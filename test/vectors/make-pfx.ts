/**
 * Writes the vectors of `pfx/`: passwords that openssl encrypted to the key of a connector, whose private half is there for tests alone.
 * The key is made when its file is missing. Run: node test/vectors/make-pfx.ts
 */
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cngBlob, connectorPem } from '../pfx/connector-forms.ts';

const file = (name: string): URL => new URL(`pfx/${name}`, import.meta.url);
if (!existsSync(file('connector.key.pem')))
  writeFileSync(
    file('connector.key.pem'),
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
const key = createPublicKey(readFileSync(file('connector.key.pem')));
writeFileSync(file('connector.pem'), connectorPem(key));
writeFileSync(file('connector.blob'), cngBlob(key));
const spki = key.export({ type: 'spki', format: 'der' });

const password = 'Pass word ~ 0123456789 !';
for (const hash of ['sha512', 'sha384', 'sha256']) {
  const options = ['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`];
  const args = ['pkeyutl', '-encrypt', '-pubin', '-inkey', 'connector.pem', ...options.flatMap((each) => ['-pkeyopt', each])];
  const scheme = `oaep${hash.replace('s', 'S')}`;
  const vector = {
    source: `openssl ${args.join(' ')}`,
    client: 'synthetic',
    why: `a password encrypted with ${scheme}`,
    scheme,
    password,
    sha256: createHash('sha256').update(spki).digest('hex'),
    encryptedPfxPassword: execFileSync('openssl', args, { input: password, cwd: fileURLToPath(file('.')) }).toString('base64'),
  };
  writeFileSync(file(`${scheme}.json`), `${JSON.stringify(vector, undefined, 2)}\n`);
}
