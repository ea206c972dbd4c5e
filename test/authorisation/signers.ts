/** Who signs the message of a request, and what the request asks for, by the names of signers.table.ts. */
import { implicit } from '../../src/asn1/tags.ts';
import { encode } from '../../src/asn1/writer.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { keyIdentifier } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { nameOf, type SignedParts } from '../kit/forge.ts';
import type { Keyed } from '../kit/pki.ts';
import { issuing, ra } from '../wiring/files.ts';
import type { EndpointName } from './endpoints.table.ts';
import { made, newKey } from './messages.ts';
import type { SignerName } from './signers.table.ts';
import type { Own, World } from './world.ts';

/** `live`: a live certificate of the endpoint, which this request alone may renew where it can. */
export type Scene = { world: World; endpoint: EndpointName; id: string; live: Own };

/** What the request asks for, and who signs the message. */
export type Signed = {
  subject: string;
  key: SoftwareKey;
  signer: Keyed;
  names?: readonly string[];
  different?: Partial<SignedParts>;
  /** What is exchanged after signing. */
  exchange?: 'content' | 'type';
};

const ISSUER = readCertificate(issuing.certificate).subject;
const STRANGER = newKey();
const FOREIGN_CA = newKey();
const OTHER_NAME = ['dns:added.example.com'];

const subjectOf = ({ id }: Scene): string => `CN=${id}`;
/** A self-signed certificate of this key with the subject of the request. */
const self = (scene: Scene, key: SoftwareKey): Promise<Keyed> => made({ key, subject: nameFromText(subjectOf(scene)) });

/** The requested key, self-signed, and what else is odd. */
async function ownKey(scene: Scene, different?: (signer: Keyed) => Partial<SignedParts>): Promise<Signed> {
  const key = newKey();
  const signer = await self(scene, key);
  return { subject: subjectOf(scene), key, signer, ...(different && { different: different(signer) }) };
}

/** The key of an unknown signer, self-signed, and what else is odd. */
async function unknownSigner(scene: Scene, different?: (signer: Keyed) => Partial<SignedParts>): Promise<Signed> {
  const signer = await self(scene, STRANGER);
  return { subject: subjectOf(scene), key: newKey(), signer, ...(different && { different: different(signer) }) };
}

/** A certificate of this server signs a request for a new key and its own subject. */
const renewing = (signer: Own): Signed => ({ subject: signer.subject, key: newKey(), signer });

const bySki = ({ key }: Keyed): Partial<SignedParts> => ({ signerId: encode(implicit(0), keyIdentifier(key.spki)) });

/** A certificate with our name as issuer and the serial number of a live one, for this key. */
const imitation = ({ live }: Scene, key: SoftwareKey): Promise<Keyed> => {
  const { serialNumber, subject } = readCertificate(live.certificate);
  return made({ key, subject, issuer: ISSUER, serialNumber, signedBy: FOREIGN_CA });
};

async function imitating(scene: Scene, key: SoftwareKey, requested = key): Promise<Signed> {
  return { subject: scene.live.subject, key: requested, signer: await imitation(scene, key) };
}

const changed = (signature: Uint8Array): Uint8Array => {
  const copy = Buffer.from(signature);
  copy[copy.length - 1]! ^= 1;
  return copy;
};

const MAKERS: Readonly<Record<SignerName, (scene: Scene) => Signed | Promise<Signed>>> = {
  'self-signed': (scene) => ownKey(scene),
  'self-signed, other key': (scene) => unknownSigner(scene),
  'self-signed, our name': async (scene) => ({
    ...(await unknownSigner(scene)),
    signer: await made({ key: STRANGER, subject: ISSUER }),
  }),
  'self-signed, by SKI': (scene) => ownKey(scene, bySki),
  live: ({ live }) => renewing(live),
  'live, same key': ({ live }) => ({ ...renewing(live), key: live.key }),
  'live, by SKI': ({ live }) => ({ ...renewing(live), different: bySki(live) }),
  'live, other subject': (scene) => ({ ...renewing(scene.live), subject: subjectOf(scene) }),
  'live, other subject, same key': (scene) => ({
    ...renewing(scene.live),
    subject: subjectOf(scene),
    key: scene.live.key,
  }),
  'live, more names': ({ live }) => ({ ...renewing(live), names: OTHER_NAME }),
  'renewed twice': ({ world, endpoint }) => renewing(world.shared(endpoint, 'renewed twice')),
  expired: ({ world, endpoint }) => renewing(world.shared(endpoint, 'expired')),
  revoked: ({ world, endpoint }) => renewing(world.shared(endpoint, 'revoked')),
  'never delivered': ({ world, endpoint }) => renewing(world.shared(endpoint, 'never delivered')),
  'of another endpoint': ({ world }) => renewing(world.elsewhere),
  compromised: ({ world, endpoint }) => renewing(world.shared(endpoint, 'compromised')),
  'compromised, same key'({ world, endpoint }) {
    const own = world.shared(endpoint, 'compromised');
    return { ...renewing(own), key: own.key };
  },
  'compromised key requested': async (scene) => ({
    ...(await unknownSigner(scene)),
    key: scene.world.shared(scene.endpoint, 'compromised').key,
  }),
  'of another CA here': ({ world }) => renewing(world.otherCa),
  'foreign, our name and serial': (scene) => imitating(scene, STRANGER, newKey()),
  'foreign, our name and serial, requested key': (scene) => imitating(scene, newKey()),
  'the RA': async (scene) => ({ ...(await unknownSigner(scene)), signer: ra }),
  'unknown signer behind a live one': (scene) =>
    unknownSigner(scene, ({ certificate }) => ({ certificates: [scene.live.certificate, certificate] })),
  async 'copy before a live one'(scene) {
    const signed = await imitating(scene, STRANGER, newKey());
    return { ...signed, different: { certificates: [signed.signer.certificate, scene.live.certificate] } };
  },
  'unknown signer named as a live one': (scene) =>
    unknownSigner(scene, () => ({ signerId: nameOf(scene.live.certificate) })),
  'live one named, unknown signer first': (scene) =>
    unknownSigner(scene, ({ certificate }) => ({
      signerId: nameOf(scene.live.certificate),
      certificates: [certificate, scene.live.certificate],
    })),
  'live one, foreign signature': ({ live }) => ({
    ...renewing(live),
    signer: { certificate: live.certificate, key: STRANGER },
  }),
  'no certificate': (scene) => ownKey(scene, () => ({ certificates: [] })),
  'other certificates': (scene) =>
    ownKey(scene, () => ({ certificates: [scene.live.certificate, issuing.certificate] })),
  'signature changed': (scene) =>
    ownKey(scene, ({ key }) => ({
      signatureOf: (data) => changed(key.sign({ data, digest: 'sha256', scheme: 'pkcs1' }) as Uint8Array),
    })),
  'content changed': async (scene) => ({ ...(await ownKey(scene)), exchange: 'content' }),
  'type changed': async (scene) => ({ ...(await ownKey(scene)), exchange: 'type' }),
  'two SignerInfos': (scene) => ownKey(scene, () => ({ signerInfos: (one) => [one, one] })),
  'no SignerInfo': (scene) => ownKey(scene, () => ({ signerInfos: () => [] })),
};

/** The signer of a row, in its scene. */
export const signedBy = async (name: SignerName, scene: Scene): Promise<Signed> => MAKERS[name](scene);
