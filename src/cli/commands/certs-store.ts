/** What every `openndes certs` command does: opens the store that a configuration names, and finds what is meant. */
import type { Store } from '../../core/store.ts';
import type { StoredCertificate } from '../../core/records.ts';
import { EXIT, Exit } from '../exit.ts';
import type { Output } from '../output.ts';
import { openConfiguredStore } from '../../app/settings.ts';

export async function withStore<T>(config: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openConfiguredStore(config);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Ends the command with exit 1. */
export function failed(words: string, err: Output['err']): never {
  err(words);
  throw new Exit(EXIT.failed);
}

/** People paste serials with colons, in capitals and with leading zeros. */
export const canonical = (serial: string): string =>
  serial
    .replace(/[:\s]|^0x/gi, '')
    .toLowerCase()
    .replace(/^(00)+(?=..)/, '');

/** Exit 1 when there is none. */
export async function known(store: Store, serial: string, err: Output['err']): Promise<StoredCertificate> {
  const certificate = await store.findCertificate(canonical(serial));
  return certificate ?? failed(`no certificate with serial ${canonical(serial).slice(0, 64)}`, err);
}
