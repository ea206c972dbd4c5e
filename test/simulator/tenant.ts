/** A running simulator and a simple HTTP client for it, for the tests of this directory. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { Agent, request } from 'undici';
import type { KeyProvider } from '../../src/core/keys.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { extendedKeyUsage, type KeyUsage, keyUsage, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { EXTENDED_KEY_USAGES } from '../../src/pkix/oids.ts';
import { ACTIONS, type ServiceAction, type ServiceHop } from '../../src/simulator/service-call.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { completeState } from '../../src/simulator/state.ts';
import { rsaKey } from '../kit/keys.ts';

export const DISCOVERY = '/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints';

export type Reply = { status: number; headers: Readonly<Record<string, unknown>>; text: string };

/** A clock that a test can advance. It starts at the current time, because TLS uses the real clock. */
export class TestClock {
  #offset = 0;
  readonly now = (): Date => new Date(Date.now() + this.#offset);
  advance(seconds: number): void {
    this.#offset += seconds * 1000;
  }
}

export type Tenant = Awaited<ReturnType<typeof startTenant>>;

/** Shared, because key generation is slow and most tests do not depend on the keys. */
const STATE = await completeState({}, undefined, () => new Date(), randomBytes);

export async function startTenant(t: TestContext, options: Partial<SimulatorOptions> = {}) {
  const clock = new TestClock();
  const simulator = await startSimulator({ clock: clock.now, random: randomBytes, state: STATE, ...options });
  const agent = new Agent({ connect: { ca: simulator.caPem } });
  t.after(async () => {
    await agent.close();
    await simulator.close();
  });
  return { simulator, clock, agent, ...client(simulator, agent) };
}

function client(simulator: Simulator, agent: Agent) {
  const { login, graph, intune } = simulator.tenant.cloud;
  let validation: string | undefined;

  const send = async (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<Reply> => {
    const response = await request(url, {
      method,
      headers,
      dispatcher: agent,
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.statusCode, headers: response.headers, text: await response.body.text() };
  };

  const form = (fields: Record<string, string> = {}): Record<string, string> => ({
    grant_type: 'client_credentials',
    client_id: simulator.tenant.clientId,
    client_secret: simulator.tenant.clientSecret,
    scope: `${intune}//.default`,
    ...fields,
  });

  const askToken = (fields: Record<string, string> = {}, tenant = simulator.tenant.tenant): Promise<Reply> =>
    send(
      'POST',
      `${login}/${tenant}/oauth2/v2.0/token`,
      { 'content-type': 'application/x-www-form-urlencoded' },
      new URLSearchParams(form(fields)).toString(),
    );

  const token = async (scope = `${intune}//.default`): Promise<string> => {
    const reply = await askToken({ scope });
    return (JSON.parse(reply.text) as { access_token: string }).access_token;
  };

  const discover = async (bearer?: string): Promise<Reply> =>
    send('GET', graph + DISCOVERY, { authorization: `Bearer ${bearer ?? (await token(`${graph}/.default`))}` });

  const validationUri = async (): Promise<string> => {
    const { value } = JSON.parse((await discover()).text) as { value: { providerName: string; uri: string }[] };
    return value.find(({ providerName }) => providerName === 'ScepRequestValidationFEService')!.uri;
  };

  /** Calls an action as a correct client does, with other headers where given. */
  const act = async (action: ServiceAction, body: unknown, headers: Record<string, string> = {}): Promise<Reply> => {
    validation ??= await validationUri();
    const authorization = headers['authorization'] ?? `Bearer ${await token()}`;
    return send(
      'POST',
      `${validation}/ScepActions/${action}`,
      {
        'content-type': 'application/json',
        'api-version': '2018-02-20',
        'client-request-id': randomUUID(),
        ...headers,
        authorization,
      },
      typeof body === 'string' ? body : JSON.stringify(body),
    );
  };

  const validate = (certificateRequest: string, transactionId = 'AB12'): Promise<Reply> =>
    act('validateRequest', { request: { transactionId, certificateRequest, callerInfo: 'test' } });

  return { send, askToken, token, discover, act, validate };
}

const CONNECTOR = '/RACerts/PkiConnectorFEService/CertificateAuthorityRequests';
const STATES = 'deviceConfigurationsAllManagedDeviceCertificateStates';
const LEGACY = '/servicePrincipalsByAppId/0000000a-0000-0000-c000-000000000000/serviceEndpoints?api-version=1.6';

/** A minimal call to this hop. A fault applies before the call is checked. */
export const minimalCall = (tenant: Tenant, hop: ServiceHop): Promise<Reply> => {
  const { cloud, tenant: name } = tenant.simulator.tenant;
  const action = ACTIONS.find((each) => each === hop);
  if (action) return tenant.act(action, {});
  if (hop === 'managedIdentity') return tenant.send('GET', tenant.simulator.identity.imds.endpoint, {});
  const [method, url] = CALLS[hop as keyof typeof CALLS](cloud, name);
  return tenant.send(method, url, {});
};

type Cloud = Simulator['tenant']['cloud'];
const CALLS = {
  openid: ({ login }, name) => ['GET', `${login}/${name}/v2.0/.well-known/openid-configuration`],
  instance: ({ login }) => ['GET', `${login}/common/discovery/instance?authorization_endpoint=${login}/t/authorize`],
  keys: ({ login }, name) => ['GET', `${login}/${name}/discovery/v2.0/keys`],
  token: ({ login }, name) => ['POST', `${login}/${name}/oauth2/v2.0/token`],
  tokenV1: ({ login }, name) => ['POST', `${login}/${name}/oauth2/token`],
  discovery: ({ graph }) => ['GET', graph + DISCOVERY],
  legacyDiscovery: ({ graph }, name) => ['GET', `${graph}/${name}${LEGACY}`],
  application: ({ graph }) => ['GET', `${graph}/v1.0/applications(appId='none')`],
  user: ({ graph }) => ['GET', `${graph}/v1.0/users/none@contoso.example`],
  userPfxCertificates: ({ graph }) => ['GET', `${graph}/beta/deviceManagement/userPfxCertificates`],
  certificateStates: ({ graph }) => ['GET', `${graph}/beta/deviceManagement/${STATES}`],
  managedDevices: ({ graph }) => ['GET', `${graph}/v1.0/deviceManagement/managedDevices`],
  users: ({ graph }) => ['GET', `${graph}/v1.0/users/delta`],
  devices: ({ graph }) => ['GET', `${graph}/v1.0/devices/delta`],
  downloadRevocationRequests: ({ graph }) => ['POST', `${graph}${CONNECTOR}/downloadRevocationRequests`],
  uploadRevocationResults: ({ graph }) => ['POST', `${graph}${CONNECTOR}/uploadRevocationResults`],
} as const satisfies Record<
  Exclude<ServiceHop, ServiceAction | 'managedIdentity'>,
  (cloud: Cloud, name: string) => ['GET' | 'POST', string]
>;

export const codeOf = (reply: Reply): string => (JSON.parse(reply.text) as { code: string }).code;

/** The control API of the simulator. */
export const control = async (
  simulator: Simulator,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: unknown }> => {
  const response = await request(simulator.control + path, {
    method: method as 'GET',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.body.text();
  return { status: response.statusCode, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
};

export const KEY: KeyProvider = rsaKey('device');

export type RequestPlan = {
  subject?: string;
  san?: readonly string[];
  keyUsage?: readonly KeyUsage[];
  extendedKeyUsage?: readonly string[];
  challenge?: string;
};

/** A certification request, base64 of its DER. */
export async function csr(wanted: RequestPlan, key: KeyProvider = KEY): Promise<string> {
  const extensions = [
    wanted.san && subjectAltName(wanted.san.map(generalNameFromText)),
    wanted.keyUsage && keyUsage(wanted.keyUsage),
    wanted.extendedKeyUsage &&
      extendedKeyUsage(wanted.extendedKeyUsage.map((name) => EXTENDED_KEY_USAGES[name] ?? name)),
  ].filter((extension) => extension !== undefined);
  const plan = { subject: nameFromText(wanted.subject ?? 'CN=device-1'), extensions };
  const der = await writeCertificationRequest(
    wanted.challenge === undefined ? plan : { ...plan, challenge: wanted.challenge },
    key,
  );
  return Buffer.from(der).toString('base64');
}
