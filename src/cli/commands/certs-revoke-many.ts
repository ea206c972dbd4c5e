/** `openndes certs revoke` for what a filter finds, and for every certificate of a CA: the preview comes first. */
import type { LiveIssuer, StoredCertificate } from '../../core/records.ts';
import type { RevocationStep, Store } from '../../core/store.ts';
import type { Management } from '../../manage/administrator.ts';
import { systemPause } from '../../embed/system.ts';
import { revocable, revokeAllOf } from '../../manage/revoke-many.ts';
import { assertConfirmed } from '../confirmed.ts';
import { type FilterOptions, listFilter } from '../list-options.ts';
import { counted, type Output, printable, table } from '../output.ts';
import { asksTwo, byTwo, digestOfAll } from '../second-person.ts';
import { failed } from './certs-store.ts';

/** What names many certificates. */
export type ManyOptions = Pick<FilterOptions, 'subject' | 'cn' | 'san' | 'endpoint' | 'thumbprint'> & {
  allOf?: string;
  yes?: true;
};

/** Whether an option names certificates by what they have. */
export const isFiltered = ({ subject, cn, san, endpoint, thumbprint }: ManyOptions): boolean =>
  [subject, cn, san, endpoint, thumbprint].some((each) => each !== undefined);

const SHOWN = 20;

/** What the filter finds, once it is confirmed. */
export async function confirmedMatches(
  management: Management<Store>,
  { subject, cn, san, endpoint, thumbprint, yes }: ManyOptions,
  err: Output['err'],
): Promise<StoredCertificate[]> {
  const now = management.clock();
  const options = Object.entries({ subject, cn, san, endpoint, thumbprint }).filter(([, value]) => value !== undefined);
  const { ends: _, ...filter } = listFilter(Object.fromEntries(options), now);
  const found = await revocable(management, filter, now);
  if (found.length === 0) return failed('Nothing was revoked: no certificate that is valid now is like this.', err);
  err(
    table([
      ['SERIAL', 'EXPIRES', 'SUBJECT'],
      ...found
        .slice(0, SHOWN)
        .map(({ serial, notAfter, subject: of }) => [serial, notAfter.toISOString().slice(0, 10), printable(of)]),
    ]),
  );
  if (found.length > SHOWN) err(`… and ${counted(found.length - SHOWN)} more`);
  err(`${counted(found.length)} ${found.length === 1 ? 'certificate' : 'certificates'} would be revoked.`);
  await assertConfirmed(found.length, { yes, done: 'Nothing was revoked' }, err);
  return found;
}

/** `authority`: its name, or the beginning of the id of an issuer. */
export async function revokeEveryOf(
  management: Management<Store>,
  { allOf: authority = '', yes, reason, config }: ManyOptions & { reason: RevocationStep['reason']; config: string },
  output: Output,
): Promise<void> {
  const { out, err } = output;
  const { issuerId, name, certificates } = issuerOf(
    await management.store.liveIssuers(management.clock()),
    authority,
    err,
  );
  err(
    `${counted(certificates)} certificates of ${printable(name)} have not ended: all of them would be revoked for good.`,
  );
  err('A server that runs goes on issuing: take the authority from its endpoints first.');
  await assertConfirmed(certificates, { yes, done: 'Nothing was revoked' }, err);
  const effect = { config, digest: digestOfAll([issuerId]) };
  const named = asksTwo(config, output) ? await byTwo(management, effect, output) : management;
  let [shown, begun] = [0, performance.now()];
  const step = async (revoked: number): Promise<void> => {
    if (revoked >= shown + EVERY)
      err(
        `${counted((shown = revoked))} of at most ${counted(certificates)} revoked; it may be ended, and given again`,
      );
    // As long as the transaction took, the store is left to the server.
    await systemPause(performance.now() - begun);
    begun = performance.now();
  };
  const revoked = await revokeAllOf(named, issuerId, { reason, step });
  out(`revoked ${counted(revoked)} certificates of ${printable(name)}: ${reason}`);
}

/** Certificates between two lines of progress. */
const EVERY = 10_000;

function issuerOf(live: readonly LiveIssuer[], text: string, err: Output['err']): LiveIssuer {
  const named = live.filter(({ authority }) => authority === text);
  const found = named.length > 0 ? named : live.filter(({ issuerId }) => text !== '' && issuerId.startsWith(text));
  const [issuer, ...others] = found;
  if (issuer && others.length === 0) return issuer;
  const all = (issuer ? found : live).map(
    (each) => `${each.issuerId} (${printable(each.name)}, ${each.authority ?? 'no authority'})`,
  );
  const why = issuer
    ? 'several issuers are of this authority'
    : 'no issuer of certificates that have not ended is named so';
  return failed([`Nothing was revoked: ${why}.`, ...(all.length > 0 ? ['Name one of:', ...all] : [])].join('\n'), err);
}
