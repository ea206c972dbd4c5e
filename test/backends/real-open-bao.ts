/** OpenBao itself, from its Python wheel, in memory, with a CA, roles and ways to log in. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BackendClient } from '../../src/backends/backend-client.ts';
import { backendClient } from '../../src/backends/backend-client.ts';
import { certificatesIn } from '../../src/backends/given-certificates.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { asObject, field, textField } from '../../src/outbound/untrusted-json.ts';
import type { ClientIdentity } from '../../src/outbound/tls-trust.ts';
import { freePort } from '../kit/ports.ts';
import { until } from '../kit/until.ts';
import { testCa } from './https-ca.ts';

/** Where `.ci/run` puts it; or a file of the environment. */
const PROGRAM = process.env['OPENNDES_BAO'] ?? join(import.meta.dirname, 'target/bin/bao');
const ROOT_TOKEN = 'root-token-of-the-test';
const never = new AbortController().signal;

/** `tls` is PEM. `ca`: of the PKI secrets engine `pki`, DER. `ask`: as its administrator; the JSON of the answer. */
export type RealOpenBao = {
  url: string;
  tls: string;
  ca: Uint8Array;
  appRole: { roleId: string; secretId: string };
  identity: ClientIdentity;
  rootToken: string;
  ask: (method: 'GET' | 'POST' | 'PUT', path: string, json?: object) => Promise<object>;
  seal: () => Promise<void>;
  unseal: () => Promise<void>;
  log: () => string;
  close: () => Promise<void>;
};

/** Starts it on a free port of loopback. Throws when it does not answer. */
export async function realOpenBao(): Promise<RealOpenBao> {
  if (!existsSync(PROGRAM))
    throw new Error(`${PROGRAM} is not there: .ci/run installs it, or name one in OPENNDES_BAO`);
  const folder = mkdtempSync('/var/tmp/openndes-bao-run-');
  const port = await freePort();
  const child = spawn(
    PROGRAM,
    `server -dev -dev-tls -dev-tls-cert-dir=${folder} -log-level=debug -dev-root-token-id=${ROOT_TOKEN} -dev-listen-address=127.0.0.1:${port} -dev-no-store-token`.split(
      ' ',
    ),
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '/usr/bin:/bin', HOME: folder } },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said += String(part)));
  const close = async (): Promise<void> => {
    const ended = child.exitCode ?? child.signalCode ?? once(child, 'exit');
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(
      () => /Unseal Key: (\S+)/.test(said),
      () => `OpenBao starts: ${said}`,
      { within: 30_000 },
    );
    const url = `https://127.0.0.1:${port}`;
    const tls = readFileSync(join(folder, 'vault-ca.pem'), 'utf8');
    const client = backendClient({ name: 'OpenBao', url, ca: tls }, { clock: systemClock });
    const ask = asking(client);
    const unsealKey = /Unseal Key: (\S+)/.exec(said)?.[1] ?? '';
    return {
      url,
      tls,
      rootToken: ROOT_TOKEN,
      ask,
      ...(await prepared(ask)),
      seal: async () => void (await ask('PUT', '/v1/sys/seal')),
      unseal: async () => void (await ask('PUT', '/v1/sys/unseal', { key: unsealKey })),
      log: () => said,
      close: async () => (await client.close(), await close()),
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

const asking =
  (client: BackendClient): RealOpenBao['ask'] =>
  async (method, path, json) => {
    const headers = { 'x-vault-token': ROOT_TOKEN };
    const reply = await client.call({ method, path, headers, ...(json && { json }), idempotent: true }, never);
    if (reply.status >= 300) throw new Error(`${path}: HTTP ${reply.status}, ${reply.octets.toString()}`);
    return asObject(field(reply.json, 'data')) ?? {};
  };

const ROLE = {
  allow_any_name: true,
  enforce_hostnames: false,
  cn_validations: ['disabled'],
  allowed_uri_sans: '*',
  allowed_other_sans: '1.3.6.1.4.1.311.20.2.3;UTF8:*',
  use_csr_common_name: false,
  use_csr_sans: false,
  require_cn: false,
  key_type: 'any',
  key_usage: ['DigitalSignature', 'KeyEncipherment'],
  client_flag: true,
  server_flag: false,
  max_ttl: '9000h',
};
const POLICY = `
path "pki/sign/fleet" { capabilities = ["update"] }
path "pki/revoke" { capabilities = ["update"] }
path "pki/cert/ca_chain" { capabilities = ["read"] }
`;

async function prepared(ask: RealOpenBao['ask']) {
  await ask('POST', '/v1/sys/mounts/pki', { type: 'pki', config: { max_lease_ttl: '87600h' } });
  const made = await ask('POST', '/v1/pki/root/generate/internal', { common_name: 'Bao Root', ttl: '87000h' });
  const roles = {
    fleet: ROLE,
    'with-organization': { ...ROLE, organization: ['Example GmbH'], country: ['DE'] },
    short: { ...ROLE, max_ttl: '720h' },
    'own-rules': { max_ttl: '9000h', allowed_domains: ['example.com'], allow_subdomains: true },
  };
  for (const [name, role] of Object.entries(roles)) await ask('POST', `/v1/pki/roles/${name}`, role);
  await ask('PUT', '/v1/sys/policies/acl/openndes', { policy: POLICY });
  await ask('POST', '/v1/sys/auth/approle', { type: 'approle' });
  await ask('POST', '/v1/auth/approle/role/openndes', { token_policies: ['openndes'], token_ttl: '1h' });
  const roleId = textField(await ask('GET', '/v1/auth/approle/role/openndes/role-id'), 'role_id') ?? '';
  const secretId = textField(await ask('POST', '/v1/auth/approle/role/openndes/secret-id', {}), 'secret_id') ?? '';
  const clients = await testCa('CN=Clients');
  await ask('POST', '/v1/sys/auth/cert', { type: 'cert' });
  const trust = { certificate: clients.ca, token_policies: ['openndes'], allowed_common_names: ['openndes'] };
  await ask('POST', '/v1/auth/cert/certs/openndes', trust);
  const [ca = systemRandom(0)] = certificatesIn(field(made, 'certificate'));
  return { ca, appRole: { roleId, secretId }, identity: await clients.issue('CN=openndes') };
}
