/** The links of Graph's lists: where the next page is, where the next listing begins, and links that lead nowhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DirectoryKind } from '../../src/core/tenant-directory.ts';
import { directoryLists } from '../../src/intune/directory-lists.ts';
import type { OutboundReply } from '../../src/outbound/https-client.ts';

const GRAPH = 'https://graph.test';
const START = `${GRAPH}/v1.0/users/delta?$select=id,userPrincipalName,accountEnabled`;
const END = `${GRAPH}/v1.0/users/delta?$deltatoken=end`;

const page = (body: object, status = 200): OutboundReply => ({ status, headers: {}, text: JSON.stringify(body) });
const user = (id: string) => ({ id, userPrincipalName: `${id}@contoso.example`, accountEnabled: true });

/** Lists against pages by their URL. `asked`: the URLs in their order. */
function graph(pages: Readonly<Record<string, OutboundReply>>) {
  const asked: string[] = [];
  const list = directoryLists({
    cloud: { graph: GRAPH },
    tokens: { get: async () => 'secret', forget: () => {} },
    exchange: async ({ url }) => {
      asked.push(url);
      if (asked.length > 100) throw new Error('more than 100 calls');
      return pages[url] ?? page({ error: { code: 'NotFound', message: '' } }, 404);
    },
    clock: () => new Date(0),
    uuid: () => 'id',
    tries: 1,
    backoffMs: 1,
  });
  const listed = async (kind: DirectoryKind, link?: string) => {
    const { full, objects } = await list(kind, link, new AbortController().signal);
    return { full, ids: [...objects.keys()] };
  };
  return { asked, listed };
}

test('a list whose pages lead in a circle ends at once', async () => {
  const next = `${GRAPH}/v1.0/users/delta?$skiptoken=1`;
  const body = { value: [user('a')], '@odata.nextLink': next };
  const { asked, listed } = graph({ [START]: page(body), [next]: page(body) });
  await assert.rejects(listed('user'), {
    hop: 'directory',
    message: /the list of Graph has a page that leads back to an earlier one/,
  });
  assert.equal(asked.length, 2);
});

for (const [status, code] of [
  [410, 'syncStateNotFound'],
  [400, 'syncStateNotFound'],
  [400, 'resyncRequired'],
  [404, 'syncStateInvalid'],
] as const)
  test(`a link that Graph refuses with ${status} ${code}: everything is listed anew`, async () => {
    const { listed } = graph({
      [END]: page({ error: { code, message: '' } }, status),
      [START]: page({ value: [user('a')], '@odata.deltaLink': END }),
    });
    assert.deepEqual(await listed('user', END), { full: true, ids: ['a'] });
  });

test('a link that was kept from another cloud gets no token: everything is listed anew', async () => {
  const { asked, listed } = graph({ [START]: page({ value: [user('a')], '@odata.deltaLink': END }) });
  assert.deepEqual(await listed('user', 'https://other.test/v1.0/users/delta?$deltatoken=x'), {
    full: true,
    ids: ['a'],
  });
  assert.deepEqual(asked, [START]);
});

test('a page with an error is none, also with status 200', async () => {
  const body = { value: [], '@odata.deltaLink': END, error: { code: 'generalException', message: 'cut' } };
  await assert.rejects(graph({ [START]: page(body) }).listed('user'), { hop: 'directory' });
});

for (const link of ['https://graph.test.evil.example/x', 'http://graph.test/x', '/v1.0/users', 7, null])
  test(`the next page at ${JSON.stringify(link)} is not asked for`, async () => {
    const { asked, listed } = graph({ [START]: page({ value: [user('a')], '@odata.nextLink': link }) });
    await assert.rejects(listed('user'), { hop: 'directory' });
    assert.equal(asked.length, 1);
  });
