/** Clients that others made: they read the CAs, wait for an administrator, renew, are refused, and do without POST. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { certmonger } from './kit/certmonger.ts';
import type { Foreign, Site } from './kit/client.ts';
import { type Decides, STATIC_CHALLENGE } from './kit/endpoints.ts';
import { type Installation, install } from './kit/installation.ts';
import type { Server } from './kit/server.ts';
import { jscep } from './kit/jscep.ts';
import { micromdm } from './kit/micromdm.ts';
import { certificatesIn, fingerprints } from './kit/pem.ts';
import { strongswan } from './kit/strongswan.ts';
import { withoutPost } from './kit/without-post.ts';

let installation: Installation;
let server: Server;
before(async () => {
  installation = await install('rsa-2048');
  server = await installation.serve();
});
after(async () => {
  assert.equal(await server.stop(), 0);
  await installation.remove();
  assert.deepEqual(server.complaints(), []);
});

/** A folder for one device of this client. */
function siteFor(client: Foreign, decides: Decides): Site {
  const dir = mkdtempSync(join(installation.dir, `${client.name}-`));
  return { url: server.urlFor(client, decides), dir };
}

async function enrolled(client: Foreign, site: Site, device: string): Promise<X509Certificate> {
  const { certificate, said } = await client.enroll(site, device, STATIC_CHALLENGE);
  assert.ok(certificate, said);
  return new X509Certificate(certificate);
}

/** As the log and the list of certificates show it. */
const serialOf = ({ serialNumber }: X509Certificate): string => serialNumber.toLowerCase();

/** The cases that a client proves by what it sends. */
const RENEWS = {
  RenewalReq: { cases: 'N01', by: 'as RenewalReq' },
  PKCSReq: { cases: 'N02', by: 'as PKCSReq' },
};
const POLLS = {
  CertPoll: { cases: 'G01 R03', by: 'and polls' },
  PKCSReq: { cases: 'G02 R03', by: 'and sends its request again' },
};

// One of them sleeps for half a minute when it has to wait, in which the next one has the processor.
describe('clients', { concurrency: 2 }, () => {
  for (const client of [micromdm, strongswan, certmonger, jscep])
    describe(`X02 ${client.name}`, () => {
      before(() => client.check());

      test('A06 A01 reads RA, issuing CA and root', async () => {
        const found = await client.authorities(siteFor(client, 'static'));
        const served = [installation.ra, installation.chain].flatMap((path) =>
          fingerprints(readFileSync(path, 'utf8')),
        );
        assert.deepEqual(client.keepsOrder ? found : found.toSorted(), client.keepsOrder ? served : served.toSorted());
      });

      const polls = POLLS[client.sends.poll];
      test(`${polls.cases} waits for an administrator, ${polls.by}`, async () => {
        const site = siteFor(client, 'approval');
        const { subject } = client.asks('waiting');
        const attempt = client.enroll(site, 'waiting', STATIC_CHALLENGE);
        await Promise.race([server.operations(subject, ({ outcome }) => outcome === 'pending'), attempt]);
        await installation.approve(subject);
        const { certificate, said } = await attempt;
        assert.ok(certificate, said);
        const lines = await server.operations(subject, ({ outcome }) => outcome === 'issued');
        const sent = lines.map(({ messageType, outcome }) => `${messageType} ${outcome}`);
        assert.deepEqual([sent.at(0), sent.at(-1)], ['PKCSReq pending', `${client.sends.poll} issued`]);
        assert.deepEqual(
          new Set(sent.slice(1, -1)),
          new Set(sent.slice(1, -1).map(() => `${client.sends.poll} pending`)),
        );
      });

      const renews = RENEWS[client.sends.renewal];
      test(`${renews.cases} renews with a new key, ${renews.by} signed by the certificate that it has`, async () => {
        const site = siteFor(client, 'static');
        const { subject } = client.asks('renewing');
        const old = await enrolled(client, site, 'renewing');
        const { certificate, said } = await client.renew(site, 'renewing');
        const renewed = certificatesIn(certificate ?? '')[0];
        assert.ok(renewed, said);
        assert.notEqual(renewed.serialNumber, old.serialNumber);
        assert.ok(!renewed.publicKey.equals(old.publicKey));
        const lines = await server.operations(subject, ({ renews }) => renews !== undefined);
        const { messageType, renews, outcome } = lines.at(-1)!;
        assert.deepEqual([messageType, renews, outcome], [client.sends.renewal, serialOf(old), 'issued']);
      });

      test('R03 gets badRequest for a wrong challenge', async () => {
        const { subject } = client.asks('wrong');
        const { certificate, said } = await client.enroll(siteFor(client, 'static'), 'wrong', 'not the challenge');
        assert.equal(certificate, undefined);
        assert.match(said, client.saysBadRequest);
        const [line] = await server.operations(subject);
        assert.deepEqual([line?.outcome, line?.code], ['refused', 'challenge_wrong']);
      });

      test(`enrols by ${client.withoutPost} where POST is not offered`, async () => {
        const site = siteFor(client, 'static');
        const { subject } = client.asks('without-post');
        const relay = await withoutPost(site.url);
        try {
          await enrolled(client, { ...site, url: relay.url }, 'without-post');
        } finally {
          await relay.close();
        }
        const sent = (await server.operations(subject)).map(({ method, outcome }) => `${method} ${outcome}`);
        assert.deepEqual(sent, [`${client.withoutPost} issued`]);
      });
    });
});
