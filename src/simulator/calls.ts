/** Remembers the calls that the simulated services answered, without their secrets. */
import type { ServiceAnswer, ServiceCall, ServiceHop } from './service-call.ts';

export type RecordedCall = {
  /** ISO 8601. */
  at: string;
  hop: ServiceHop;
  /** The Intune code; elsewhere the words of the HTTP status, `timeout` or `disconnect`. */
  code: string;
  /** HTTP status; 0 when there was no answer. */
  status: number;
  /** JSON and forms as objects, with the client's secret cut out; other bodies as text; null without one. */
  body: unknown;
  clientRequestId: string;
};

/** Calls kept at least; twice as many at most, so that a load test does not fill the memory. */
const KEPT = 10_000;

const SECRETS = ['client_secret', 'client_assertion'];

export class CallList {
  #calls: RecordedCall[] = [];

  remember(exchange: ServiceCall, answer: ServiceAnswer): RecordedCall {
    const replied = answer.kind === 'reply' ? answer : { status: 0, code: answer.kind };
    const call = {
      at: exchange.at.toISOString(),
      hop: exchange.hop,
      code: replied.code,
      status: replied.status,
      body: recordedBody(exchange),
      clientRequestId: exchange.clientRequestId,
    };
    if (this.#calls.length >= 2 * KEPT) this.#calls = this.#calls.slice(-KEPT);
    this.#calls.push(call);
    return call;
  }

  /** The calls so far, oldest first. */
  list(): readonly RecordedCall[] {
    return [...this.#calls];
  }

  clear(): void {
    this.#calls = [];
  }
}

function recordedBody({ hop, body }: ServiceCall): unknown {
  if (body === '') return null;
  if (hop === 'token') return withoutSecrets(body);
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // Not JSON: exactly what somebody who looks at the calls wants to see.
    return body;
  }
}

/** A form without its secrets. What is no form could have the secret anywhere, and is not kept. */
function withoutSecrets(body: string): unknown {
  if (!/^[\w.-]+=/.test(body)) return '(not a form)';
  const fields = [...new URLSearchParams(body)];
  return Object.fromEntries(fields.map(([key, value]) => [key, SECRETS.includes(key) ? '(redacted)' : value]));
}
