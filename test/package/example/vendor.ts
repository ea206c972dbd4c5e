/**
 * How a CA vendor mounts SCEP in an existing server: the vendor's fastify app, CA (the issuer) and rules (the policy).
 * `node vendor.js CHALLENGE` prints the SCEP URL and serves until its standard input ends.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import {
  createRa,
  createRoot,
  type Decision,
  type EnrollmentRequest,
  generateKey,
  type Issued,
  type Issuer,
  openSqliteStore,
  type Policy,
  Refusal,
  scepPlugin,
} from 'openndes';

const PATH = '/certsrv/mscep/mscep.dll';
const DAY = 86_400_000;
const clock = (): Date => new Date();
const random = (length: number): Uint8Array => randomBytes(length);

/** The vendor's CA. This one is the openssl command; yours is whatever signs certificates. */
class VendorIssuer implements Issuer {
  /** This one copies no names and purposes from the request. Leave it out where all that was requested must be certified. */
  readonly capabilities = { leavesOut: true };
  readonly #dir: string;
  readonly #chain: readonly Uint8Array[];
  constructor(dir: string, chain: readonly Uint8Array[]) {
    this.#dir = dir;
    this.#chain = chain;
  }

  async issue({ csr }: EnrollmentRequest): Promise<Issued> {
    if (csr.key.type !== 'rsa') throw new Refusal('algorithm_refused', 'this CA certifies RSA keys only');
    const serial = `0x01${randomBytes(15).toString('hex')}`;
    writeFileSync(join(this.#dir, 'request.der'), csr.der);
    const files = [
      '-in',
      'request.der',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-out',
      'leaf.der',
      '-extfile',
      'leaf.cnf',
    ];
    const options = ['-inform', 'DER', '-outform', 'DER', '-days', '30', '-set_serial', serial];
    execFileSync('openssl', ['x509', '-req', ...options, ...files], { cwd: this.#dir, stdio: 'pipe' });
    return { kind: 'issued', certificate: readFileSync(join(this.#dir, 'leaf.der')), chain: this.#chain };
  }
}

/** The vendor's rules. */
class VendorPolicy implements Policy {
  readonly name = 'vendor';
  readonly #challenge: string;
  constructor(challenge: string) {
    this.#challenge = challenge;
  }

  async decide({ csr }: EnrollmentRequest): Promise<Decision> {
    if (csr.challenge === this.#challenge) return { kind: 'allow', notify: 'none', facts: { rule: 'known challenge' } };
    return { kind: 'deny', code: 'challenge_wrong', detail: 'not the challenge of this vendor' };
  }
}

const [challenge] = process.argv.slice(2);
if (challenge === undefined) throw new Error('usage: node vendor.js CHALLENGE');

const time = { clock, random, backdate: DAY, validity: 365 * DAY };
const caKey = generateKey('p256');
const ca = await createRoot({ ...time, subject: 'CN=Vendor CA', key: caKey });
const raKey = generateKey('rsa-2048');
const ra = await createRa({ ...time, subject: 'CN=Vendor RA', key: raKey }, { certificate: ca, key: caKey });

const dir = mkdtempSync(join(tmpdir(), 'vendor-'));
writeFileSync(join(dir, 'ca.pem'), new X509Certificate(ca).toString());
writeFileSync(join(dir, 'ca.key'), caKey.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
writeFileSync(join(dir, 'leaf.cnf'), 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n');

const app = Fastify({
  http: { requireHostHeader: false, maxHeaderSize: 131_072 },
  requestTimeout: 30_000,
  routerOptions: { caseSensitive: false },
});
const store = await openSqliteStore({ path: ':memory:', clock });
app.get('/', () => ({ vendor: 'still serves its own pages' }));
await app.register(scepPlugin, {
  endpoints: [
    {
      path: PATH,
      policy: new VendorPolicy(challenge),
      issuer: new VendorIssuer(dir, [ca]),
      ra: { certificate: ra, key: raKey },
      chain: [ca],
    },
  ],
  store,
  logger: app.log,
});
console.log(`${await app.listen({ host: '127.0.0.1', port: 0 })}${PATH}`);

await once(process.stdin.resume(), 'end');
await app.close();
await store.close();
