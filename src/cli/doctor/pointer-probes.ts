/** Whether what certificates point to can be fetched: revocation lists, the certificate of the issuer, OCSP. */
import { readCaCertificate } from '../../ca/ca-certificate.ts';
import { profilesIn } from '../../ca/profile.ts';
import { certificatesFrom } from '../../app/certificate-files.ts';
import { profileOf } from '../../app/loaded-endpoints.ts';
import type { Settings } from '../../app/settings.ts';
import { answerDeadline, systemClock } from '../../embed/system.ts';
import { download } from '../../outbound/download.ts';
import { httpsClient, NoReply } from '../../outbound/https-client.ts';
import { type Pointer, pointersIn } from '../../pkix/pointers.ts';
import { readCertificate } from '../../pkix/certificate.ts';
import { LONGEST_LIST, readList } from '../../revocation/read-list.ts';
import { fail, type ProbeOutcome, pass, type DoctorProbe, warn } from './doctor-probe.ts';

/** `in`: in which certificates it stands. `issuer`: DER of the CA whose list or certificate is there. */
type Placed = Pointer & { in: string; issuer: Uint8Array };

const REMEDY = 'Publish it there, open the way, or correct `crl` and `aia` of the profile.';
const TIMEOUT_MS = 10_000;

/** One row for each URI. */
export const pointerProbes = (settings: Settings): DoctorProbe[] =>
  [...placed(settings).values()].map((pointer) => ({
    id: `pointers.${pointer.uri}`,
    group: 'pointers',
    title: `${NAMES[pointer.kind]} at ${pointer.uri}`,
    run: () => outcomeOf(pointer),
  }));

const NAMES = { crl: 'revocation list', ocsp: 'OCSP', caIssuers: 'certificate of the issuer' } as const;

/** Those of the profiles, and those in the certificates of the CAs, by their URI. */
function placed({ endpoints }: Settings): Map<string, Placed> {
  const found = new Map<string, Placed>();
  for (const { config, authority } of endpoints) {
    const [issuer] = authority.chain;
    if (!issuer) continue;
    const own = (kind: Pointer['kind'], uris: readonly string[]): void => {
      for (const uri of uris) found.set(uri, { kind, uri, in: `certificates of ${config.path}`, issuer });
    };
    for (const { crl = [], authorityInfoAccess: { ocsp = [], caIssuers = [] } = {} } of profilesIn(profileOf(config))) {
      own('crl', crl);
      own('ocsp', ocsp);
      own('caIssuers', caIssuers);
    }
    for (const [index, der] of authority.chain.entries())
      for (const pointer of pointersIn(readCertificate(der)))
        found.set(pointer.uri, { ...pointer, in: 'a CA certificate', issuer: authority.chain[index + 1] ?? der });
  }
  return found;
}

async function outcomeOf(pointer: Placed): Promise<ProbeOutcome> {
  if (!/^https?:\/\//i.test(pointer.uri) || !URL.canParse(pointer.uri))
    return warn(
      `${pointer.uri} in ${pointer.in} is no http URL and was not tried.`,
      'Devices outside the domain cannot fetch it: name an http URL too.',
    );
  try {
    return await FETCHES[pointer.kind](pointer);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail(`${pointer.uri} in ${pointer.in} cannot be used: ${why}.`, REMEDY);
  }
}

/** Each throws Error, which says why it cannot be used. */
const FETCHES: Readonly<Record<Pointer['kind'], (pointer: Placed) => Promise<ProbeOutcome>>> = {
  async crl({ uri, issuer }) {
    const list = await download({ url: uri, limit: LONGEST_LIST, timeoutMs: TIMEOUT_MS });
    const { nextUpdate, revoked } = await readList(list, readCaCertificate(issuer, systemClock()));
    if (nextUpdate < systemClock()) throw new Error(`the list has ended at ${nextUpdate.toISOString()}`);
    return pass(`The list is valid until ${nextUpdate.toISOString()} and names ${revoked.size} certificates.`);
  },
  async caIssuers({ uri, issuer }) {
    const octets = await download({ url: uri, limit: 65_536, timeoutMs: TIMEOUT_MS });
    if (certificatesFrom(octets, uri).some((der) => Buffer.compare(der, issuer) === 0))
      return pass('The certificate of the issuer is there.');
    throw new Error('it is another certificate than that of the issuer');
  },
  async ocsp({ uri }) {
    const { exchange, close } = httpsClient({ timeoutMs: TIMEOUT_MS });
    try {
      const { status } = await exchange({ method: 'GET', url: uri, headers: {}, limit: 65_536 }, answerDeadline());
      return pass(`The responder can be reached: it answers GET with HTTP ${status}. No status was asked for.`);
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      throw new Error(error.message, { cause: error });
    } finally {
      await close();
    }
  },
};
