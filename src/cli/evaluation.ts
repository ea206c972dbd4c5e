/** Evaluation mode: makes a CA, simulates a tenant, serves, and walks one device through the whole path. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { discover, enroll, type Enrolled } from '../client/scep-client.ts';
import type { Emit } from '../core/events.ts';
import { ConfigError } from '../core/errors.ts';
import { generateKey } from '../keys/software.ts';
import { readCertificate, readValidity, serialText, thumbprint } from '../pkix/certificate.ts';
import { extendedKeyUsage, keyUsage, subjectAltName } from '../pkix/extensions.ts';
import { generalNameFromText } from '../pkix/general-name.ts';
import { nameFromText, nameText } from '../pkix/name.ts';
import { EXTENDED_KEY_USAGES } from '../pkix/oids.ts';
import type { Simulator } from '../simulator/simulated-tenant.ts';
import { signInText, USER, writeLogin } from './evaluation-login.ts';
import { tenantBlock } from './tenant-block.ts';
import { writePublicFile } from '../app/files.ts';
import { init } from './installation.ts';
import type { Output } from './output.ts';
import { startServer } from '../app/configured-server.ts';
import { startStoredSimulator } from './stored-simulator.ts';
import { systemClock, systemRandom } from '../embed/system.ts';

const MARK = '# openndes evaluation mode: the tenant below is simulated. This file is written anew at every start.';

/** Throws when the device gets no certificate, and ConfigError when the configuration in `data` is not of evaluation mode. */
export async function evaluate(
  { data, port }: { data: string; port: number },
  output: Output,
): Promise<{ emit: Emit; close: () => Promise<void> }> {
  const config = join(data, 'openndes.yaml');
  await prepare(data, config);
  const { simulator, trustCa } = await startStoredSimulator(join(data, 'simulator'), { port: 0, controlPort: 0 });
  const running = { close: () => simulator.close() };
  try {
    const login = await writeLogin(data);
    writePublicFile(config, configuration(port, { ...simulator.tenant, trustCa }));
    output.out(
      'EVALUATION MODE: the Intune tenant is simulated, everything listens on loopback only. Not for real devices.\n',
    );
    const server = await startServer(config, { logLevel: 'warn' });
    running.close = async () => {
      await server.close();
      await simulator.close();
    };
    const [url = ''] = server.urls;
    await walk(url, simulator, output);
    output.out(nextSteps(url, simulator.control, data));
    output.out(signInText(server.adminUrl ?? '', login));
    output.out(`Ready: ${url}`);
    return { emit: server.emit, close: running.close };
  } catch (error) {
    await running.close();
    throw error;
  }
}

async function prepare(data: string, config: string): Promise<void> {
  if (!existsSync(config)) await init(data, { key: 'rsa-2048', organisation: 'openndes evaluation' });
  else if (!readFileSync(config, 'utf8').startsWith(MARK))
    throw new ConfigError(
      `${config} is not of evaluation mode`,
      'Evaluation never touches a real configuration. Choose another folder with --data.',
    );
}

const configuration = (port: number, tenant: Record<string, unknown>): string => `${MARK}
listen: { host: 127.0.0.1, port: ${port} }
store: sqlite:./openndes.db
authorities:
  issuing: { certificate: certs/issuing-ca.pem, chain: certs/chain.pem, key: file:certs/issuing-ca.key.pem, ra: auto }
profiles:
  device: { validity: 365d, keyUsage: [digitalSignature, keyEncipherment], extendedKeyUsage: [clientAuth] }
${tenantBlock('simulated', tenant)}
admin:
  host: 127.0.0.1
  port: ${port === 0 ? 0 : port + 1}
  users: { ${USER}: { password: "\${file:${USER}.hash}", totp: "\${file:${USER}.totp}", role: admin } }
endpoints:
  - { path: /certsrv/mscep/mscep.dll, authority: issuing, profile: device, policy: { intune: simulated, notify: strict } }
`;

/** One line of the walk; `at` in milliseconds since 1970. */
type Step = { at: number; text: string };

/** One device enrols through the public port, as every device does. Prints each step in the order of time. */
async function walk(url: string, simulator: Simulator, { out }: Output): Promise<void> {
  const started = systemClock().getTime();
  const earlierCalls = simulator.calls().length;
  const steps: Step[] = [];
  const reply = await enrollDevice(url, simulator, (text) =>
    steps.push({ at: systemClock().getTime(), text: `device   ${text}` }),
  );
  for (const { at, hop, code } of simulator.calls().slice(earlierCalls))
    steps.push({ at: new Date(at).getTime(), text: `tenant   ${hop}: ${code}` });
  for (const { at, text } of steps.toSorted((a, b) => a.at - b.at))
    out(`${String(at - started).padStart(5)} ms  ${text}`);
  if (reply.status !== 'success')
    throw new Error(`the device got ${reply.status} instead of a certificate; the log above says why`);
  for (const certificate of reply.certificates.slice(0, 1)) out(`\n${certificateText(certificate)}`);
}

const DEVICE = {
  subject: 'CN=laptop-001,O=Example',
  san: ['upn:ada@example.com', 'uri:IntuneDeviceId://7d1f0a52-0001'],
};

async function enrollDevice(url: string, simulator: Simulator, step: (text: string) => void): Promise<Enrolled> {
  const context = { fetch, clock: systemClock, random: systemRandom, step };
  const server = await discover(url, context);
  const key = generateKey('rsa-2048');
  const challenge = simulator.mint(DEVICE);
  step(`Intune minted a challenge of ${challenge.length} characters for "${DEVICE.subject}"`);
  const extensions = [
    subjectAltName(DEVICE.san.map(generalNameFromText)),
    keyUsage(['digitalSignature', 'keyEncipherment']),
    extendedKeyUsage([EXTENDED_KEY_USAGES.clientAuth]),
  ];
  step('PKCSReq sent');
  return enroll(server, { subject: nameFromText(DEVICE.subject), extensions, challenge, key }, context);
}

function certificateText(der: Uint8Array): string {
  const view = readCertificate(der);
  const { notBefore, notAfter } = readValidity(view);
  return [
    `Certificate ${serialText(view.serialNumber)}`,
    `  subject     ${nameText(view.subject)}`,
    `  issuer      ${nameText(view.issuer)}`,
    `  valid       ${notBefore.toISOString()} to ${notAfter.toISOString()}`,
    `  thumbprint  ${thumbprint(der)}`,
  ].join('\n');
}

const nextSteps = (url: string, control: string, data: string): string => `
What to try next:
  mint challenges, force faults, see calls   ${control}
  enrol another device                       npx openndes enroll ${url} --subject "CN=laptop-002" --simulator ${control} --out laptop
  see what was issued                        npx openndes certs list --config ${join(data, 'openndes.yaml')}
  make your own server                       npx openndes init pki
`;
