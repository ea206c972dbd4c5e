/** The CAs of the corpus: for each kind of key a root, and an issuing CA under it. */
import { createIssuingCa, createOcspSigner, createRa, createRoot } from '../../src/ca/create.ts';
import type { KeyProvider } from '../../src/core/keys.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { random } from '../kit/pki.ts';

/** Now: the readers look at the clock. */
export const NOW = new Date(Math.floor(Date.now() / 1000) * 1000);
const clock = (): Date => NOW;
const DAY = 86_400_000;

/** Certificates DER. `files`: the other certificates of the CA, by name. */
export type CorpusCa = {
  kind: string;
  root: { certificate: Uint8Array; key: KeyProvider };
  issuing: { certificate: Uint8Array; key: KeyProvider };
  ocspSigners: Readonly<Record<string, { certificate: Uint8Array; key: KeyProvider }>>;
  ra: Uint8Array;
};

const KINDS: Readonly<Record<string, (name: string) => KeyProvider>> = {
  'rsa-2048': (name) => rsaKey(name),
  'rsa-3072': (name) => rsaKey(name, 3072),
  'rsa-4096': (name) => rsaKey(name, 4096),
  p256: (name) => ecKey(name),
  p384: (name) => ecKey(name, 'P-384'),
};

/** One for each kind of key that every reader knows. */
export const corpusCas = (): Promise<CorpusCa[]> => Promise.all(Object.keys(KINDS).map(corpusCa));

async function corpusCa(kind: string): Promise<CorpusCa> {
  const key = KINDS[kind]!;
  const plan = (what: string, own: KeyProvider, years: number) => ({
    subject: `CN=Corpus ${what} ${kind},O=Corpus`,
    key: own,
    validity: years * 365 * DAY,
    backdate: DAY,
    clock,
    random,
  });
  const rootKey = key('corpus root');
  const root = { certificate: await createRoot(plan('Root CA', rootKey, 20)), key: rootKey };
  const issuingKey = key('corpus issuing');
  const certificate = await createIssuingCa(plan('Issuing CA', issuingKey, 10), root);
  const issuing = { certificate, key: issuingKey };
  const signer = async (own: KeyProvider) => ({
    certificate: await createOcspSigner({ ...plan('OCSP', own, 1), validity: 30 * DAY }, issuing),
    key: own,
  });
  return {
    kind,
    root,
    issuing,
    ocspSigners: { rsa: await signer(rsaKey('corpus ocsp')), ec: await signer(ecKey('corpus ocsp')) },
    ra: await createRa(plan('RA', rsaKey('corpus ra'), 1), issuing),
  };
}
