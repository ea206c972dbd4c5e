/** `openndes orders`: certificates that a CA elsewhere may have made and that are not recorded. Works on the store, whether the server runs or not. */
import type { Command } from 'commander';
import type { StoredOrder } from '../../core/order-store.ts';
import { closeOrder, listUnknownOrders } from '../../manage/unknown-orders.ts';
import { CONFIG, example, wholeNumber } from '../options.ts';
import { type Output, table } from '../output.ts';
import { failed, withStore } from './certs-store.ts';

/** Registers the group and its commands. */
export function registerOrders(program: Command, output: Output): void {
  const group = program
    .command('orders')
    .description(
      'orders at CAs elsewhere whose outcome is not known: for each of state orphan the CA may have a certificate that is not recorded here',
    );
  for (const register of [registerList, registerDone]) register(group, output);
}

function registerList(group: Command, { out, err }: Output): void {
  group
    .command('list')
    .description(
      'the oldest first: state (sent: the answer may still come, or the CA is asked when the device comes again, or after five minutes by the job orders), hash of the public key, and key of the order',
    )
    .option('--limit <number>', 'how many at most', wholeNumber(1, 100_000), 1_000)
    .option(...CONFIG)
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes orders list --json'))
    .action(async ({ config, json, limit }: { config: string; json?: true; limit: number }) => {
      const orders = await withStore(config, { err }, (management) => listUnknownOrders(management, { limit }));
      out(json ? JSON.stringify(orders) : listing(orders));
    });
}

function registerDone(group: Command, { out, err }: Output): void {
  group
    .command('done')
    .description(
      'you have looked for the certificate at the CA, by its public key or the key of the order, and revoked it there if there was one',
    )
    .argument('<id>', 'id as `orders list` shows it', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option(...CONFIG)
    .addHelpText(...example('openndes orders done 17'))
    .action(async (id: number, { config }: { config: string }) => {
      const order = await withStore(config, { err }, (management) => closeOrder(management, id));
      if (!order) failed(`${id} is no order whose outcome is not known: see openndes orders list`, err);
      out(`done ${id}: ${order.endpoint}, transaction ${order.transactionId}`);
    });
}

const listing = (orders: readonly StoredOrder[]): string =>
  table([COLUMNS.map(([title]) => title), ...orders.map((each) => COLUMNS.map(([, cell]) => cell(each)))]);

const COLUMNS: readonly (readonly [string, (order: StoredOrder) => string])[] = [
  ['ID', ({ id }) => String(id)],
  ['STATE', ({ state }) => state],
  ['SENT', ({ at }) => at.toISOString().slice(0, 19)],
  ['ENDPOINT', ({ endpoint }) => endpoint],
  ['TRANSACTION', ({ transactionId }) => transactionId],
  ['PUBLIC KEY', ({ publicKeyHash }) => publicKeyHash],
  ['ORDER', ({ requestKey }) => requestKey],
];
