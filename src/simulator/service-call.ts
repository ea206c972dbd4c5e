/** One call as a service sees it, and what it is answered. */
import type { FastifyRequest } from 'fastify';
import type { Site } from './site.ts';

/** The calls of one enrolment, in their order: Entra, Graph, Intune. */
export const HOPS = [
  'openid',
  'token',
  'discovery',
  'validateRequest',
  'successNotification',
  'failureNotification',
] as const;
export type ServiceHop = (typeof HOPS)[number];

/** The hops that are ScepActions of Intune and answer with an Intune code. */
export const ACTIONS = ['validateRequest', 'successNotification', 'failureNotification'] as const;
export type ServiceAction = (typeof ACTIONS)[number];

export type ServiceCall = {
  hop: ServiceHop;
  at: Date;
  site: Site;
  /** The first segment of an Entra path; empty elsewhere. */
  tenant: string;
  headers: FastifyRequest['headers'];
  /** The body as text, empty when there is none. */
  body: string;
  /** From the header or, as Entra's clients do, from the query; empty when neither is there. */
  clientRequestId: string;
};

/** What the caller gets. `timeout` holds the connection open without a word, `disconnect` closes it. */
export type ServiceAnswer =
  | { kind: 'reply'; status: number; code: string; headers: Readonly<Record<string, string>>; body: string }
  | { kind: 'timeout' | 'disconnect' };

/** A service's way to answer. A twist is a fault that bends the answer instead of taking its place. */
export type Handler = (exchange: ServiceCall, twist?: Twist) => ServiceAnswer;
export type Twist = 'no-role' | 'lowercase-keys' | 'evil-host';

type Extras = { code?: string; headers?: Readonly<Record<string, string>> };

/** A JSON answer. `code` is what the list of calls shows; the words of the status when not given. */
export const json = (status: number, body: object, { code, headers }: Extras = {}): ServiceAnswer => ({
  kind: 'reply',
  status,
  code: code ?? statusText(status),
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
});

/** Reason phrases of RFC 9110 15 that are answered here or asked for as a fault. */
const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  410: 'Gone',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The reason phrase of a status, or its digits when it has none here. */
export const statusText = (status: number): string => STATUS_TEXTS[status] ?? String(status);

/** The media type of the body, without parameters, in lower case. */
export const mediaType = ({ headers }: ServiceCall): string =>
  (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
