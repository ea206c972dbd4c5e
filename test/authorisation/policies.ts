/** The settings of the endpoints as openndes.yaml has them, and the service behind the webhook. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd, file } from '../wiring/files.ts';
import type { EndpointName } from './endpoints.table.ts';

/** The static challenge of every endpoint that has one, and what the webhook allows. */
export const LAB = 'The-Challenge-of-the-Laboratory';

/** A policy module that answers the same to every request. */
const module = (decision: string): object => ({
  module: file(`${decision}.mjs`, MODULE.replace('DECISION', decision === 'allow' ? ALLOW : DENY)),
});
const MODULE = `export default () => ({ name: 'same', decide: async () => (DECISION) });`;
const ALLOW = `{ kind: 'allow', notify: 'none' }`;
const DENY = `{ kind: 'deny', code: 'policy_denied', detail: 'always' }`;

/** By the name of the endpoint. */
export async function settings(): Promise<(name: string) => object> {
  const fixed = { static: LAB };
  const oneTime = { oneTime: { max: 100_000 } };
  const intune = { intune: 'contoso' };
  const all: Readonly<Record<EndpointName, object>> = {
    static: { policy: fixed },
    'one-time': { policy: oneTime },
    manual: { policy: fixed, approval: 'manual' },
    intune: { policy: intune },
    webhook: {
      policy: { webhook: { url: await webhook(), secret: 'the secret of the webhook', onUnreachable: 'fail' } },
    },
    'all-of': { policy: { allOf: [module('allow'), fixed] } },
    'all-of-denies': { policy: { allOf: [module('deny'), fixed] } },
    'all-of-intune': { policy: { allOf: [module('allow'), intune] } },
    'any-of': { policy: { anyOf: [fixed, oneTime] } },
    'no-renewal': { policy: fixed, renewal: false },
    'one-key': { policy: fixed, requireSignerKeyMatch: true },
  };
  return (name) => all[name as EndpointName];
}

/** A service that allows the one challenge. */
async function webhook(): Promise<string> {
  const server = createServer((request, response) => void decide(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function decide(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  const { scepChallenge } = JSON.parse(body) as { scepChallenge?: string };
  response.end(JSON.stringify({ decision: scepChallenge === LAB ? 'allow' : 'deny' }));
}
