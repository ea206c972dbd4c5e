/** How a fault spoils the right answer of a service: its content, or how it is delivered. */
import type { ServiceAnswer } from './service-call.ts';

type Reply = Extract<ServiceAnswer, { kind: 'reply' }>;

/** Turns a right answer into a spoiled one. */
export type AnswerChange = (reply: Reply) => ServiceAnswer;

/** The first half of the body, as a whole answer. */
export const truncated: AnswerChange = (reply) => ({ ...reply, body: reply.body.slice(0, reply.body.length / 2) });

/** Every value of the JSON has another type; names stay. */
export const wrongTypes: AnswerChange = (reply) => ({
  ...reply,
  body: JSON.stringify(otherType(JSON.parse(reply.body) as unknown, true)),
});

/** A string becomes a number, everything else a string; the members of the outermost object one by one. */
function otherType(value: unknown, outermost = false): unknown {
  if (outermost && typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, otherType(part)]));
  return typeof value === 'string' ? 7 : 'wrong';
}

/** White space before the end, so that the body is still valid JSON. `octets` is the length of the body. */
export const huge =
  (octets: number): AnswerChange =>
  (reply) => ({ ...reply, delivery: { kind: 'huge', octets } });

/** One octet of the body every `ms` milliseconds. */
export const drip =
  (ms: number): AnswerChange =>
  (reply) => ({ ...reply, delivery: { kind: 'drip', ms } });

/** The header promises the whole body; the connection ends in its middle. */
export const cut: AnswerChange = (reply) => ({ ...reply, delivery: { kind: 'cut' } });

/** The service has done its work, and the client does not learn it. */
export const lost: AnswerChange = () => ({ kind: 'disconnect', code: 'answer-lost' });

/** Member names in lower case, as some services write them. */
export const lowerCaseNames: AnswerChange = (reply) => ({
  ...reply,
  body: reply.body.replace(/"(\w+)":/g, (_, name: string) => `"${name.toLowerCase()}":`),
});

/** The result as the text "true" in place of the value. */
export const textValue: AnswerChange = (reply) => ({
  ...reply,
  body: reply.body.replace('"value":true', '"value":"true"'),
});
