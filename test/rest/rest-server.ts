/** The API over a store in memory, asked by requests that are injected. */
import { after } from 'node:test';
import Fastify, { type FastifyInstance } from 'fastify';
import { type AnyAction, type Caller, type Desk } from '../../src/actions/action.ts';
import { ACTIONS } from '../../src/actions/all-actions.ts';
import type { Role } from '../../src/core/access.ts';
import type { Emit, ServerEvent } from '../../src/core/events.ts';
import type { Store } from '../../src/core/store.ts';
import { REST_PREFIX, restApi } from '../../src/rest/rest-plugin.ts';
import { desk } from '../actions/desk.ts';

/** What a request got. */
export type Got = { status: number; body: Record<string, unknown>; header: (name: string) => string | undefined };

/** One request. `role`: that of the caller, whose name is the role unless `as` says another. */
export type Ask = {
  method: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'QUERY';
  path: string;
  role?: Role;
  as?: string;
  body?: unknown;
  headers?: Record<string, string>;
};

const callerOf = (text: string): Caller => {
  const [role = '', name = role] = text.split(' ');
  return { actor: { kind: 'program', name }, source: 'api', grants: [{ role: role as Role }] };
};

/** A server; `events` are those that it emitted. */
export async function restServer({
  actions = ACTIONS,
  emit,
  wrap = (store) => store,
  more = () => ({}),
}: {
  actions?: readonly AnyAction[];
  emit?: Emit;
  wrap?: (store: Store) => Store;
  more?: (desk: Desk) => Partial<Desk>;
} = {}): Promise<{
  ask: (asked: Ask) => Promise<Got>;
  events: ServerEvent[];
  desk: Desk;
}> {
  const app = Fastify({ ajv: { customOptions: { removeAdditional: false } } });
  const events: ServerEvent[] = [];
  const { store, ...rest } = await desk();
  const plain = { ...rest, store: wrap(store) };
  const on: Desk = { ...plain, ...more(plain) };
  await app.register(restApi, {
    prefix: REST_PREFIX,
    actions,
    desk: on,
    version: '1.2.3',
    emit: emit ?? ((event) => void events.push(event)),
    login: async ({ headers: { authorization } }) =>
      authorization ? callerOf(authorization.replace('Bearer ', '')) : 'unauthorized',
  });
  after(() => app.close());
  return { events, desk: on, ask: (asked) => inject(app, asked) };
}

async function inject(app: FastifyInstance, { method, path, role, as, body, headers }: Ask): Promise<Got> {
  const response = await app.inject({
    method,
    url: `${REST_PREFIX}${path}`,
    headers: { ...(role && { authorization: `Bearer ${role}${as === undefined ? '' : ` ${as}`}` }), ...headers },
    ...(body !== undefined && { payload: body as object }),
  });
  return {
    status: response.statusCode,
    body: response.json<Record<string, unknown>>(),
    header: (name) => response.headers[name]?.toString(),
  };
}
