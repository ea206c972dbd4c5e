/** What became of a device, out of its steps: the state, why, what to do, and what to look at where the server cannot know. */
import type { StoredAttempt } from '../core/attempt-store.ts';
import { type TraceCause, explanationOf } from './remedies.ts';

/** How a step came into the trace. `address`: it may be of another device at the same address. */
export type Joined = 'name' | 'transaction' | 'address';

/** One step. `remedy`: of a failed one. */
export type TraceStep = StoredAttempt & { joined: Joined; what?: string; remedy?: string };

/** `silent`: it asked, and never sent a request. */
export type TraceState = 'issued' | 'waiting' | 'refused' | 'silent' | 'nothing';

/** `sure`: whether the server saw it; otherwise it is what is likely. `checks`: what decides, where it is not sure. */
export type TraceVerdict = {
  state: TraceState;
  cause?: TraceCause;
  sure: boolean;
  what: string;
  remedy?: string;
  checks: readonly string[];
};

/** `now` is not needed: what is said of time is the time of the steps. */
export function verdictOf(steps: readonly TraceStep[]): TraceVerdict {
  const messages = steps.filter(isMessage);
  const last = messages.at(-1);
  if (!last) return withoutMessage(steps);
  if (SUCCESS.has(last.outcome)) return issued(last, messages);
  const explained = explanationOf(last) ?? { cause: 'refused' as const, what: 'The request failed', remedy: '' };
  const { cause, what, remedy } = explained;
  const checks = cause === 'message-cut' ? CUT : [];
  const state = last.outcome === 'pending' || last.outcome === 'deferred' ? 'waiting' : 'refused';
  return { state, cause, sure: cause !== 'message-cut', what: detailed(what, last), remedy, checks };
}

const SUCCESS: ReadonlySet<string> = new Set(['issued', 'repeated', 'found']);

/** A PKIOperation, or what is left of one. */
const isMessage = ({ operation, outcome, code }: TraceStep): boolean =>
  operation.toLowerCase() === 'pkioperation' ? outcome !== 'answered' : code !== undefined;

/** With the detail where it says more: that of a known code of Intune is its meaning and its remedy once more. */
const detailed = (what: string, { detail, code, intuneCode }: TraceStep): string =>
  detail === undefined || code === 'unavailable' || namesCode(what, intuneCode)
    ? `${what}.`
    : `${what}: ${detail.replace(/\.$/, '')}.`;

const namesCode = (what: string, intuneCode: string | undefined): boolean =>
  intuneCode !== undefined && what.includes(intuneCode);

function issued(last: TraceStep, messages: readonly TraceStep[]): TraceVerdict {
  const failed = messages.filter(({ outcome }) => !SUCCESS.has(outcome)).length;
  const before =
    failed > 0
      ? `, after ${failed} ${failed === 1 ? 'request that was' : 'requests that were'} not answered with one`
      : '';
  return {
    state: 'issued',
    sure: true,
    what: `The device has its certificate${last.serial === undefined ? '' : ` ${last.serial}`}${before}.`,
    checks: [],
  };
}

const timesOf = (steps: readonly TraceStep[]): number => steps.reduce((sum, { times }) => sum + times, 0);

function withoutMessage(steps: readonly TraceStep[]): TraceVerdict {
  const [first] = steps;
  if (!first) return { state: 'nothing', sure: true, what: 'Nothing is recorded.', checks: NEVER };
  const fetched = steps.filter(({ operation }) => /^getca(cert|certchain|chain)$/i.test(operation));
  const [asked] = fetched;
  if (!asked)
    return {
      state: 'silent',
      sure: false,
      what: `It asked ${times(timesOf(steps))} since ${clock(first)}, and never for the CA certificate.`,
      remedy: 'Look whether the answer reaches the device: a proxy that changes it, or a time limit.',
      checks: PROXY,
    };
  return {
    state: 'silent',
    cause: 'chain-not-trusted',
    sure: false,
    what: `It asked for the CA certificate ${times(timesOf(fetched))} since ${clock(asked)}, and never sent a request: it probably does not trust the chain.`,
    remedy:
      'Compare the thumbprint and the trusted certificate of the profile with those of the authority, in the order of the checks.',
    checks: TRUST,
  };
}

const times = (number: number): string => (number === 1 ? 'once' : `${number} times`);

/** Hours and minutes of UTC, and the day. */
const clock = ({ at }: TraceStep): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const TRUST: readonly string[] = [
  'Thumbprint: the profile of the platform must name the certificate that `openndes ca show` lists for it: the issuing CA for Windows, the root for Android, either for Apple.',
  'Trusted certificate: the profile with the root, and with each CA above the issuing one, must be assigned to the same group and be installed on the device.',
  'RA certificate: it must have keyEncipherment and digitalSignature in its keyUsage; `openndes doctor` says whether it suits the platform.',
  'TLS: the device must accept the version and the certificate of the HTTPS URL; try `openndes doctor --url URL`.',
  'Proxy: it must not ask for a client certificate, and must pass POST and long URLs; `openndes doctor --url URL` from outside finds one that does not.',
];
const PROXY: readonly string[] = TRUST.slice(-2);
const CUT: readonly string[] = [
  'Proxy: `openndes doctor --url URL` from outside sends URLs of growing length and says where they are cut.',
  'The limit of the proxy for a request line: 64 KB is enough (docs/reverse-proxies.md).',
];
const NEVER: readonly string[] = [
  'Whether the device has the profile: Intune shows it per device under "Device configuration".',
  'The URL in the profile: `openndes check` prints that of each endpoint. A request that never arrives leaves no row.',
  'DNS, firewall and TLS on the way: open the URL in a browser of the device.',
  'Whether the rows were removed already: `trace.days`.',
];
