/** Messages about what the history says: certificates that were issued, and requests that wait for approval. */
import type { AuditLink } from '../core/audit-chain.ts';
import type { Message, MessageCertificate } from '../core/operator-message.ts';
import type { StoredCertificate } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import { addressed, type Receiver } from './receiver.ts';

/** The name of the place up to which the history was read. */
const SOURCE = 'history';

/** Entries that are read at once. */
const PAGE = 200;

/** Where it is read from and written to. */
export type HistoryParts = {
  store: Pick<Store, 'listLinks' | 'chainEnd' | 'findCertificatesBySerial' | 'messagePlace' | 'enqueueMessages'>;
  receivers: readonly Receiver[];
};

/** From where it stopped, in the order of the chain. At the first time nothing is said of what was before. */
export async function readHistory({ store, receivers }: HistoryParts, signal: AbortSignal): Promise<void> {
  const place = await store.messagePlace(SOURCE);
  let after = place === undefined ? ((await store.chainEnd())?.number ?? 0) : Number(place);
  if (place === undefined) await store.enqueueMessages([], { source: SOURCE, value: String(after) });
  for (let more = true; more && !signal.aborted; ) {
    const links = await store.listLinks({ after, limit: PAGE });
    const messages = (await Promise.all(links.map((link) => messageOf(link, store)))).flatMap((each) => each ?? []);
    after = links.at(-1)?.number ?? after;
    if (links.length > 0)
      await store.enqueueMessages(addressed(receivers, messages), { source: SOURCE, value: String(after) });
    more = links.length === PAGE;
  }
}

async function messageOf({ entry }: AuditLink, store: HistoryParts['store']): Promise<Message | undefined> {
  if (!entry) return undefined;
  const { event, endpoint, transactionId, detail, serial, certificate } = entry;
  const at = new Date(entry.at).toISOString();
  if (event === 'pending' && detail === 'approval') return { kind: 'waiting', at, endpoint, transactionId };
  if (event !== 'issued' || serial === undefined) return undefined;
  const found = (await store.findCertificatesBySerial(serial)).find((each) => each.thumbprintSha256 === certificate);
  return found && { kind: 'issued', at, transactionId, certificate: messageCertificate(found) };
}

/** A certificate as a message has it. */
export const messageCertificate = (stored: StoredCertificate): MessageCertificate => ({
  endpoint: stored.endpoint,
  subject: stored.subject,
  serial: stored.serial,
  issuer: stored.issuer,
  thumbprint: stored.thumbprint,
  notAfter: stored.notAfter.toISOString(),
});
