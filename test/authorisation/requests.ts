/**
 * `npm run authorisation`: sends the requests of rows.ts to a started server and compares what each got with the rules, which
 * are written by hand, and all of it with docs/authorisation.md.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { RefusalCode } from '../../src/core/errors.ts';
import { REFUSED } from '../kit/wire-codes.ts';
import { read } from '../docs/read.ts';
import { inTurns } from './in-turns.ts';
import type { WireStatus } from './reply.ts';
import { pageOf } from './page.ts';
import { ROWS } from './rows.ts';
import { expectedOf } from './rules.ts';
import { idOf, NEEDS, sender, useUp } from './send.ts';
import { worldFor } from './world.ts';

/** Every hundred-and-first row, then the ones behind these: rows with a wrong challenge, which wait, come evenly. */
const SPREAD = [...ROWS.keys()].toSorted((a, b) => (a % 101) - (b % 101));

const wire: WireStatus[] = [];
let outcomes: string[] = [];
let certified: string[] = [];
let refusals: { n: number; code: RefusalCode }[] = [];

before(async () => {
  const world = await worldFor(NEEDS);
  await useUp(world);
  const send = sender(world);
  await inTurns(SPREAD, async (n) => {
    wire[n] = await send(ROWS[n]!, n);
  });
  await world.server.close();
  const logged = (n: number) => world.server.logged.get(idOf(n));
  outcomes = ROWS.map((_, n) => {
    const { status } = wire[n]!;
    if (status === 'success') return logged(n)?.outcome ?? 'success, and no line in the log';
    return status === 'refused' ? (logged(n)?.code ?? 'refused, and no line in the log') : status;
  });
  refusals = ROWS.flatMap((_, n) => {
    const code = logged(n)?.code;
    return code === undefined ? [] : [{ n, code: code as RefusalCode }];
  });
  certified = world.certified().filter((id) => id.startsWith('row-'));
});

/** The first of them, in words. */
const shown = (all: readonly string[]): string => `${all.length} of ${ROWS.length}:\n${all.slice(0, 50).join('\n')}`;
const words = (n: number): string => {
  const { type, challenge, signer, endpoint } = ROWS[n]!;
  return `${idOf(n)}: messageType ${type} | challenge ${challenge} | signer ${signer} | endpoint ${endpoint}`;
};

test('every request gets what the rules say', () => {
  const wrong = ROWS.flatMap((row, n) => {
    const { outcome, rule } = expectedOf(row);
    return outcomes[n] === outcome ? [] : [`${words(n)}: ${outcomes[n]}, and not ${outcome} as rule ${rule} says`];
  });
  assert.equal(wrong.length, 0, shown(wrong));
});

test('the store has a certificate for each request that is to get one, and for no other', () => {
  const wanted = ROWS.flatMap((row, n) => (expectedOf(row).outcome === 'issued' ? [idOf(n)] : []));
  assert.deepEqual(certified.toSorted(), wanted.toSorted());
});

test('the device is told the failInfo and the HRESULT of the code in the log', () => {
  const wrong = refusals
    .filter(({ n, code }) => String(wire[n]!.refusal) !== String(REFUSED[code]))
    .map(({ n, code }) => `${words(n)}: ${String(wire[n]!.refusal)} for ${code}`);
  assert.equal(wrong.length, 0, shown(wrong));
});

test('docs/authorisation.md is what ran', () => {
  assert.equal(read('docs/authorisation.md'), pageOf(outcomes), '`npm run authorisation:page` writes the page');
});
