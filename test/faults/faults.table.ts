/** The faults of the simulator: docs/simulator.md. Each stays until it is lifted. */

/** `set`: as the simulator takes it. `says`: what the server gets. `tls`: only where there is TLS. */
export type Fault = { set: string | object; says: string; tls?: true };

export const FAULTS = {
  refused: { set: { refused: 3600 }, says: 'the first call is reset, then the port refuses connections' },
  reset: { set: 'reset', says: 'TCP RST in place of an answer' },
  'not TLS': { set: 'tls', tls: true, says: 'octets that are no TLS in place of an answer' },
  untrusted: {
    set: { untrusted: 3600 },
    tls: true,
    says: 'the first call is reset, then the port shows a certificate of an unknown CA',
  },
  timeout: { set: 'timeout', says: 'no answer' },
  'slow drip': { set: { drip: 500 }, says: 'the right answer, two octets in a second' },
  'answer lost': { set: 'answer-lost', says: 'the service does its work, and the connection is closed' },
  'HTTP 401': { set: { status: 401 }, says: 'HTTP 401' },
  'HTTP 403': { set: { status: 403 }, says: 'HTTP 403' },
  'HTTP 404': { set: { status: 404 }, says: 'HTTP 404' },
  'HTTP 429': { set: { status: 429 }, says: 'HTTP 429 without Retry-After' },
  'HTTP 429, Retry-After': { set: { status: 429, retryAfter: 60 }, says: 'HTTP 429 with Retry-After: 60' },
  'HTTP 500, nested JSON': { set: 'nested500', says: 'HTTP 500 with JSON in a string of its JSON' },
  'HTTP 503': { set: { status: 503 }, says: 'HTTP 503' },
  HTML: { set: 'html', says: 'HTTP 200 with a page of HTML' },
  'truncated JSON': { set: 'truncated', says: 'HTTP 200 with the first half of the right answer' },
  'wrong types': { set: 'wrong-types', says: 'HTTP 200 with numbers for text, and text for all else' },
  'huge body': { set: { huge: 4_000_000 }, says: 'HTTP 200 with the right answer in four million octets' },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;
