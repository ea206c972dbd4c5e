/** An endpoint that moves from the CA of this server to a CA product and back, by reloads, while devices enrol. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { startServer } from '../../src/app/configured-server.ts';
import { run } from '../app/installation.ts';
import { until } from '../kit/until.ts';
import { deviceKey, enrolled, newSubject } from './device.ts';
import { atEnd, file, keyedFiles, second, secondRa } from './files.ts';
import { CHALLENGE, LISTEN } from './server.ts';

/** A CA product under test: an authority of a configuration, and what it was told of revocations, as serial numbers. */
export type MovedTo = {
  authority: { certificate: string; ra: { certificate: string; key: string } } & Record<string, unknown>;
  isRevoked: (serial: string) => boolean | Promise<boolean>;
};

const HERE = { ...keyedFiles('moving/ca', second), ra: keyedFiles('moving/ra', secondRa) };

/** Both authorities are in the file all the time; each RA opens what is encrypted to the other one. */
function configOf(of: 'here' | 'there', { authority }: MovedTo): string {
  const retired = (ra: MovedTo['authority']['ra']) => [{ certificate: ra.certificate, key: ra.key }];
  return stringify({
    listen: LISTEN,
    store: 'sqlite:./store.db',
    authorities: {
      here: { ...HERE, ra: { ...HERE.ra, retired: retired(authority.ra) } },
      there: { ...authority, ra: { ...authority.ra, retired: retired(HERE.ra) } },
    },
    endpoints: [{ path: '/moving', authority: of, policy: { static: CHALLENGE } }],
  });
}

type Made = { subject: string; certificate: X509Certificate };

/** What our client says of a certificate that is not of the CA which it fetched before. */
const OTHER_CA = 'no CA of GetCACert signed the certificate';

/**
 * A server at which devices enrol without a pause. `made`: their certificates, the newest last. `between`: devices that fetched the CA
 * before a move and enrolled after it.
 */
async function busyServer(to: MovedTo, name: string, workers: number) {
  const config = file(`${name}/openndes.yaml`, configOf('here', to));
  const server = await startServer(config, { logLevel: 'silent', workers });
  const url = server.urls[0]!;
  const made: Made[] = [];
  const failed: string[] = [];
  const between: string[] = [];
  let stopped = false;
  const enrol = async (subject: string): Promise<void> => {
    const { status, der } = await enrolled(url, { subject });
    if (status === 'issued') made.push({ subject, certificate: new X509Certificate(der) });
    else failed.push(`${subject}: ${status}`);
  };
  const device = async (): Promise<void> => {
    while (!stopped) {
      const subject = newSubject();
      await enrol(subject).catch(({ message }: Error) => (message === OTHER_CA ? between : failed).push(message));
    }
  };
  const devices = Promise.all([device(), device()]);
  const stop = async (): Promise<void> => {
    stopped = true;
    await devices;
  };
  atEnd(async () => {
    await stop();
    await server.close();
  });
  const move = async (of: 'here' | 'there'): Promise<void> => {
    writeFileSync(config, configOf(of, to));
    await server.reload();
  };
  return { config, url, made, failed, between, stop, move, close: () => server.close() };
}

const isOf = (ca: X509Certificate) => (each: Made) => each.certificate.verify(ca.publicKey);

/** Moves there and back, and looks at what becomes of certificates of both CAs. */
export async function movesThereAndBack(to: MovedTo, ca: X509Certificate, name: string, workers = 1): Promise<void> {
  const here = isOf(new X509Certificate(second.certificate));
  const there = isOf(ca);
  const { config, url, made, failed, between, stop, move, close } = await busyServer(to, name, workers);
  const next = async (isWanted: (each: Made) => boolean): Promise<Made> => {
    const from = made.length;
    return until(() => made.slice(from).find(isWanted), 'a certificate of the other CA');
  };
  const renewed = async ({ subject, certificate }: Made): Promise<Made> => {
    const signer = { key: deviceKey, certificate: certificate.raw };
    const { status, der } = await enrolled(url, { subject, challenge: '', signer });
    assert.equal(status, 'issued', `the renewal of ${subject}`);
    return { subject, certificate: new X509Certificate(der) };
  };
  const revoked = async ({ certificate }: Made): Promise<string> => {
    const serial = certificate.serialNumber.toLowerCase();
    const { code, err } = await run('certs', 'revoke', serial, '--reason', 'superseded', '--config', config);
    assert.equal(code, 0, err);
    return serial;
  };

  const first = await next(here);
  await move('there');
  const abroad = await next(there);
  assert.ok(there(await renewed(first)), 'a certificate of here renews there');
  const ofHere = await revoked(first);
  await move('here');
  const home = await next(here);
  assert.ok(here(await renewed(abroad)), 'a certificate of there renews here');
  assert.ok(here(await renewed(home)));
  const ofThere = await revoked(abroad);
  await until(() => to.isRevoked(ofThere), 'the revocation at the CA that made the certificate');
  await stop();
  const list = await (await fetch(new URL('/crl/here.crl', url))).bytes();
  await close();
  assert.deepEqual(failed, []);
  assert.ok(between.length <= 4, `${between.length}: more than two devices at each of two moves`);
  assert.equal(await to.isRevoked(ofHere), false, 'the other CA was told of a certificate of here');
  assert.ok(Buffer.from(list).includes(Buffer.from(ofHere, 'hex')));
}
