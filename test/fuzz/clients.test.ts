/** Changed messages of real clients: changed as a whole, and changed inside the envelope and signed again. */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { berToDer } from '../../src/asn1/ber.ts';
import { HttpError } from '../../src/core/errors.ts';
import { type SoftwareKey, softwareKey } from '../../src/keys/software.ts';
import type { MessageHeader } from '../../src/scep/message.ts';
import { open } from '../../src/scep/open.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { seal } from '../../src/scep/seal.ts';
import { forge } from '../kit/forge.ts';
import { clock, context, everyLegacy, type Keyed, random as randomOctets } from '../kit/pki.ts';
import { contentOf, readSigned } from '../kit/pkijs.ts';
import { differs, shapeOf } from '../oracle/replies.ts';
import { mutate } from './mutate.ts';
import { seeded } from './random.ts';

const INPUTS = 1500;

type Pem = { certificate: string; key: string };
type Vector = { client: string; message: string; signer: Pem };

const folder = join(import.meta.dirname, '..', 'vectors', 'clients');
const load = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const octets = (base64: string): Buffer => Buffer.from(base64, 'base64');
const keyed = ({ certificate, key }: Pem): Keyed => ({
  certificate: octets(certificate),
  key: softwareKey(createPrivateKey(key)) satisfies SoftwareKey,
});

const registration = registrationAuthority(keyed(load('ra.json') as Pem));
const settings = context({ legacy: everyLegacy, renewal: true }, registration);
const CLIENTS = globSync('*.json', { cwd: folder })
  .filter((name) => name !== 'ra.json')
  .toSorted()
  .map((name) => load(name) as Vector)
  .map(({ client, message, signer }) => ({
    client,
    message: octets(message),
    der: berToDer(octets(message)).der,
    envelope: berToDer(contentOf(readSigned(octets(message)))).der,
    signer: keyed(signer),
  }));

/** The outcome: opened, or the code; and the header to answer to, when there is one. Throws any other error. */
async function ended(message: Uint8Array): Promise<{ outcome: string; header?: MessageHeader }> {
  try {
    const result = await open(message, settings);
    return { outcome: result.kind === 'refused' ? result.code : 'opened', header: result.header };
  } catch (error) {
    if (error instanceof HttpError && error.code === 'message_undecodable') return { outcome: error.code };
    throw error;
  }
}

test('X04 messages of clients, changed anywhere: opened, refused or undecodable', async () => {
  const random = seeded(8894);
  const outcomes = new Map<string, number>();
  for (let i = 0; i < INPUTS; i++) {
    // As it was sent, often BER, and as DER, in which whole elements can be changed.
    const { message, der } = random.pick(CLIENTS);
    const { outcome } = await ended(mutate(random.pick([message, der]), random, random.pick(CLIENTS).der));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  for (const outcome of ['opened', 'signature_invalid', 'message_undecodable'])
    assert.ok(outcomes.has(outcome), outcome);
});

test('X04 E12 their envelopes, changed and signed again: all faults after decryption are refused in the same form', async () => {
  const random = seeded(5652);
  const forms: ReturnType<typeof shapeOf>[] = [];
  for (let i = 0; i < INPUTS; i++) {
    const { envelope, signer } = random.pick(CLIENTS);
    const content = mutate(envelope, random, random.pick(CLIENTS).envelope);
    const { outcome, header } = await ended(forge({ content, signer }));
    // Algorithms and structure are public. Only faults after decryption must look the same.
    assert.ok(['opened', 'request_refused', 'algorithm_refused', 'message_undecodable'].includes(outcome), outcome);
    if (outcome !== 'request_refused' || !header) continue;
    const reply = { status: 'failure', code: 'request_refused' } as const;
    forms.push(shapeOf(await seal({ header, reply, ra: registration, clock, random: randomOctets })));
  }
  assert.ok(forms.length > 100, String(forms.length));
  for (const form of forms) assert.equal(differs(forms[0]!, form), undefined);
});
