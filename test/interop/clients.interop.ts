/** Real clients enrol through the Intune policy, against RSA and ECDSA issuing CAs; and what Intune refuses, is refused. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { certmonger, scepSubmit } from './kit/certmonger.ts';
import { output } from './kit/children.ts';
import type { Attempt, Client } from './kit/client.ts';
import { STATIC_CHALLENGE } from './kit/endpoints.ts';
import { type Installation, install } from './kit/installation.ts';
import type { Server } from './kit/server.ts';
import { jscep } from './kit/jscep.ts';
import { micromdm, scepclient } from './kit/micromdm.ts';
import { own } from './kit/own.ts';
import { strongswan } from './kit/strongswan.ts';
import type { Expectation } from './kit/tenant.ts';

/** Another character in the middle, where it belongs to the encrypted part. */
const tampered = (challenge: string): string => {
  const middle = challenge.length / 2;
  return `${challenge.slice(0, middle)}${challenge[middle] === 'A' ? 'B' : 'A'}${challenge.slice(middle + 1)}`;
};

type Refusal = {
  name: string;
  /** What Intune says. */
  code: string;
  minted: (asked: Expectation) => Expectation;
  handed: (challenge: string) => string;
};

const asMinted = (challenge: string): string => challenge;

const REFUSALS: readonly Refusal[] = [
  {
    name: 'changed-subject',
    code: 'SubjectNameMismatch',
    minted: (asked) => ({ ...asked, subject: 'CN=other' }),
    handed: asMinted,
  },
  {
    name: 'expired',
    code: 'ChallengeExpired',
    minted: (asked) => ({ ...asked, validitySeconds: -1 }),
    handed: asMinted,
  },
  { name: 'tampered', code: 'SignatureValidationFailed', minted: (asked) => asked, handed: tampered },
];

const WITHOUT_OPTIONS = {
  'rsa-2048': { which: 'which can all receive it', said: { code: 0, stdout: '' } },
  p256: {
    which: 'and fails by itself at the one that cannot',
    said: { code: 1, stdout: 'creating csr pkiMessage: pkcs7: only RSA keys are supported' },
  },
};

for (const key of ['rsa-2048', 'p256'] as const)
  describe(`issuing CA ${key}`, () => {
    let installation: Installation;
    let server: Server;
    before(async () => {
      installation = await install(key);
      server = await installation.serve();
    });
    after(async () => {
      assert.equal(await server.stop(), 0);
      await installation.remove();
      assert.deepEqual(server.complaints(), []);
    });

    const attempt = (client: Client, device: string, challenge: string): Promise<Attempt> => {
      const dir = join(installation.dir, `${client.name.replaceAll(' ', '-')}-${device}`);
      mkdirSync(dir);
      return client.enroll({ url: server.urlFor(client, 'intune'), dir }, device, challenge);
    };
    for (const client of [strongswan, certmonger, micromdm, jscep, own])
      describe(client === own ? own.name : `X02 ${client.name}`, () => {
        before(() => client.check());

        test('enrols, the certificate is accepted by openssl, and Intune is notified of it', async () => {
          const { tenant, root, chain, dir } = installation;
          const asked = client.asks('device');
          const { certificate, said } = await attempt(client, 'device', await tenant.mint(asked));
          assert.ok(certificate, said);
          const leaf = join(dir, `${key}-leaf.pem`);
          writeFileSync(leaf, certificate);
          const purpose = ['-x509_strict', '-purpose', 'sslclient'];
          await output('openssl', ['verify', ...purpose, '-CAfile', root, '-untrusted', chain, leaf]);

          const [listed, ...others] = (await installation.certificates()).filter(
            ({ subject }) => subject === asked.subject,
          );
          assert.deepEqual([listed?.state, others], ['delivered', []]);
          const facts = await output('openssl', [
            'x509',
            '-in',
            leaf,
            '-noout',
            '-fingerprint',
            '-ext',
            'subjectAltName',
          ]);
          assert.match(facts.replaceAll(':', ''), new RegExp(`Fingerprint=${listed?.thumbprint}`, 'i'));
          assert.match(facts, /DNS:device\.example\.org/);
          const notifications = (await tenant.calls()).filter(
            ({ hop, body }) =>
              hop === 'successNotification' && body?.notification?.certificateThumbprint === listed?.thumbprint,
          );
          assert.deepEqual(
            notifications.map(({ code }) => code),
            ['Success'],
          );
          assert.deepEqual(
            (await server.operations(asked.subject)).map(({ method, outcome, intuneCode }) => [
              method,
              outcome,
              intuneCode,
            ]),
            [[client.method, 'issued', 'Success']],
          );
        });

        for (const { name, code, minted, handed } of REFUSALS)
          test(`${name} is refused with badRequest`, async () => {
            const asked = client.asks(name);
            const challenge = handed(await installation.tenant.mint(minted(asked)));
            const { certificate, said } = await attempt(client, name, challenge);
            assert.equal(certificate, undefined);
            assert.match(said, client.saysBadRequest);
            for (const line of await server.operations(asked.subject))
              assert.deepEqual([line.outcome, line.code, line.intuneCode], ['refused', 'intune_denied', code]);
          });

        test('nothing was issued for what was refused', async () => {
          const refused = new Set(REFUSALS.map(({ name }) => client.asks(name).subject));
          const listed = await installation.certificates();
          assert.deepEqual(
            listed.filter(({ subject }) => refused.has(subject)),
            [],
          );
        });
      });

    test(`micromdm without options encrypts to every certificate, ${WITHOUT_OPTIONS[key].which}`, async () => {
      await micromdm.check();
      const dir = join(installation.dir, 'without-options');
      mkdirSync(dir);
      const site = { url: server.urlFor(micromdm, 'static'), dir };
      const { code, stdout } = await scepclient(site, 'without-options', '-challenge', STATIC_CHALLENGE);
      assert.deepEqual({ code, stdout: stdout.trim() }, WITHOUT_OPTIONS[key].said);
    });

    test("A06 certmonger's helper reads capabilities, and the RA certificate before the CAs", async () => {
      await certmonger.check();
      const capabilities = (await scepSubmit(server.url, '-c')).split(/\s+/);
      for (const name of ['AES', 'POSTPKIOperation', 'SHA-256', 'SCEPStandard'])
        assert.ok(capabilities.includes(name), name);
      const certificates = (await scepSubmit(server.url, '-C')).match(/-----BEGIN[^]+?END CERTIFICATE-----/g) ?? [];
      assert.equal(certificates.length, 3);
    });
  });
