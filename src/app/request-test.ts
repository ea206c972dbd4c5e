/** What a certification request or a captured message would get at the endpoints of a running server. Nothing is recorded. */
import type { EndpointSource, RequestCheck, RequestToTest, TestedAt, TestedRequest } from '../actions/endpoint-view.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import { REFUSALS } from '../core/errors.ts';
import type { CertificationRequest } from '../core/request.ts';
import type { BlockStore } from '../core/store.ts';
import type { IntuneClient } from '../intune/client.ts';
import { octetsOf, requestIn } from './captured-request.ts';
import { kindText } from '../pkix/key-text.ts';
import { openedAt } from './opened-message.ts';
import { altNames, notGranted, planFacts } from './plan-facts.ts';
import { templateWith } from './planned-certificates.ts';
import { askedPolicy, challengeCheck } from './policy-test.ts';
import type { Endpoints } from './served-endpoints.ts';
import type { LoadedEndpoint } from './loaded-endpoints.ts';
import type { Settings } from './settings.ts';
import { standingChecks } from './standing-checks.ts';
import { tried, type Tried } from './tried-profiles.ts';

/** What the test works on. `clients` by the name of their tenant. */
export type RequestTestParts = {
  settings: Pick<Settings, 'config' | 'document' | 'endpoints'>;
  endpoints: Endpoints;
  clients: ReadonlyMap<string, IntuneClient>;
  store: BlockStore;
  clock: Clock;
};

/** A request with its message, as far as they are known at one endpoint. `opened`: how the message was taken. */
type Candidate = { loaded: LoadedEndpoint; csr?: CertificationRequest; transactionId: string; opened: RequestCheck[] };

/** The test of one server. It throws ConfigError when there is no request in the text. */
export const requestTest =
  (parts: RequestTestParts): EndpointSource['test'] =>
  async (wanted) => {
    const octets = octetsOf(Buffer.from(wanted.request));
    const alone = requestIn(octets);
    const loaded = parts.settings.endpoints.filter(({ config }) => wanted.endpoints.includes(config.name));
    const all = alone
      ? loaded.map((each) => ({ loaded: each, csr: alone, transactionId: 'openndes-test', opened: [] }))
      : await Promise.all(loaded.map((each) => candidate(octets, each, parts)));
    const csr = all.find((each) => each.csr)?.csr;
    // A message is for the endpoints whose keys open it.
    const meant = csr && wanted.endpoints.length > 1 ? all.filter((each) => each.csr) : all;
    return {
      kind: alone ? 'certification request' : 'SCEP message',
      ...(csr && requestFacts(csr)),
      endpoints: await Promise.all(meant.map((each) => testedAt(each, wanted, parts))),
    };
  };

async function candidate(octets: Uint8Array, loaded: LoadedEndpoint, parts: RequestTestParts): Promise<Candidate> {
  const served = parts.endpoints.served.find(({ name }) => name === loaded.config.name);
  if (!served) return { loaded, transactionId: '', opened: [] };
  return { loaded, ...(await openedAt(octets, { served, fips: parts.settings.config.fips, clock: parts.clock })) };
}

const requestFacts = (csr: CertificationRequest): Partial<TestedRequest> => ({
  subject: csr.subjectText,
  key: kindText(csr.key),
  subjectAltName: altNames(csr.extensions),
  challenge: csr.challenge === undefined ? 'none' : `present, ${csr.challenge.length} characters (not shown)`,
});

async function testedAt(
  { loaded, csr, transactionId, opened }: Candidate,
  wanted: RequestToTest,
  parts: RequestTestParts,
): Promise<TestedAt> {
  const { config, authority } = loaded;
  const facts = { endpoint: config.name, path: config.path };
  const standing = await standingChecks(config.name, csr, parts);
  if (!csr)
    return {
      ...facts,
      profile: config.profile.name,
      verdict: 'refused',
      notGranted: {},
      checks: [...standing, ...opened],
    };
  const plan = await tried(config, csr, () => templateWith(config, authority.chain));
  const policy = await askedPolicy({ config, csr, transactionId, wanted }, parts.clients);
  const checks = [
    ...standing,
    ...opened,
    challengeCheck(config.policy, csr),
    ...policy,
    ...approval(config),
    profileCheck(plan),
  ];
  return {
    ...facts,
    profile: plan.profile,
    verdict: verdictOf(checks, config),
    ...('plan' in plan && { certificate: planFacts(plan.plan, csr) }),
    notGranted: 'plan' in plan ? notGranted(csr, plan.plan) : {},
    checks,
  };
}

function verdictOf(checks: readonly RequestCheck[], { approval: kind }: EndpointConfig): TestedAt['verdict'] {
  if (checks.some(({ verdict }) => verdict === 'FAIL')) return 'refused';
  if (checks.some(({ verdict }) => verdict === 'NOT-RUN')) return 'depends';
  return kind === 'manual' ? 'waits' : 'issued';
}

const approval = ({ approval: kind }: EndpointConfig): RequestCheck[] =>
  kind === 'manual'
    ? [{ check: 'approval', verdict: 'PASS-WITH-WARNINGS', text: 'what the policy allows waits until it is approved' }]
    : [];

function profileCheck(result: Tried): RequestCheck {
  if ('plan' in result) return { check: 'profile', verdict: 'PASS', text: `the profile ${result.profile} allows it` };
  const { code, refused } = result;
  const remedy = code in REFUSALS ? REFUSALS[code as keyof typeof REFUSALS].remedy : 'Run `openndes check`.';
  return { check: 'profile', verdict: 'FAIL', text: refused, ...defined({ code, remedy }) };
}
