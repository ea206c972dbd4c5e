/** What a proxy did to an answer on its way from openndes to a device. */
import type { OtherAnswer } from '../../client/url-length.ts';
import { answerText } from '../long-urls.ts';
import { fail, type ProbeOutcome } from './doctor-probe.ts';

/** An answer as it came: at most so much of it as was read. */
export type PublicAnswer = OtherAnswer & { octets: Uint8Array };

type Trap = {
  is: (answer: PublicAnswer, type: string) => boolean;
  text: (operation: string, answer: PublicAnswer, type: string) => string;
  remedy: string;
};

const typeOf = ({ headers }: PublicAnswer): string => headers.get('content-type') ?? 'none';

/** The first that applies is the one that is named. */
const TRAPS: readonly Trap[] = [
  {
    is: ({ status }) => status >= 300 && status < 400,
    text: (operation, answer) =>
      `The public URL redirects: ${operation} got ${answerText(answer)}. Many SCEP clients follow no redirect.`,
    remedy: 'Serve this path without a redirect, also on http; or give devices the URL at which it ends.',
  },
  {
    is: (answer) => typeOf(answer).startsWith('text/html') || /^\s*<(!doctype|html)/i.test(answer.body),
    text: (operation, { status }) =>
      `An HTML page came in place of the answer to ${operation} (HTTP ${status}): a portal, a login or a block page.`,
    remedy:
      'Let this path through without a login or a check for browsers: pre-authentication "Passthrough" in Entra application proxy.',
  },
  {
    is: ({ status }) => status !== 200,
    text: (operation, answer) => `${operation} got ${answerText(answer)}.`,
    remedy: 'Look whether the proxy passes this path on to openndes, unchanged, and whether the server runs.',
  },
  {
    is: (answer, type) => typeOf(answer) !== type && typeOf(answer).startsWith(`${type};`),
    text: (operation, answer) =>
      `A proxy adds to the content type of ${operation}: "${typeOf(answer)}". Apple clients compare all of it.`,
    remedy: 'Take the charset away at the proxy: `charset off;` in nginx, no `AddDefaultCharset` in Apache.',
  },
  {
    is: (answer, type) => typeOf(answer) !== type,
    text: (operation, answer, type) => `The content type of ${operation} is "${typeOf(answer)}" and must be "${type}".`,
    remedy: 'Look for a rule of the proxy that sets content types, and whether openndes answers at this URL.',
  },
];

/** What is wrong with an answer that must have status 200 and this content type; undefined when nothing is. */
export function spoiled(operation: string, answer: PublicAnswer, type: string): ProbeOutcome | undefined {
  const trap = TRAPS.find(({ is }) => is(answer, type));
  return trap && fail(trap.text(operation, answer, type), trap.remedy, { cause: 'proxy' });
}

/** The outcome for an answer whose octets are not those that the server sent. */
export const rewritten = (what: string): ProbeOutcome =>
  fail(
    what,
    'Switch off at the proxy what changes bodies: "Translate URLs in application body" of Entra application proxy, compression, filters, caches.',
    { cause: 'proxy' },
  );
