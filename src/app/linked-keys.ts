/** What makes links to keys of people, as a configuration says: the authority of an endpoint, and where the links lead. */
import { ConfigError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import { systemRandom } from '../embed/system.ts';
import { NotCertified } from '../enroll/certify-here.ts';
import type { Management } from '../manage/administrator.ts';
import type { KeyMaker, LinkMaker } from '../pfx/make-key-link.ts';
import { readSections } from './configuration-file.ts';
import { endpointIn, userKeyParts } from './pfx-work.ts';
import { withSettings } from './settings.ts';

/** `pfx.links`. Throws ConfigError without it. */
export function readLinks(file: string): string {
  const links = readSections(file, ['pfx']).pfx?.links;
  if (links !== undefined) return links;
  throw new ConfigError(
    'the configuration has no `pfx.links`, so nothing can be fetched',
    'Add `links: https://NAME` to the section `pfx`, the URL under which people reach this server, and reload it.',
  );
}

/** Why a CA made no certificate; undefined for another error. */
export const whyNotCertified = (error: unknown): string | undefined =>
  error instanceof NotCertified ? error.message : undefined;

/** Who lets files wait. */
export const linkMaker = ({ store, clock, actor, source }: Management<Store>): LinkMaker & { store: Store } => ({
  store,
  clock,
  random: systemRandom,
  actor,
  source,
});

/** Runs the work with what makes keys at an endpoint. Throws ConfigError for a configuration without this endpoint or a section `pfx`. */
export const withKeyMaker = <T>(
  { file, endpoint }: { file: string; endpoint: string },
  management: Management<Store>,
  work: (maker: KeyMaker) => Promise<T>,
): Promise<T> =>
  withSettings(file, (settings) => {
    if (!settings.pfx)
      throw new ConfigError('the configuration has no section `pfx`', 'docs/pfx.md says what goes there.');
    const loaded = endpointIn(settings, endpoint);
    const { name } = loaded.config;
    return work({
      ...userKeyParts(loaded, management, () => {}),
      ...linkMaker(management),
      plan: settings.pfx,
      endpoint: name,
    });
  });
