/** One request for each operation that gets 200, in this order: the ids in later ones come from the answers of earlier ones. */

/** What a request got, as JSON. */
export type Json = Record<string, unknown>;

/** The server and what it answered so far, by operation. */
export type Asking = { answers: ReadonlyMap<string, Json>; pkcs10: string };

/** A path below `/api/v1`, and a body for a change. */
export type Request = { path: string; body?: object };

/** How an operation is asked. */
type Row = (asking: Asking) => Request;

const first = ({ answers }: Asking, operation: string, list: string, at = 0): Record<string, string> =>
  ((answers.get(operation) as Record<string, Record<string, string>[]>)[list] ?? [])[at] ?? {};

const certificate = (asking: Asking, at: number, verb = ''): string => {
  const { issuerId, serial } = first(asking, 'certificates.list', 'certificates', at);
  return `/certificates/${issuerId}/${serial}${verb}`;
};
const post = (path: string, body: object = {}): Request => ({ path, body });

const FILTER = 'subject=many';
const BLOCK = 'user:bob@example.com';

/** By the name of the action. */
export const REQUESTS: Readonly<Record<string, Row>> = {
  'endpoints.list': () => ({ path: '/endpoints' }),
  'endpoints.read': () => ({ path: `/endpoints/${encodeURIComponent('/plain')}` }),
  'endpoints.test': ({ pkcs10 }) => post('/tests', { request: pkcs10, endpoint: '/plain' }),
  'authorities.list': () => ({ path: '/authorities' }),
  'authorities.read': () => ({ path: '/authorities/issuing' }),
  'orders.list': () => ({ path: '/orders' }),
  'orders.done': (asking) => post(`/orders/${first(asking, 'orders.list', 'orders')['id']}/done`),
  'tenants.list': () => ({ path: '/tenants' }),
  'conditions.list': () => ({ path: '/conditions' }),
  'passwords.endpoints': () => ({ path: '/passwords/endpoints' }),
  'passwords.issue': () => post('/passwords', { endpoint: '/once' }),
  'requests.list': () => ({ path: '/requests' }),
  'requests.approve': (asking) => post(`/requests/${first(asking, 'requests.list', 'requests')['id']}/approve`),
  'requests.reject': (asking) =>
    post(`/requests/${first(asking, 'requests.list', 'requests', 1)['id']}/reject`, { reason: 'unknown' }),
  'certificates.list': () => ({ path: '/certificates' }),
  'certificates.export': () => ({ path: '/certificates/export?form=csv' }),
  'certificates.read': (asking) => ({ path: certificate(asking, 0) }),
  'certificates.hold': (asking) => post(certificate(asking, 0, '/hold')),
  'certificates.release': (asking) => post(certificate(asking, 0, '/release')),
  'certificates.block': (asking) => post(certificate(asking, 0, '/block')),
  'certificates.revoke': (asking) => post(certificate(asking, 0, '/revoke'), { reason: 'superseded' }),
  'certificates.previewRevocation': () => ({ path: `/revocations/preview?${FILTER}` }),
  'certificates.revokeMany': ({ answers }) => {
    const { count, digest } = answers.get('certificates.previewRevocation') ?? {};
    return post('/revocations', { filter: { subject: 'many' }, digest, confirm: count });
  },
  'blocks.add': () => post('/blocks', { name: BLOCK }),
  'blocks.list': () => ({ path: '/blocks' }),
  'blocks.remove': () => ({ path: `/blocks/${encodeURIComponent(BLOCK)}` }),
  'proposals.list': () => ({ path: '/proposals' }),
  'overview.read': () => ({ path: '/overview' }),
  'devices.trace': () => ({ path: '/devices?query=one' }),
  'attempts.list': () => ({ path: '/attempts?limit=10' }),
  'messages.test': () => post('/messages/test', { receiver: 'webhook:ops' }),
  'messages.list': () => ({ path: '/messages' }),
  'messages.retry': () => post('/messages/retry'),
  'userKeys.list': () => ({ path: '/user-keys' }),
  'userKeys.read': (asking) => ({ path: `/user-keys/${first(asking, 'userKeys.list', 'keys')['id']}` }),
  'userKeys.issue': () => post('/user-keys', { user: 'jane@contoso.example', purpose: 'smimeSigning' }),
  'userKeys.renew': (asking) => post(`/user-keys/${first(asking, 'userKeys.list', 'keys')['id']}/renew`),
  'userKeys.revoke': (asking) => post(`/user-keys/${first(asking, 'userKeys.list', 'keys')['id']}/revoke`),
  'userKeys.reconcile': () => ({ path: '/reconciliations/user-keys' }),
  'audit.list': () => ({ path: '/audit' }),
  'audit.export': () => ({ path: '/audit/export?form=json' }),
  'audit.verify': () => ({ path: '/audit/verification' }),
};
