/** `openndes messages`: what people and programs are told by webhook and mail. Works on the store, whether the server runs or not. */
import type { Command } from 'commander';
import type { StoredMessage } from '../../core/message-store.ts';
import { SECOND } from '../../core/durations.ts';
import { pause } from '../../embed/system.ts';
import { messageOf, retryNow, sendTest } from '../../manage/message-outbox.ts';
import { CONFIG, example, wholeNumber } from '../options.ts';
import { counted, type Output, table } from '../output.ts';
import { failed, withStore } from './certs-store.ts';

/** Registers the group and its commands. */
export function registerMessages(program: Command, output: Output): void {
  const group = program
    .command('messages')
    .description('messages to webhooks and mail addresses: list them, send them now, send a test');
  for (const register of [registerList, registerRetry, registerTest]) register(group, output);
}

function registerList(group: Command, { out, err }: Output): void {
  group
    .command('list')
    .description(
      'the newest first: to whom, of what kind, whether it was delivered, how often it was tried, and the last error',
    )
    .option('--limit <number>', 'how many at most', wholeNumber(1, 100_000), 100)
    .option('--failed', 'only those that were not accepted yet')
    .option(...CONFIG)
    .option('--json', 'one JSON array, with what each message says')
    .addHelpText(...example('openndes messages list --failed'))
    .action(async (options: { config: string; json?: true; limit: number; failed?: true }) => {
      const all = await withStore(options.config, { err }, ({ store }) => store.listMessages({ limit: options.limit }));
      const shown = options.failed ? all.filter(({ lastError }) => lastError !== undefined) : all;
      out(options.json ? JSON.stringify(shown) : listing(shown));
    });
}

const ID = wholeNumber(1, Number.MAX_SAFE_INTEGER);

function registerRetry(group: Command, { out, err }: Output): void {
  group
    .command('retry')
    .description('make messages due that wait or were given up: the server sends them within seconds')
    .argument('[id...]', 'ids as `messages list` shows them', (text: string, ids: number[] | undefined) => [
      ...(ids ?? []),
      ID(text),
    ])
    .option('--all', 'all of them')
    .option(...CONFIG)
    .addHelpText(...example('openndes messages retry --all'))
    .action(async (ids: number[] | undefined, { config, all }: { config: string; all?: true }) => {
      if (!all && !ids?.length) failed('Name ids as `openndes messages list` shows them, or give --all.', err);
      const retried = await withStore(config, { err }, (management) => retryNow(management, all ? 'all' : (ids ?? [])));
      out(`${counted(retried)} due now`);
      if (!all && retried < (ids ?? []).length) failed('The others were delivered, or are gone.', err);
    });
}

/** A server looks every five seconds, and a receiver has ten to answer. */
const LOOKS = 20;

function registerTest(group: Command, { out, err }: Output): void {
  group
    .command('test')
    .description('have the running server send a test, and say whether it was accepted')
    .argument('<receiver>', '`mail`, or `webhook:NAME` with the name in `messages.webhooks`')
    .option(...CONFIG)
    .addHelpText(...example('openndes messages test mail'))
    .action(async (receiver: string, { config }: { config: string }) => {
      const result = await withStore(config, { err }, async (management) => {
        const id = await sendTest(management, receiver);
        for (let look = 0; look < LOOKS; look += 1) {
          const message = await messageOf(management, id);
          if (!message) return `No receiver is called ${receiver}: give \`mail\`, or \`webhook:NAME\`.`;
          if (message.state === 'delivered') return undefined;
          if (message.lastError !== undefined) return `Not accepted: ${message.lastError}`;
          await pause(SECOND);
        }
        return 'No server has sent it yet: is one running with this configuration?';
      });
      if (result !== undefined) failed(result, err);
      out(`${receiver} has accepted the test`);
    });
}

const listing = (all: readonly StoredMessage[]): string =>
  table([COLUMNS.map(([title]) => title), ...all.map((each) => COLUMNS.map(([, cell]) => cell(each)))]);

const COLUMNS: readonly (readonly [string, (message: StoredMessage) => string])[] = [
  ['ID', ({ id }) => String(id)],
  ['RECEIVER', ({ receiver }) => receiver],
  ['KIND', ({ message: { kind } }) => kind],
  ['AT', ({ createdAt }) => createdAt.toISOString().slice(0, 19)],
  ['STATE', ({ state }) => state],
  ['TRIED', ({ attempts }) => String(attempts)],
  ['LAST ERROR', ({ lastError }) => lastError ?? '-'],
];
