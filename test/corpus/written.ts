/** The corpus as files: `CA/leaf/*.der`, `CA/ca/*.der`, `CA/crl/*.der` and `CA/ocsp/*.der`, each with what it is in its name. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificatePem } from '../../src/pkix/pem.ts';
import { corpusCas, type CorpusCa } from './authorities.ts';
import { corpusCertificates } from './certificates.ts';
import { corpusLists, corpusResponses } from './lists.ts';

/** One CA of the corpus, and the names of its files, without the suffix. */
export type Written = { folder: string; leaves: string[]; cas: string[]; lists: string[]; responses: string[] };

/** Writes all of it below a folder. */
export async function writeCorpus(folder: string): Promise<Written[]> {
  const written: Written[] = [];
  for (const ca of await corpusCas()) written.push(await writeOne(join(folder, ca.kind), ca));
  return written;
}

async function writeOne(folder: string, ca: CorpusCa): Promise<Written> {
  mkdirSync(folder, { recursive: true });
  for (const [name, { certificate }] of Object.entries({ root: ca.root, issuing: ca.issuing })) {
    writeFileSync(join(folder, `${name}.der`), certificate);
    writeFileSync(join(folder, `${name}.pem`), certificatePem(certificate));
  }
  const cas = new Map([
    ['root', ca.root.certificate],
    ['issuing', ca.issuing.certificate],
    ['ra', ca.ra],
    ...Object.entries(ca.ocspSigners).map(([kind, { certificate }]) => [`ocsp ${kind}`, certificate] as const),
  ]);
  const leaves = await corpusCertificates(ca);
  for (const [name, der] of leaves) {
    mkdirSync(join(folder, 'leaf'), { recursive: true });
    writeFileSync(join(folder, 'leaf', `${name}.pem`), certificatePem(der));
  }
  return {
    folder,
    leaves: files(join(folder, 'leaf'), leaves),
    cas: files(join(folder, 'ca'), cas),
    lists: files(join(folder, 'crl'), await corpusLists(ca)),
    responses: files(join(folder, 'ocsp'), await corpusResponses(ca)),
  };
}

function files(folder: string, contents: ReadonlyMap<string, Uint8Array>): string[] {
  mkdirSync(folder, { recursive: true });
  for (const [name, der] of contents) writeFileSync(join(folder, `${name}.der`), der);
  return [...contents.keys()].map((name) => join(folder, name));
}
