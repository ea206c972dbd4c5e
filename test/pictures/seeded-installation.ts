/** A server with a simulated tenant, certificates, refusals, a request that waits, and a person who may see everything. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSecondFactor } from '../../src/access/totp.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { init } from '../../src/cli/installation.ts';
import { startStoredSimulator } from '../../src/cli/stored-simulator.ts';
import { tenantBlock } from '../../src/cli/tenant-block.ts';
import { selfSigned } from '../../src/client/request-message.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import type { Simulator } from '../../src/simulator/simulated-tenant.ts';
import { USERS } from '../wiring/administrator.ts';
import { STORIES, type Story } from './stories.ts';

const TOTP = 'otpauth://totp/openndes:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=openndes';
/** Who logs in. */
export const PERSON = { name: 'ada', password: 'correct horse', code: () => parseSecondFactor(TOTP)!.generate() };

const configuration = (
  tenant: string,
): string => `listen: { host: 127.0.0.1, port: 0, drain: 0, workers: 1, trustProxy: [127.0.0.1] }
admin:
  host: 127.0.0.1
  port: 0
  users: ${JSON.stringify({ [PERSON.name]: { password: USERS.ndes, totp: TOTP, role: 'admin' } })}
store: sqlite:./openndes.db
authorities:
  issuing: { certificate: certs/issuing-ca.pem, chain: certs/chain.pem, key: file:certs/issuing-ca.key.pem }
profiles:
  device: { crl: ["http://scep.contoso.com/crl/issuing.crl"] }
  network: { names: { subject: "CN=switch-*" } }
${tenant}
endpoints:
  - { path: /certsrv/mscep/mscep.dll, profile: device, policy: { intune: contoso } }
  - { path: /scep/network, profile: network, policy: { static: "\${file:challenge.txt}" }, approval: manual }
`;

let devices = 0;

/** What a device at an address of its own, behind a proxy, needs. */
function context() {
  const address = `10.20.4.${++devices}`;
  const asDevice: typeof fetch = (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set('x-forwarded-for', address);
    headers.set('user-agent', 'Mozilla/4.0 (compatible; Win32; NDES client 10.0.26100)');
    return fetch(url, { ...init, headers });
  };
  return { fetch: asDevice, clock: systemClock, random: systemRandom };
}

/** One device of the fleet, from GetCACaps to the answer. */
async function lives(url: string, simulator: Simulator, { subject, san = [], profile, challenge, answer }: Story) {
  if (answer !== undefined) simulator.fault({ hop: 'validateRequest', fault: answer, count: 1 });
  const minted = challenge ?? simulator.mint({ subject: profile?.subject ?? subject, san: [...san] });
  const extensions = san.length > 0 ? [subjectAltName(san.map(generalNameFromText))] : [];
  const plan = { key: generateKey('p256'), subject: nameFromText(subject), challenge: minted, extensions };
  const own = context();
  await enroll(await discover(url, own), plan, own);
}

/** The certificate of the app, which the tenant knows. It ends so soon that somebody has to do something. */
async function appCertificate(folder: string, control: string): Promise<object> {
  const key = generateKey('rsa-2048');
  const earlier = () => new Date(systemClock().getTime() - 5 * 86_400_000);
  const der = await selfSigned(key, nameFromText('CN=openndes'), earlier, systemRandom);
  const pem = new X509Certificate(der).toString();
  writeFileSync(join(folder, 'app.pem'), pem);
  writeFileSync(join(folder, 'app.key.pem'), privateKeyPem(key.privateKey), { mode: 0o600 });
  const body = JSON.stringify({ pem });
  await fetch(`${control}/app/certificates`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return { file: 'app.pem', key: 'file:app.key.pem' };
}

/** Makes all of it in an empty folder. `adminUrl` is where `PERSON` logs in. */
export async function seededInstallation(folder: string): Promise<{ adminUrl: string; close: () => Promise<void> }> {
  await init(folder, { key: 'rsa-2048', organisation: 'Contoso' });
  const { simulator, trustCa, close } = await startStoredSimulator(join(folder, 'simulator'), {
    port: 0,
    controlPort: 0,
  });
  const config = join(folder, 'openndes.yaml');
  const { clientSecret: _, ...tenant } = simulator.tenant;
  const certificate = await appCertificate(folder, simulator.control);
  writeFileSync(config, configuration(tenantBlock('contoso', { ...tenant, certificate, trustCa })));
  const server = await startServer(config, { logLevel: 'silent', workers: 1 });
  const { origin } = new URL(server.urls[0]!);
  const [intune, network] = [`${origin}/certsrv/mscep/mscep.dll`, `${origin}/scep/network`];
  for (const story of STORIES) await lives(intune, simulator, story);
  const secret = readFileSync(join(folder, 'challenge.txt'), 'utf8').trim();
  for (const name of ['switch-07', 'switch-12'])
    await lives(network, simulator, { subject: `CN=${name}`, challenge: secret });
  return {
    adminUrl: server.adminUrl ?? '',
    close: async () => {
      await server.close();
      await close();
    },
  };
}
