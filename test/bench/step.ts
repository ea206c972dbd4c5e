/** From request bytes to CertRep bytes, beside the floor: the public-key operations that no server can avoid. */
import { constants, createPublicKey, privateDecrypt, publicEncrypt, randomBytes, sign, verify } from 'node:crypto';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { generateKey, type KeyChoice } from '../../src/keys/software.ts';
import { messageCodec } from '../../src/scep/codec.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { systemRandom } from '../../src/embed/system.ts';
import { benchAuthority } from './authority.ts';
import { clientKeys, request } from './corpus.ts';
import { median, microsecondsOf } from './measure.ts';

/** Rounds that do not count: until then much of the time goes into compiling. */
const WARM_UP = 25;
const ROUNDS = 25;
const PER_ROUND = 60;

/** Microseconds of one run, median of interleaved rounds. */
export type StepResult = { choice: KeyChoice; floor: number; step: number };

/** One RA decryption, one CA signature, one RA signature, two RSA verifications, one encryption, with node:crypto. */
export function floorOf(caKey: ReturnType<typeof generateKey>, raKey: ReturnType<typeof generateKey>): () => void {
  const client = generateKey('rsa-2048').privateKey;
  const clientPublic = createPublicKey(client);
  const padding = constants.RSA_PKCS1_PADDING;
  const contentKey = randomBytes(16);
  const data = randomBytes(900);
  const encrypted = publicEncrypt({ key: createPublicKey(raKey.privateKey), padding }, contentKey);
  const signature = sign('sha256', data, client);
  const caDigest = caKey.kind.type === 'ec' && caKey.kind.bits > 256 ? 'sha384' : 'sha256';
  return () => {
    privateDecrypt({ key: raKey.privateKey, padding }, encrypted);
    verify('sha256', data, clientPublic, signature);
    verify('sha256', data, clientPublic, signature);
    sign(caDigest, data, caKey.privateKey);
    sign('sha256', data, raKey.privateKey);
    publicEncrypt({ key: clientPublic, padding }, contentKey);
  };
}

export async function measureStep(choice: KeyChoice): Promise<StepResult> {
  const { issuer, ca, ra } = await benchAuthority(choice);
  const clock = (): Date => new Date();
  const random = systemRandom;
  const rules = { legacy: new Set<never>(), signingTime: undefined, renewal: true };
  const codec = messageCodec({ ra: registrationAuthority(ra), rules, clock, random });
  const keys = clientKeys(8);
  const corpus = await Promise.all(
    Array.from({ length: 48 }, (_, i) => request(keys[i % keys.length]!, ra.certificate, i)),
  );
  const { signal } = new AbortController();

  async function step(message: Uint8Array): Promise<void> {
    const opened = await codec.open(message);
    if (opened.kind !== 'request') throw new Error(`the corpus was refused: ${opened.detail}`);
    if (opened.content.type !== 'certification-request') throw new Error('the corpus holds no requests');
    const { content, header, replyTo } = opened;
    if (content.type !== 'certification-request') throw new Error('the corpus asks for no certificate');
    const enrolment: EnrollmentRequest = {
      endpoint: '/',
      transactionId: header.transactionId,
      csr: content.csr,
      signerSpki: replyTo.signerKey.spki,
      requestKey: '',
    };
    const issued = await issuer.issue(enrolment, { kind: 'allow', notify: 'none' }, signal);
    await codec.seal(header, { status: 'success', replyTo, certificates: [issued.certificate] });
  }

  const floor = floorOf(ca.key, ra.key);
  const steps: number[] = [];
  const floors: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const floorTime = await microsecondsOf(PER_ROUND, () => floor());
    const stepTime = await microsecondsOf(PER_ROUND, (i) => step(corpus[i % corpus.length]!));
    if (round < 0) continue;
    floors.push(floorTime);
    steps.push(stepTime);
  }
  return { choice, floor: median(floors), step: median(steps) };
}
