/** What is said after a restore: what was voided, where the knowledge of the store ends, and what to do about the rest. */
import type { voidAfterRestore } from '../manage/restored-store.ts';
import { printable } from './output.ts';

/** In lines. `madeAt`: when the backup was made, if that is known. */
export function restoredReport(
  { challenges, requests, known }: Awaited<ReturnType<typeof voidAfterRestore>>,
  madeAt: string | undefined,
): string[] {
  const { newest, entry, chain } = known;
  const since = madeAt === undefined ? 'the backup' : printable(madeAt);
  return [
    `voided: ${challenges} one-time passwords and ${requests} waiting requests; devices ask again, and passwords are issued anew`,
    'the next revocation list of each CA is a new one, with a higher number than any before',
    newest
      ? `the newest certificate that the store knows: ${newest.serial}, ${printable(newest.subject)}, of ${newest.issuedAt.toISOString()}`
      : 'the store knows no certificate',
    ...(entry
      ? [`its history ends at ${entry.toISOString()}${chain ? `, entry ${chain.number} of the chain` : ''}`]
      : []),
    `What happened since ${since} cannot be known from it; the log has it (events of requests, serial numbers, revocations):`,
    '- certificates that were issued since exist and are not recorded: import them (`openndes certs import`), or they renew as unknown ones',
    '- certificates that were revoked since are on no list: revoke them again (`openndes certs revoke`), first of all those for keyCompromise',
    '- one-time passwords and approvals of since are lost; entries of the block list of since are missing: block them again',
    '- notifications that were sent since may be sent once more; their services take the second one as the first',
    '- a head of the history that was exported since is longer than the chain now: keep it beside this report, `openndes audit verify` names it',
  ];
}
