/** A CA product of the tests: a module that issues with a key which the configuration of the server does not have. */
import { join } from 'node:path';
import { privateKeyPem } from '../../src/keys/software.ts';
import { certificateFile, file, issuing, issuingSection, root } from './files.ts';

const source = (path: string): string => JSON.stringify(join(import.meta.dirname, '..', '..', 'src', path));

/** What it is told, in `told` of the process, whether it answers, in `isDown`, and what it warns of. */
export const moduleCa = { told: [] as string[], isDown: false, warnings: [] as string[] };
Object.assign(globalThis, { wiringModuleCa: moduleCa });

const MODULE = `
import { readFileSync } from 'node:fs';
import { localAuthority } from ${source('ca/local-authority.ts')};
import { keyFromPem } from ${source('keys/software.ts')};
import { systemRandom } from ${source('embed/system.ts')};

const state = globalThis.wiringModuleCa ?? { told: [], isDown: false, warnings: [] };
export default ({ key, name = 'ca', capabilities }, { profile, certificate, chain }) => {
  const ca = localAuthority({
    certificate,
    chain,
    key: keyFromPem(readFileSync(key, 'utf8'), 'the key of the module'),
    profile,
    clock: () => new Date(),
    random: systemRandom,
  });
  const tell = (what) => void state.told.push(name + ': ' + what);
  return {
    backend: 'wiring',
    capabilities: { sanFromCsr: true, validityOverride: true, ...capabilities },
    async issue(...order) {
      tell('issue ' + order[0].csr.subjectText);
      return ca.issue(...order);
    },
    revoke: async ({ serial, reason }) => tell('revoke ' + serial + ' ' + reason),
    check: async () => ({ ok: !state.isDown, detail: state.isDown ? 'it is down' : 'it is up', warnings: state.warnings }),
    close: async () => tell('close'),
  };
};
`;

export const modulePath = file('module-ca.mjs', MODULE);
const key = file('module-ca.key.pem', privateKeyPem(issuing.key.privateKey));

/** An authority whose CA is that product. `options` are added to those of the module. */
export const moduleSection = (options: object = {}) => ({
  certificate: issuingSection.certificate,
  chain: certificateFile('issuing/above.pem', root),
  ra: issuingSection.ra,
  issuer: { module: modulePath, options: { key, ...options } },
});
