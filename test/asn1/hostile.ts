/** Inputs made to exhaust a reader, each with the call that it attacks. Run in a separate thread with little memory. */
import { isMainThread, parentPort } from 'node:worker_threads';
import { berToDer } from '../../src/asn1/ber.ts';
import { LIMITS } from '../../src/asn1/limits.ts';
import { DerReader } from '../../src/asn1/reader.ts';
import { TAG } from '../../src/asn1/tags.ts';
import { encode, sequence } from '../../src/asn1/writer.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { readCertificationRequest } from '../../src/pkix/csr.ts';
import { readName } from '../../src/pkix/name.ts';

const MEGABYTE = 1 << 20;
/** A size limit above the inputs, so that the checks of the content are tested and not the size limit. */
const ANY_SIZE = { ...LIMITS, size: 64 * MEGABYTE };

const nested = (depth: number, open: string, close: string): Buffer =>
  Buffer.from(open.repeat(depth) + close.repeat(depth), 'hex');

function nestedDefinite(depth: number): Uint8Array {
  let der: Uint8Array = Buffer.alloc(0);
  for (let i = 0; i < depth; i++) der = sequence(der);
  return der;
}

function enterAll(reader: DerReader): void {
  while (!reader.done) enterAll(reader.sequence());
}

const claims = (length: string): Buffer => Buffer.from(`30${length}0201`, 'hex');
const items = (count: number): Uint8Array => encode(TAG.set, Buffer.from('3000'.repeat(count), 'hex'));
const filled = (tag: number, octets: number, octet = 0x31): Uint8Array => encode(tag, Buffer.alloc(octets, octet));

export const HOSTILE: Readonly<Record<string, () => unknown>> = {
  '1,000 deep, read': () => enterAll(DerReader.over(nestedDefinite(1000))),
  '1,000 deep, converted': () => berToDer(nestedDefinite(1000)),
  '1,000 deep and indefinite': () => berToDer(nested(1000, '3080', '0000')),
  '500,000 deep without end': () => berToDer(nested(500_000, '3080', '')),
  '1,000 deep constructed strings': () => berToDer(nested(1000, '2480', '0000')),
  '1 GB length, read': () => DerReader.over(claims('8440000000')).sequence(),
  '1 GB length, converted': () => berToDer(claims('8440000000')),
  '4 GB length': () => DerReader.over(claims('84ffffffff')).sequence(),
  'length of 2^64-1': () => berToDer(claims('88ffffffffffffffff')),
  '100,000 SET items, read': () =>
    DerReader.over(items(100_000))
      .set()
      .each(Infinity, (set) => set.element()),
  '100,000 SET items, converted': () => berToDer(items(100_000)),
  '100,000 RDNs': () => readName(sequence(Buffer.from('3100'.repeat(100_000), 'hex'))),
  '500,000 empty chunks': () => berToDer(encode(0x24, Buffer.from('0400'.repeat(500_000), 'hex'))),
  'indefinite without end': () => berToDer(Buffer.concat([Buffer.from('3080', 'hex'), filled(0x04, MEGABYTE)])),
  'OBJECT IDENTIFIER of 4 MB': () => DerReader.over(filled(TAG.oid, 4 * MEGABYTE, 0x01), ANY_SIZE).oid(),
  'OBJECT IDENTIFIER of one 4 MB arc': () =>
    DerReader.over(encode(TAG.oid, Buffer.alloc(4 * MEGABYTE, 0xff), Buffer.of(1)), ANY_SIZE).oid(),
  'INTEGER of 4 MB as version': () => DerReader.over(filled(TAG.integer, 4 * MEGABYTE), ANY_SIZE).smallInteger(),
  'BOOLEAN of 1 MB': () => DerReader.over(filled(TAG.boolean, MEGABYTE)).boolean(),
  'UTCTime of 1 MB': () => DerReader.over(filled(TAG.utcTime, MEGABYTE)).time(),
  'GeneralizedTime of 1 MB': () => DerReader.over(filled(TAG.generalizedTime, MEGABYTE)).time(),
  'UTF8String of 1 MB that is none': () => DerReader.over(filled(TAG.utf8String, MEGABYTE, 0xff)).string(),
  'BMPString of 1 MB and an octet': () => DerReader.over(filled(TAG.bmpString, MEGABYTE + 1)).string(),
  'UniversalString of 1 MB out of range': () => DerReader.over(filled(TAG.universalString, MEGABYTE, 0xff)).string(),
  'PrintableString of 8 MB': () => DerReader.over(filled(TAG.printableString, 8 * MEGABYTE)).string(),
  'certificate of 8 MB': () => readCertificate(filled(TAG.sequence, 8 * MEGABYTE)),
  'request of 8 MB': () => readCertificationRequest(filled(TAG.sequence, 8 * MEGABYTE)),
};

function outcome(read: () => unknown): string {
  try {
    read();
    return 'read';
  } catch (error) {
    return (error as Error).name;
  }
}

if (!isMainThread)
  parentPort?.postMessage(Object.fromEntries(Object.entries(HOSTILE).map(([what, read]) => [what, outcome(read)])));
