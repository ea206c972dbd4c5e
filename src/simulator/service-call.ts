/** One call as a service receives it, and the answer to it. */
import type { FastifyRequest } from 'fastify';
import type { ServiceSite } from './site.ts';

/** The calls to Entra, and to the managed identity endpoints, which give Entra's tokens. */
export const ENTRA_HOPS = ['openid', 'instance', 'keys', 'token', 'tokenV1', 'managedIdentity'] as const;
/** The calls to Graph; `legacyDiscovery` is that of the retired Azure AD Graph. */
export const GRAPH_HOPS = [
  'discovery',
  'legacyDiscovery',
  'application',
  'certificateStates',
  'user',
  'userPfxCertificates',
] as const;
/** The calls to Graph that list the directory. */
export const DIRECTORY_HOPS = ['managedDevices', 'users', 'devices'] as const;
/** The hops that are ScepActions of Intune and answer with an Intune code. */
export const ACTIONS = ['validateRequest', 'successNotification', 'failureNotification'] as const;
/** One of the ScepActions. */
export type ServiceAction = (typeof ACTIONS)[number];

/** The calls to Intune about revocation. */
export const REVOCATION_HOPS = ['downloadRevocationRequests', 'uploadRevocationResults'] as const;

/** All calls: to Entra, Graph and Intune. */
export const HOPS = [...ENTRA_HOPS, ...GRAPH_HOPS, ...DIRECTORY_HOPS, ...ACTIONS, ...REVOCATION_HOPS] as const;
/** One of the hops. */
export type ServiceHop = (typeof HOPS)[number];

/** The call, parsed as far as every service needs it. */
export type ServiceCall = {
  hop: ServiceHop;
  at: Date;
  site: ServiceSite;
  /** Host of the call, in lower case, with the port as the client wrote it. */
  host: string;
  /** Path and query as sent. */
  path: string;
  query: URLSearchParams;
  /** The parts of the path that its pattern names, such as `tenant`; an absent one is empty. */
  params: Readonly<Record<string, string>>;
  headers: FastifyRequest['headers'];
  /** The body as text, empty when there is none. */
  body: string;
  /** From the header or, as Entra's clients send it, from the query; empty when absent. */
  clientRequestId: string;
};

/**
 * What the caller gets; `code` is for the list of calls. `timeout` never answers, `disconnect` ends the connection, `reset`
 * does so with TCP RST, `tls` sends octets that are no TLS.
 */
export type ServiceAnswer =
  | {
      kind: 'reply';
      status: number;
      code: string;
      headers: Readonly<Record<string, string>>;
      body: string;
      /** How it is spoiled on the way. */
      delivery?: { kind: 'cut' } | { kind: 'drip'; ms: number } | { kind: 'huge'; octets: number };
    }
  | { kind: 'timeout' | 'disconnect' | 'reset' | 'tls'; code?: string };

/** Answers the calls of one hop. A response fault changes its answer in place of replacing it. */
export type ServiceHandler = (call: ServiceCall, responseFault?: ResponseFault) => ServiceAnswer;
/** A fault that changes one detail of an answer; the table in injected-faults.ts describes each. */
export type ResponseFault = 'no-role' | 'evil-host';

type Extras = { code?: string; headers?: Readonly<Record<string, string>> };

/** A JSON answer. `code` is for the list of calls; by default the reason phrase of the status. */
export const json = (status: number, body: unknown, { code, headers }: Extras = {}): ServiceAnswer => ({
  kind: 'reply',
  status,
  code: code ?? statusText(status),
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
});

/** The reason phrases (RFC 9110 15) of the statuses that are answered here or are likely as a fault. */
const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  410: 'Gone',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The reason phrase of a status, or its digits when the table has none. */
export const statusText = (status: number): string => STATUS_TEXTS[status] ?? String(status);

/** The media type of the body without parameters, in lower case; empty when the call has none. */
export const mediaType = ({ headers }: ServiceCall): string => {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase();
};
