/** The history as syslog: each entry with its place in the chain, and the signed heads. */
import type { AuditLink, StoredHead } from '../core/audit-chain.ts';
import type { Store } from '../core/store.ts';
import { syslogFrame } from './syslog-frame.ts';

/** The name of the place up to which the history was sent. */
const SOURCE = 'syslog';
/** The number of the last head that was sent. */
const HEADS = 'syslog heads';
/** Entries that are sent over one connection. */
const PAGE = 500;

/** `send` resolves when all of it was read; `host`: the name of this machine. */
export type SyslogParts = {
  store: Pick<Store, 'listLinks' | 'chainEnd' | 'listHeads' | 'messagePlace' | 'enqueueMessages'>;
  send: (octets: Uint8Array) => Promise<void>;
  host: string;
};

/**
 * Sends what has been added since it stopped; at the first time, nothing of what was before. The place is written when the other
 * side has read everything, so that after an error an entry may come twice: its number tells.
 */
export async function sendHistory({ store, send, host }: SyslogParts, signal: AbortSignal): Promise<void> {
  const place = await store.messagePlace(SOURCE);
  let after = place === undefined ? ((await store.chainEnd())?.number ?? 0) : Number(place);
  const note = (source: string, value: number) => store.enqueueMessages([], { source, value: String(value) });
  if (place === undefined) await note(SOURCE, after);
  for (let more = true; more && !signal.aborted; ) {
    const links = await store.listLinks({ after, limit: PAGE });
    const frames = links.flatMap((link) => entryFrame(link, host));
    if (frames.length > 0) await send(Buffer.concat(frames));
    after = links.at(-1)?.number ?? after;
    if (links.length > 0) await note(SOURCE, after);
    more = links.length === PAGE;
  }
  const head = (await store.listHeads()).find(({ kind }) => kind === 'newest');
  if (!head || head.number <= Number((await store.messagePlace(HEADS)) ?? 0)) return;
  await send(headFrame(head, host));
  await note(HEADS, head.number);
}

/** What is known of an entry whose row was removed is its hash. */
function entryFrame({ number, hash, entry }: AuditLink, host: string): Buffer[] {
  if (!entry) return [];
  const { event, endpoint, transactionId, serial, certificate, actor, source, detail } = entry;
  const facts = {
    number,
    hash,
    event,
    endpoint,
    transactionId,
    serial,
    certificate,
    actor: actor.kind,
    name: actor.name,
    address: actor.address,
    source,
    detail,
  };
  const text = [event, serial ?? transactionId, endpoint, `by ${actor.name ?? actor.kind}`].filter(Boolean).join(' ');
  const line = { facility: 'audit', severity: 'notice', at: new Date(entry.at), host, messageId: event } as const;
  return [syslogFrame({ ...line, id: 'audit', facts, text })];
}

function headFrame({ number, hash, at, signature, key }: StoredHead, host: string): Buffer {
  const facts = { number, hash, key, signature: signature && Buffer.from(signature).toString('base64') };
  const line = { facility: 'audit', severity: 'notice', at, host, messageId: 'audit-head' } as const;
  return syslogFrame({ ...line, id: 'head', facts, text: `the history up to entry ${number} is signed` });
}
