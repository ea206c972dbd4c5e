/** `openndes certs pending`, `approve` and `reject`: requests that wait, and the administrator's decision about them. */
import { type Command, Option } from 'commander';
import type { PendingReason } from '../../core/records.ts';
import {
  decideRequest,
  type DecisionResult,
  type ListedRequests,
  listRequests,
  type PendingRequest,
  type RequestDecision,
  type RequestFilter,
} from '../../manage/pending-requests.ts';
import { plannedCertificates } from '../../app/planned-certificates.ts';
import { CONFIG, example, wholeNumber } from '../options.ts';
import { counted, jsonText, type Output, printable, table } from '../output.ts';
import { failed, withStore } from './certs-store.ts';

/** Registers the three commands under `openndes certs`. */
export function registerRequests(certs: Command, output: Output): void {
  registerPending(certs, output);
  registerDecision(certs, output, APPROVE);
  registerDecision(certs, output, REJECT);
}

/** What a request can wait for, as `WAITS FOR` shows it. */
const REASONS = ['approval', 'unreachable', 'undecided', 'issuer'] as const satisfies readonly PendingReason[];

/** 2,000 requests of one endpoint may wait for each reason. */
const MOST_ROWS = 1_000_000;

type ListOptions = RequestFilter & { config: string; json?: true };

function registerPending(certs: Command, output: Output): void {
  certs
    .command('pending')
    .description(
      'pending requests, oldest first: they wait for `certs approve` (approval), for the policy or for the CA',
    )
    .option(...CONFIG)
    .addOption(new Option('--reason <reason>', 'only requests that wait for this').choices(REASONS))
    .option('--limit <number>', 'how many at most', wholeNumber(1, MOST_ROWS), 50)
    .option('--after <id>', 'start after this request; for the next page')
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes certs pending --reason approval'))
    .action((options: ListOptions) => list(options, output));
}

async function list({ config, json, ...filter }: ListOptions, { out, err }: Output): Promise<void> {
  const result = await withStore(config, { err }, (management) =>
    listRequests(management, plannedCertificates(config), filter),
  );
  if (result.kind !== 'listed') return void failed(refusal(filter.after ?? '', result), err);
  out(json ? jsonText(result.requests) : listing(result.requests));
  if (result.more) err(paging(result, result.more));
}

const paging = ({ requests }: ListedRequests, { total, left }: { total: number; left: number }): string =>
  `${counted(requests.length)} of ${counted(total)}; ${counted(left)} more: --after ${requests.at(-1)?.id}`;

type DecisionCommand = { name: string; decision: RequestDecision; description: string };

const APPROVE: DecisionCommand = {
  name: 'approve',
  decision: 'approved',
  description: 'approve a request: the device gets its certificate when it asks again',
};
const REJECT: DecisionCommand = {
  name: 'reject',
  decision: 'rejected',
  description: 'reject a request: the device gets FAILURE when it asks again',
};

function registerDecision(certs: Command, output: Output, { name, decision, description }: DecisionCommand): void {
  certs
    .command(name)
    .description(description)
    .argument('<id>', 'id as `certs pending` shows it; its beginning is enough if no other id begins so')
    .option(...CONFIG)
    .addHelpText(...example(`openndes certs ${name} 5f2c01`))
    .action(async (id: string, { config }: { config: string }) => {
      const result = await withStore(config, output, (management) => decideRequest(management, { id, decision }));
      report(id, decision, result, output);
    });
}

function report(id: string, decision: RequestDecision, result: DecisionResult, { out, err }: Output): void {
  if (result.kind === 'decided') out(`${decision}: ${printable(result.request.subject)}`);
  else failed(refusal(id, result), err);
}

/** Why a waiting request cannot be approved, by `reason` of the request. */
const WAITS_FOR: Readonly<Record<string, string>> = {
  unreachable: 'its policy, which could not be reached; only the policy can allow it',
  undecided: 'its policy, which has not decided yet; only the policy can allow it',
  issuer: 'the CA, which has the order and has not decided yet',
};

/** Why nothing was decided. */
function refusal(id: string, result: Exclude<DecisionResult, { kind: 'decided' }>): string {
  if (result.kind === 'unknown') return `no request waits under ${id}: see openndes certs pending`;
  if (result.kind === 'ambiguous') return `${id} is the beginning of ${result.matches} ids: give more of it`;
  if (result.kind === 'changed') return `${id} was decided in the meantime: see openndes certs pending`;
  const { reason = 'unknown' } = result.request;
  return `${id} cannot be approved: it waits for ${WAITS_FOR[reason] ?? 'something else than an approval'} (${reason})`;
}

const listing = (waiting: readonly PendingRequest[]): string =>
  table([COLUMNS.map(([title]) => title), ...waiting.map((request) => COLUMNS.map(([, cell]) => cell(request)))]);

/** What an administrator needs to know to approve a request. */
const COLUMNS: readonly (readonly [string, (request: PendingRequest) => string])[] = [
  ['ID', ({ id }) => id],
  ['WAITS FOR', ({ reason }) => reason],
  ['SINCE', ({ since }) => since.toISOString().slice(0, 19)],
  ['ENDPOINT', ({ endpoint }) => endpoint],
  ['PROFILE', ({ profile = '' }) => profile],
  ['SUBJECT', ({ subject }) => subject],
  ['NAMES', ({ names }) => names.join(' ')],
  ['KEY', ({ key = '' }) => key],
  ['USAGES', ({ keyUsage = [] }) => keyUsage.join(' ')],
  ['PURPOSES', ({ extendedKeyUsage = [] }) => extendedKeyUsage.join(' ')],
  ['UNTIL', ({ notAfter }) => notAfter?.toISOString().slice(0, 19) ?? ''],
  ['SIGNED BY', signedBy],
  ['WILL BE REFUSED', ({ refused = '' }) => refused],
];

function signedBy({ signerKey, signerCertificate }: PendingRequest): string {
  if (!signerCertificate) return signerKey === undefined ? '' : `${signerKey} key`;
  const { serial, subject, issuer } = signerCertificate;
  return `${serial} (${subject}) of ${issuer}`;
}
