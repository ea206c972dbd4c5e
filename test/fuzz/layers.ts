/**
 * Where a message is changed: the whole, or an inner part, around which lengths, encryption and signature are made
 * anew.
 */
import { randomBytes, sign } from 'node:crypto';
import { DerReader } from '../../src/asn1/reader.ts';
import { encode, sequence } from '../../src/asn1/writer.ts';
import { forge, forgeEnvelope, type SignedParts, sorted } from '../kit/forge.ts';
import { flat, nodesOf, octetsOf } from '../kit/tree.ts';
import { clientKey } from './keys.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import { type Shape, SHAPES } from './shapes.ts';

/** Writes a changed message from a shape. */
export type Layer = (shape: Shape, random: Random) => Uint8Array;

const whole = ({ csr, envelope, signed }: Shape, different: Partial<SignedParts> = {}): Uint8Array =>
  forge({ content: forgeEnvelope({ content: csr, ...envelope }), ...signed, ...different });

/** Each shape as DER and as BER. */
const MESSAGES: ReadonlyMap<Shape, { der: Uint8Array; ber: Uint8Array }> = new Map(
  SHAPES.map((shape) => {
    const der = whole(shape);
    return [shape, { der, ber: inBer(der) }];
  }),
);
/** DER from which elements are copied into others. */
const DONORS: readonly Uint8Array[] = [...MESSAGES].flatMap(([shape, { der }]) => [der, shape.csr]);

function inBer(message: Uint8Array): Uint8Array {
  const [root] = nodesOf(message);
  for (const node of flat(root!)) node.form = { indefinite: true, chunk: 100 };
  return octetsOf(root!);
}

/** The CertificationRequestInfo of a request, and the AlgorithmIdentifier of its signature. */
function partsOf(csr: Uint8Array): { info: Uint8Array; algorithm: Uint8Array } {
  const request = DerReader.over(csr).sequence();
  return { info: request.element().der, algorithm: request.element().der };
}

function resigned(csr: Uint8Array, change: (info: Uint8Array) => Uint8Array): Uint8Array {
  const { info, algorithm } = partsOf(csr);
  const changed = change(info);
  const signature = sign('sha256', changed, clientKey.privateKey);
  return sequence(changed, algorithm, encode(0x03, Buffer.of(0), signature));
}

const changedBy = (random: Random, bytes: Uint8Array): Uint8Array => mutate(bytes, random, random.pick(DONORS));

/** How often each layer is changed, of all; and how. */
export const LAYERS: Readonly<Record<string, { share: number; change: Layer }>> = {
  /** Most of these end at the signature, and those that do not are the interesting ones. */
  message: {
    share: 8,
    change: (shape, random) => changedBy(random, MESSAGES.get(shape)![random.below(3) ? 'der' : 'ber']),
  },
  certificate: {
    share: 1,
    change: (shape, random) =>
      whole(shape, {
        certificates: [changedBy(random, shape.signed.signer!.certificate)],
      }),
  },
  attributes: {
    share: 2,
    change: (shape, random) =>
      whole(shape, {
        arrange: (attributes) => [changedBy(random, Buffer.concat(sorted(attributes)))],
      }),
  },
  envelope: {
    share: 3,
    change: ({ csr, envelope, signed }, random) =>
      forge({ ...signed, content: changedBy(random, forgeEnvelope({ content: csr, ...envelope })) }),
  },
  request: {
    share: 2,
    change: (shape, random) => whole({ ...shape, csr: changedBy(random, shape.csr) }),
  },
  requestInfo: {
    share: 3,
    change: (shape, random) => whole({ ...shape, csr: resigned(shape.csr, (info) => changedBy(random, info)) }),
  },
  plaintext: {
    share: 1,
    change: (shape, random) => whole({ ...shape, csr: randomBytes(random.below(500)) }),
  },
};
