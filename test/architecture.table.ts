/** What each room of src/ may import: rooms, and packages with the built-ins that reach outside the process. */
export type Room = { rooms: readonly string[]; packages: readonly string[] };

const room = (rooms: string, packages = ''): Room => ({
  rooms: rooms.split(' ').filter(Boolean),
  packages: packages.split(' ').filter(Boolean),
});

/** One way only: a room sees what lies below it, and siblings never see each other. app/ and index.ts see everything. */
export const ROOMS: Readonly<Record<string, Room>> = {
  core: room(''),
  asn1: room(''),
  pkix: room('core asn1', 'node:crypto'),
  keys: room('core asn1 pkix', 'node:crypto @peculiar/webcrypto pvtsutils'),
  cms: room('core asn1 pkix', 'node:crypto'),
  scep: room('core asn1 pkix cms'),
  ca: room('core asn1 pkix'),
  store: room('core', 'node:crypto node:sqlite node:fs kysely'),
  intune: room('core', 'node:tls @azure/msal-node undici cockatiel'),
  policy: room('core asn1 pkix intune', 'node:crypto node:tls undici'),
  enroll: room('core asn1 pkix scep', 'node:crypto'),
  http: room('core scep enroll', 'node:crypto fastify'),
  admin: room('core', 'node:crypto node:net fastify'),
  client: room('core asn1 pkix cms scep', 'node:crypto'),
  simulator: room('core asn1 pkix keys', 'node:crypto fastify'),
};

/** Built-ins that compute and reach nothing: every room may use them. */
export const PURE = ['node:assert', 'node:buffer', 'node:events', 'node:path', 'node:stream', 'node:url', 'node:util'];

/** Taken from the system by app/ alone; everywhere else the clock, randomness and settings are parameters. */
export const SYSTEM: Readonly<Record<string, RegExp>> = {
  'Date.now': /\bDate\.now\b/,
  'new Date() without argument': /\bnew Date(\(\s*\)|(?![\w(]))/,
  'Math.random': /\bMath\.random\b/,
  'process.env': /\bprocess\s*(\.|\[['"])\s*env\b/,
};
