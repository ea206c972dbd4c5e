/** One order for a program of the administrator, and its answer: JSON on standard input, JSON on standard output. */
import type { CommandOperation } from '../../core/command-operations.ts';
import { defined } from '../../core/defined.ts';
import type { IssuerError, IssuerErrorCode } from '../../core/errors.ts';
import { jsonText } from '../../core/printable.ts';
import type { Semaphore } from '../../core/semaphore.ts';
import { type CommandAnswer, readAnswer } from './command-answer.ts';
import { commandFault, EXIT_CODES, lastLine, withheld } from './command-fault.ts';
import type { CommandEnd, CommandSettings, RunCommand } from './command-settings.ts';

/** The fields of an order besides `version`, `operation`, `ca` and `parameters`. `secrets`: texts inside of them that no log may show. */
export type CommandOrder = { operation: CommandOperation; fields: object; secrets?: readonly string[] };

/** What runs the program: `limit` is a signal that aborts after so many milliseconds, `turns` bounds how many run. */
export type CommandRunner = { run: RunCommand; limit: (milliseconds: number) => AbortSignal; turns: Semaphore };

/** An answer that is no error. */
export type GoodAnswer = Exclude<CommandAnswer, { status: 'error' }>;

/** Runs the program. Throws IssuerError for its errors, and the reason of the signal when that aborts first. */
export async function exchange(
  order: CommandOrder,
  settings: CommandSettings,
  { run, limit, turns }: CommandRunner,
  signal: AbortSignal,
): Promise<GoodAnswer> {
  const { argv, environment } = settings;
  const time = limit(settings.timeout);
  const either = AbortSignal.any([signal, time]);
  const call = { argv, environment, input: inputOf(order, settings) };
  const end = await turns
    .run(() => run(call, either), either)
    .catch((cause: unknown) => {
      throw time.aborted && !signal.aborted ? fault(order, 'no answer within its time limit') : cause;
    });
  return answered(order, end, [...(order.secrets ?? []), ...Object.values(environment)]);
}

const inputOf = ({ operation, fields }: CommandOrder, { ca, parameters }: CommandSettings): string =>
  `${jsonText({ version: 1, operation, ca, parameters, ...fields })}\n`;

function answered(order: CommandOrder, end: CommandEnd | 'busy', secrets: readonly string[]): GoodAnswer {
  if (end === 'busy') throw notAsked('unavailable', `it was not run for ${order.operation}: too many calls wait`);
  if (end.kind === 'not-started')
    throw notAsked('misconfigured', `it cannot be started: ${lastLine(end.why, secrets)}`);
  if (end.kind === 'too-much') throw fault(order, 'an answer of more than 1 MiB');
  const answer = readAnswer(end.stdout);
  if (answer?.status === 'error') throw named(order, answer, secrets);
  if (end.code === 0 && answer) return told(answer, secrets);
  throw unnamed(order, end, secrets);
}

/** What it says to the administrator without the secrets that it was given. */
function told(answer: GoodAnswer, secrets: readonly string[]): GoodAnswer {
  if (answer.status !== 'done') return answer;
  const { status, detail, warnings } = answer;
  const clean = (text: string): string => withheld(text, secrets);
  return { status, ...defined({ detail: detail && clean(detail), warnings: warnings?.map(clean) }) };
}

/** Nothing has reached the CA. */
const notAsked = (code: IssuerErrorCode, why: string): IssuerError =>
  commandFault(code, `the command: ${why}`, { retryable: true });

/** An error that the program has described. */
function named(order: CommandOrder, answer: ErrorAnswer, secrets: readonly string[]): IssuerError {
  const { code, detail, clientText, retryAfter } = answer;
  const told = clientText === undefined ? undefined : lastLine(clientText, secrets);
  const text = `the command, for ${order.operation}: ${code}: ${lastLine(detail, secrets)}`;
  return commandFault(code, text, defined({ clientText: told, retryAfter }));
}

/** An error of which only the exit code and the last line on standard error are known. */
function unnamed(order: CommandOrder, { code, stderr }: Ended, secrets: readonly string[]): IssuerError {
  const said = lastLine(stderr, secrets);
  const what = (text: string): string => (said === '' ? text : `${text}: ${said}`);
  const known = code === undefined ? undefined : EXIT_CODES.get(code);
  if (!known) return fault(order, what(endText(code)));
  return commandFault(known, what(`the command, for ${order.operation}: ${known}`));
}

type Ended = Extract<CommandEnd, { kind: 'ended' }>;
type ErrorAnswer = Extract<CommandAnswer, { status: 'error' }>;

const endText = (code: number | undefined): string => {
  if (code === undefined) return 'a signal ended it';
  return code === 0 ? 'its answer is not one of docs/command-issuer.md' : `exit code ${code}`;
};

/** After an order for a certificate nobody knows whether the CA made one. */
function fault({ operation }: CommandOrder, what: string): IssuerError {
  const code: IssuerErrorCode = operation === 'issue' ? 'unknown-outcome' : 'unavailable';
  return commandFault(code, `the command, for ${operation}: ${what}`);
}
