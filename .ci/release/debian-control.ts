/** The files of control of a Debian package, as text. */
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Build } from './build.ts';
import { filesBelow } from './prune.ts';

/** Who stands for the package: `DEBEMAIL`, as Debian's own programs read it. */
const maintainer = (): string => process.env['DEBEMAIL'] ?? 'openndes maintainers <maintainers@openndes.example>';

const contents = (root: string): string[] => filesBelow(root).filter((path) => path.startsWith('usr/'));

/** How many octets the files take. */
export const octetsIn = (root: string): number =>
  contents(root).reduce((sum, path) => sum + lstatSync(join(root, path)).size, 0);

/** One line for each file, as md5sum writes it. dpkg finds damage with it; it is no protection. */
export const md5sumsOf = (root: string): string =>
  contents(root)
    .map(
      (path) =>
        `${createHash('md5')
          .update(readFileSync(join(root, path)))
          .digest('hex')}  ${path}\n`,
    )
    .join('');

/** The control file. Node.js is in the package; what it is linked with is in every Debian since 12. */
export const controlOf = ({ version }: Build, architecture: string, octets: number): string => `Package: openndes
Version: ${version}-1
Section: net
Priority: optional
Architecture: ${architecture}
Maintainer: ${maintainer()}
Installed-Size: ${Math.ceil(octets / 1024)}
Depends: adduser, libc6 (>= 2.28), libstdc++6 (>= 9)
Recommends: ca-certificates
Suggests: postgresql-client
Description: SCEP enrolment server for Microsoft Intune and other clients
 A SCEP (RFC 8894) server that takes the place of NDES and the Intune
 Certificate Connector. It validates each challenge with Intune, signs with
 your CA, notifies Intune, and answers every other SCEP client too.
 .
 One process and one store file, or several servers on PostgreSQL. The Node.js
 that it needs is in the package.
`;

/** Debian's changelog has this version only; that of the product is beside it. */
export const changelogOf = ({ version, epoch }: Build): string => `openndes (${version}-1) unstable; urgency=medium

  * Version ${version}: see changelog.gz.

 -- ${maintainer()}  ${new Date(epoch * 1000).toUTCString().replace('GMT', '+0000')}
`;
