/** The authorities: chains, thumbprints, RAs, revocation lists, OCSP, and their certificates to download. */
import { z } from 'zod';
import { action, type Running } from './action.ts';
import { type AuthorityView, authorityView, downloadedCertificate } from './authority-view.ts';
import { found, isSeen, ofServer, type Placed, seenEndpoints } from './seen-places.ts';

const NAME = z.string().min(1).max(200);

/** Actions on authorities: all of them read. */
export const AUTHORITY_ACTIONS = [
  action({
    name: 'authorities.list',
    about:
      'The authorities with their chains, thumbprints by platform, RA certificates, revocation lists and OCSP signers.',
    permission: 'view',
    route: 'GET /authorities',
    input: z.object({}),
    output: z.object({ authorities: z.array(authorityView) }),
    run: async (running) => ({ authorities: (await seen(running)).map((each) => shown(each, running)) }),
  }),
  action({
    name: 'authorities.read',
    about: 'One authority, and the certificates of its chain to download, as PEM and as DER.',
    permission: 'view',
    route: 'GET /authorities/{name}',
    input: z.object({ name: NAME }),
    output: z.object({ authority: authorityView, certificates: z.array(downloadedCertificate) }),
    run: async (running) => {
      const one = found(await seen(running), ({ view }) => view.name === running.input.name, 'authority');
      const certificates = ofServer(running.desk.authorities).certificates(one.view.name);
      return { authority: shown(one, running), certificates: [...certificates] };
    },
  }),
] as const;

async function seen({ desk, reach }: Running<unknown>): Promise<Placed<AuthorityView>[]> {
  return (await ofServer(desk.authorities).list()).filter((each) => isSeen(reach, each));
}

const shown = (each: Placed<AuthorityView>, { reach }: Running<unknown>): AuthorityView => ({
  ...each.view,
  endpoints: seenEndpoints(reach, each),
});
