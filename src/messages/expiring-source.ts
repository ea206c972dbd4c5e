/** Messages about certificates that end soon and were not renewed: each once for each threshold. */
import { DAY } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { MessageCertificate } from '../core/operator-message.ts';
import type { CertificateId, StoredCertificate } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import { messageCertificate } from './history-source.ts';
import { addressed, type Receiver } from './receiver.ts';

/** `thresholds`: milliseconds before the end of a certificate. */
export type ExpiringParts = {
  store: Pick<Store, 'listCertificates' | 'findRenewals' | 'messagePlace' | 'enqueueMessages'>;
  receivers: readonly Receiver[];
  thresholds: readonly number[];
  clock: Clock;
};

/** Certificates that are named in one message; the others are counted. */
const NAMED = 100;
const PAGE = 200;

/** Once a day for each threshold: those whose end has come within it since the day before. */
export async function readExpiring(parts: ExpiringParts, signal: AbortSignal): Promise<void> {
  for (const threshold of parts.thresholds) if (!signal.aborted) await readThreshold(threshold, parts, signal);
}

async function readThreshold(threshold: number, parts: ExpiringParts, signal: AbortSignal): Promise<void> {
  const { store, receivers, clock } = parts;
  const now = clock();
  const source = `expiring ${threshold}`;
  const before = new Date(now.getTime() + threshold);
  const place = await store.messagePlace(source);
  const from = place === undefined ? now : new Date(Math.max(Number(place), now.getTime()));
  if (place !== undefined && before.getTime() - Number(place) < DAY) return;
  const found = await ending({ from, before }, parts, signal);
  if (signal.aborted) return;
  const messages = messagesFor(found, receivers, { days: Math.round(threshold / DAY), at: now.toISOString() });
  await store.enqueueMessages(messages, { source, value: String(before.getTime()) });
}

/** One for each receiver, because each may look at other endpoints. */
const messagesFor = (
  found: readonly MessageCertificate[],
  receivers: readonly Receiver[],
  { days, at }: { days: number; at: string },
) =>
  receivers.flatMap((receiver) => {
    const own = found.filter(({ endpoint }) => receiver.endpoints?.includes(endpoint) ?? true);
    if (own.length === 0) return [];
    return addressed(
      [receiver],
      [{ kind: 'expiring', at, days, number: own.length, certificates: own.slice(0, NAMED) }],
    );
  });

async function ending(
  ends: { from: Date; before: Date },
  { store }: Pick<ExpiringParts, 'store'>,
  signal: AbortSignal,
): Promise<MessageCertificate[]> {
  const found: MessageCertificate[] = [];
  let after: CertificateId | undefined;
  for (let more = true; more && !signal.aborted; ) {
    const page = await store.listCertificates({ state: 'delivered', ends, limit: PAGE, ...(after && { after }) });
    for (const each of page) if (!(await isReplaced(each, store))) found.push(messageCertificate(each));
    after = page.at(-1);
    more = page.length === PAGE;
  }
  return found.toSorted((one, other) => (one.notAfter < other.notAfter ? -1 : 1));
}

/** By a renewal, or by a later certificate of the same subject at the same endpoint: Intune enrols a device anew. */
async function isReplaced(certificate: StoredCertificate, store: ExpiringParts['store']): Promise<boolean> {
  const renewals = await store.findRenewals(certificate);
  if (renewals.some(({ state }) => state !== 'revoked')) return true;
  const cn = /^CN=([^,+\\]+)/i.exec(certificate.subject)?.[1] ?? /,CN=([^,+\\]+)/i.exec(certificate.subject)?.[1];
  if (cn === undefined) return false;
  const { endpoint, subject, notAfter } = certificate;
  const ends = { from: new Date(notAfter.getTime() + 1) };
  const names = [{ kind: 'cn', value: cn }] as const;
  const later = await store.listCertificates({ endpoint, state: 'delivered', names, ends, limit: 20 });
  return later.some((each) => each.subject === subject);
}
