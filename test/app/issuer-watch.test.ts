/** A CA product that cannot be used is in the log once, and once more when it can be used again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchIssuers } from '../../src/app/issuer-watch.ts';
import { productStanding } from '../../src/app/product-standing.ts';
import type { CaProduct } from '../../src/ca/checked-issuer.ts';
import type { ServerEvent } from '../../src/core/events.ts';
import type { IssuerStanding } from '../../src/core/issuer.ts';
import { until } from '../kit/until.ts';

const issue = () => Promise.reject(new Error('nothing is issued here'));
const asked = (check: CaProduct['check']): CaProduct => ({ issue, ...(check && { check }) });

test('the reason is said once, and the end of the fault once; a product without check is not asked', async (t) => {
  const said: ServerEvent[] = [];
  let reason = '';
  let looks = 0;
  const check = async () => {
    looks += 1;
    if (reason === 'thrown') throw new Error('no way to the CA');
    return { ok: reason === '', detail: reason };
  };
  const products = new Map([
    ['issuing', asked(check)],
    ['silent', asked(undefined)],
  ]);
  const { standings, end } = watchIssuers({ products, emit: (event) => void said.push(event), every: 1 });
  t.after(end);
  const looked = async (): Promise<void> => {
    const from = looks;
    await until(() => looks >= from + 3, 'some looks', { every: 1 });
  };
  await looked();
  assert.deepEqual([said, [...standings.keys()], standings.get('issuing')?.()], [[], ['issuing'], undefined]);
  reason = 'the token has ended';
  await looked();
  assert.deepEqual(said.splice(0), [{ event: 'issuer-failed', authority: 'issuing', reason: 'the token has ended' }]);
  reason = 'thrown';
  await looked();
  assert.deepEqual([said, standings.get('issuing')?.()], [[], 'no way to the CA']);
  reason = '';
  await looked();
  assert.deepEqual(said.splice(0), [{ event: 'issuer-works', authority: 'issuing' }]);
  assert.equal(standings.get('issuing')?.(), undefined);
});

test('warnings are said once, again when they change, and their end once; a fault does not end them', async (t) => {
  const said: ServerEvent[] = [];
  let standing: IssuerStanding = { ok: true, detail: '', warnings: ['everybody may enrol'] };
  let looks = 0;
  const check = async () => {
    looks += 1;
    return standing;
  };
  const products = new Map([['issuing', asked(check)]]);
  const { warnings, end } = watchIssuers({ products, emit: (event) => void said.push(event), every: 1 });
  t.after(end);
  const after = async (next: IssuerStanding): Promise<ServerEvent[]> => {
    standing = next;
    const from = looks;
    await until(() => looks >= from + 3, 'some looks', { every: 1 });
    return said.splice(0);
  };
  assert.deepEqual(await after(standing), [
    { event: 'issuer-warns', authority: 'issuing', warnings: ['everybody may enrol'] },
  ]);
  const both = ['everybody may enrol', 'the key is short'];
  assert.deepEqual(await after({ ok: true, detail: '', warnings: both }), [
    { event: 'issuer-warns', authority: 'issuing', warnings: both },
  ]);
  assert.deepEqual(await after({ ok: false, detail: 'away' }), [
    { event: 'issuer-failed', authority: 'issuing', reason: 'away' },
  ]);
  assert.deepEqual(warnings.get('issuing')?.(), both);
  assert.deepEqual(await after({ ok: true, detail: '' }), [
    { event: 'issuer-works', authority: 'issuing' },
    { event: 'issuer-warns-no-more', authority: 'issuing' },
  ]);
  assert.deepEqual(warnings.get('issuing')?.(), []);
});

test('warnings of a module that are no list are left out', async () => {
  const standing = { ok: true, detail: 'up', warnings: 'everybody may enrol' } as unknown as IssuerStanding;
  const product = asked(async () => standing);
  assert.deepEqual(await productStanding(product, new AbortController().signal), { ok: true, detail: 'up' });
});

test('a product that gives no answer in time cannot be used', async () => {
  const stop = new AbortController();
  const standing = productStanding(
    asked(() => new Promise(() => undefined)),
    stop.signal,
  );
  stop.abort(new Error('over'));
  assert.deepEqual(await standing, { ok: false, detail: 'it gave no answer in time' });
});
