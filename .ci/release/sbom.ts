/** The list of what is inside (SBOM), as npm knows it, in both formats. The same packages give the same octets. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Build, run, writeJson } from './build.ts';

type CycloneDx = {
  serialNumber: string;
  metadata: { timestamp: string; component: { name: string } };
  components: unknown[];
};
type Spdx = { documentNamespace: string; creationInfo: { created: string }; packages: unknown[] };

/** A UUID of the form of version 8 (RFC 9562 5.8), made from what it names. */
function uuidOf(content: unknown): string {
  const hex = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const isoTime = ({ epoch }: Build): string => new Date(epoch * 1000).toISOString();

/** npm takes the name of the folder, a random number and the present time. */
function cycloneDx(build: Build, text: string): CycloneDx {
  const list = JSON.parse(text) as CycloneDx;
  list.serialNumber = `urn:uuid:${uuidOf(list.components)}`;
  list.metadata.timestamp = isoTime(build);
  list.metadata.component.name = 'openndes';
  return list;
}

function spdx(build: Build, text: string): Spdx {
  const list = JSON.parse(text) as Spdx;
  list.documentNamespace = `https://spdx.org/spdxdocs/openndes-${build.version}-${uuidOf(list.packages)}`;
  list.creationInfo.created = isoTime(build).replace('.000Z', 'Z');
  return list;
}

/** Writes `NAME.cdx.json` and `NAME.spdx.json` of the packages that are installed, or locked, in a folder. */
export function writeSboms(build: Build, folder: string, name: string, ...options: string[]): void {
  const listed = (format: string): string =>
    run(folder, 'npm', 'sbom', '--sbom-format', format, '--omit', 'dev', ...options);
  writeJson(join(build.out, `${name}.cdx.json`), cycloneDx(build, listed('cyclonedx')));
  writeJson(join(build.out, `${name}.spdx.json`), spdx(build, listed('spdx')));
}
