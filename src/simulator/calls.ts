/** Records the calls to the simulated services, without secrets. */
import type { ServiceAnswer, ServiceCall, ServiceHop } from './service-call.ts';

/** One call, as `GET /calls` shows it. */
export type RecordedCall = {
  /** ISO 8601. */
  at: string;
  hop: ServiceHop;
  /** The Intune code; else the reason phrase of the HTTP status, or the name of the fault that gave no answer. */
  code: string;
  /** HTTP status; 0 when there was no answer. */
  status: number;
  /** Path and query of the call. */
  path: string;
  /** JSON and forms as objects, the client's secret redacted; other bodies as text; null without a body. */
  body: unknown;
  /** The header or query parameter `client-request-id`; empty when the client sent none. */
  clientRequestId: string;
};

/** At least so many calls are kept, and at most twice as many, so a load test does not fill the memory. */
const LIMIT = 10_000;

const SECRETS = ['client_secret', 'client_assertion'];

/** The recorded calls of one simulator. */
export class CallList {
  #calls: RecordedCall[] = [];

  /** Adds a call with its answer and returns the record. */
  record(call: ServiceCall, answer: ServiceAnswer): RecordedCall {
    const reply = answer.kind === 'reply' ? answer : { status: 0, code: answer.code ?? answer.kind };
    const record = {
      at: call.at.toISOString(),
      hop: call.hop,
      code: reply.code,
      status: reply.status,
      path: call.path,
      body: recordedBody(call),
      clientRequestId: call.clientRequestId,
    };
    if (this.#calls.length >= 2 * LIMIT) this.#calls = this.#calls.slice(-LIMIT);
    this.#calls.push(record);
    return record;
  }

  /** The calls so far, oldest first. */
  list(): readonly RecordedCall[] {
    return [...this.#calls];
  }

  /** Removes all records. */
  clear(): void {
    this.#calls = [];
  }
}

function recordedBody({ hop, body }: ServiceCall): unknown {
  if (body === '') return null;
  if (hop === 'token' || hop === 'tokenV1') return redactedForm(body);
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // Not JSON: shown as text, because a client that sends a wrong body is what people look for.
    return body;
  }
}

/** The fields of a form, secrets redacted. Another body could contain a secret anywhere, so it is not kept. */
function redactedForm(body: string): unknown {
  if (!/^[\w.-]+=/.test(body)) return '(not a form)';
  const fields = [...new URLSearchParams(body)];
  return Object.fromEntries(fields.map(([key, value]) => [key, SECRETS.includes(key) ? '(redacted)' : value]));
}
