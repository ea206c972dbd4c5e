/** Whether an endpoint would take a captured message, and if not, why: what `explain` says last. */
import { HttpError, REFUSALS } from '../core/errors.ts';
import type { Opened } from '../scep/message.ts';
import { open } from '../scep/open.ts';
import type { MessageRules } from '../scep/open-context.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import type { NamedRa } from '../app/named-ras.ts';

/** One sentence for each endpoint, by its path. The policy is not asked, because that can use up a challenge. */
export async function verdicts(bytes: Uint8Array, ras: readonly NamedRa[]): Promise<Record<string, string>> {
  const verdicts: Record<string, string> = {};
  for (const { of, ra, rules } of ras) if (rules) verdicts[of] = await verdict(bytes, { of, ra, rules });
  return verdicts;
}

async function verdict(bytes: Uint8Array, endpoint: Required<NamedRa>): Promise<string> {
  const opened = await openAt(bytes, endpoint);
  if (typeof opened === 'string' || opened.kind === 'request') return sentence(opened);
  if (opened.code !== 'signing_time_refused') return sentence(opened);
  // A captured message is old. What else is wrong with it matters more.
  const otherwise = await openAt(bytes, { ...endpoint, rules: { ...endpoint.rules, signingTime: undefined } });
  return `${sentence(opened)}. When it was signed: ${sentence(otherwise)}`;
}

async function openAt(
  bytes: Uint8Array,
  { ra, rules }: { ra: NamedRa['ra']; rules: MessageRules },
): Promise<Opened | string> {
  try {
    return await open(bytes, { ra, rules, clock: systemClock, random: systemRandom });
  } catch (error) {
    if (error instanceof HttpError) return `refused, HTTP 400 (${error.code}): ${error.message}`;
    throw error;
  }
}

function sentence(opened: Opened | string): string {
  if (typeof opened === 'string') return opened;
  if (opened.kind === 'refused') return `refused, ${REFUSALS[opened.code].failInfo} (${opened.code}): ${opened.detail}`;
  const legacy = opened.legacy.length ? `, with the legacy algorithms ${opened.legacy.join(', ')}` : '';
  return `taken as ${opened.header.messageType}${legacy}; the policy was not asked`;
}
