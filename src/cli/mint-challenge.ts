/** A challenge of `openndes simulator`, for `enroll --simulator`. */
import { field, parseObject, textField } from '../outbound/untrusted-json.ts';
import { reachable } from './reachable.ts';

/** `control`: the control URL. Throws Error with the cause and what to look at. */
export async function mintChallenge(
  control: string,
  { subject, san }: { subject?: string; san: readonly string[] },
): Promise<string> {
  const response = await reachable(fetch)(new URL('/challenges', control), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ subject, ...(san.length > 0 && { san }) }),
  });
  const answer = parseObject(await response.text());
  const challenge = field(answer, 'challenge');
  if (response.ok && typeof challenge === 'string') return challenge;
  const why = textField(answer, 'error') ?? 'no answer of the simulator: look at the control URL in --simulator';
  throw new Error(`the simulator minted no challenge: HTTP ${response.status}, ${why}`);
}
