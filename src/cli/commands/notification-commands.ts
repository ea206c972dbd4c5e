/** `openndes notifications`: what Intune or a webhook has not acknowledged. Works on the store, whether the server runs or not. */
import type { Command } from 'commander';
import type { ListedNotification } from '../../core/records.ts';
import { defined } from '../../core/defined.ts';
import {
  dropNotification,
  type DropResult,
  listNotifications,
  retryNotifications,
} from '../../manage/notification-outbox.ts';
import { CONFIG, example, wholeNumber } from '../options.ts';
import { counted, type Output, table } from '../output.ts';
import { failed, withStore } from './certs-store.ts';

/** Registers the group and its commands. */
export function registerNotifications(program: Command, output: Output): void {
  const group = program
    .command('notifications')
    .description('notifications that Intune or a webhook has not acknowledged: list them, send them now, give one up');
  for (const register of [registerList, registerRetry, registerDrop]) register(group, output);
}

function registerList(group: Command, { out, err }: Output): void {
  group
    .command('list')
    .description('the oldest first: since when, how often it was tried, when it is tried next, and the last error')
    .option('--limit <number>', 'how many at most', wholeNumber(1, 100_000), 1_000)
    .option(...CONFIG)
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes notifications list --json'))
    .action(async ({ config, json, limit }: { config: string; json?: true; limit: number }) => {
      const waiting = await withStore(config, { err }, (management) => listNotifications(management, limit));
      out(json ? JSON.stringify(waiting.map(forPrograms)) : listing(waiting));
    });
}

const ID = wholeNumber(1, Number.MAX_SAFE_INTEGER);

function registerRetry(group: Command, { out, err }: Output): void {
  group
    .command('retry')
    .description('make notifications due: the server sends them within seconds')
    .argument('[id...]', 'ids as `notifications list` shows them', (text: string, ids: number[] | undefined) => [
      ...(ids ?? []),
      ID(text),
    ])
    .option('--all', 'all of them')
    .option(...CONFIG)
    .addHelpText(...example('openndes notifications retry --all'))
    .action(async (ids: number[] | undefined, { config, all }: { config: string; all?: true }) => {
      if (!all && !ids?.length) failed('Name ids as `openndes notifications list` shows them, or give --all.', err);
      const retried = await withStore(config, { err }, (management) =>
        retryNotifications(management, all ? 'all' : (ids ?? [])),
      );
      out(`${counted(retried)} due now`);
      if (!all && retried < (ids ?? []).length) failed('The others are done, or are being sent at this moment.', err);
    });
}

function registerDrop(group: Command, { out, err }: Output): void {
  group
    .command('drop')
    .description('give one up: it is not sent again; its certificate stays valid')
    .argument('<id>', 'id as `notifications list` shows it', ID)
    .option(...CONFIG)
    .addHelpText(...example('openndes notifications drop 17'))
    .action(async (id: number, { config }: { config: string }) => {
      const result = await withStore(config, { err }, (management) => dropNotification(management, id));
      if (result.kind !== 'dropped') failed(`${id} ${REFUSED[result.kind]}`, err);
      out(`dropped ${id}: ${result.notification.kind} of ${result.notification.endpoint}`);
    });
}

/** Why nothing was dropped. */
const REFUSED: Readonly<Record<Exclude<DropResult['kind'], 'dropped'>, string>> = {
  unknown: 'is no notification that waits: see openndes notifications list',
  strict: 'is not dropped: under `notify: strict` it decides whether its certificate is delivered or revoked',
  changed: 'was sent in the meantime: see openndes notifications list',
};

/** Without the fence, which means nothing outside the store. */
const forPrograms = ({ fence: _fence, certificate, ...rest }: ListedNotification) => ({
  ...rest,
  ...defined({ issuerId: certificate?.issuerId, serial: certificate?.serial }),
});

const listing = (waiting: readonly ListedNotification[]): string =>
  table([COLUMNS.map(([title]) => title), ...waiting.map((each) => COLUMNS.map(([, cell]) => cell(each)))]);

const COLUMNS: readonly (readonly [string, (notification: ListedNotification) => string])[] = [
  ['ID', ({ id }) => String(id)],
  ['REPORTS', ({ kind }) => kind],
  ['MODE', ({ mode }) => mode],
  ['SINCE', ({ createdAt }) => createdAt.toISOString().slice(0, 19)],
  ['TRIED', ({ attempts }) => String(attempts)],
  ['DUE', ({ dueAt }) => dueAt.toISOString().slice(0, 19)],
  ['ENDPOINT', ({ endpoint }) => endpoint],
  ['TRANSACTION', ({ transactionId }) => transactionId],
  ['SERIAL', ({ certificate }) => certificate?.serial ?? '-'],
  ['LAST ERROR', ({ lastError }) => lastError ?? '-'],
];
