/** What each room of src/ may import, and which rooms may use what the system provides. */

/** `packages` are npm packages, and the built-ins that reach outside the process. */
export type Room = { rooms: readonly string[]; packages: readonly string[] };

const list = (names: string): readonly string[] => names.split(' ').filter(Boolean);
const room = (rooms: string, packages = ''): Room => ({ rooms: list(rooms), packages: list(packages) });

/** A room imports only the rooms and packages in its row; every permission is used. Order: from the bottom up. */
export const ROOMS: Readonly<Record<string, Room>> = {
  core: room(''),
  audit: room('core', 'node:crypto'),
  outbound: room('core', 'node:net node:tls undici'),
  jobs: room('core'),
  threads: room('core', 'node:worker_threads'),
  asn1: room(''),
  pkix: room('core asn1', 'node:crypto'),
  keys: room('core asn1 pkix', 'node:crypto @peculiar/webcrypto cockatiel pvtsutils'),
  pfx: room('core asn1 pkix keys', 'node:crypto'),
  cms: room('core asn1 pkix', 'node:crypto'),
  scep: room('core asn1 pkix cms'),
  ca: room('core asn1 pkix'),
  backends: room('core outbound asn1 pkix ca', 'node:crypto node:timers/promises cockatiel'),
  revocation: room('core asn1 pkix ca', 'node:timers/promises'),
  ocsp: room('core asn1 pkix', 'node:crypto'),
  store: room('core audit asn1 pkix', 'node:crypto node:sqlite node:events node:fs node:net node:tls kysely postgres'),
  intune: room('core outbound', 'node:timers/promises @azure/msal-node cockatiel'),
  policy: room('core outbound asn1 pkix intune', 'node:crypto'),
  enroll: room('core asn1 pkix scep', 'node:crypto'),
  testing: room('core pkix enroll', 'node:assert/strict node:crypto node:test'),
  http: room('core ocsp scep enroll', 'node:crypto fastify'),
  messages: room('core policy', 'nodemailer'),
  manage: room('core audit asn1 pkix', 'node:crypto'),
  trace: room('core intune'),
  metrics: room('core', 'fastify prom-client'),
  actions: room('core pfx manage trace', 'zod'),
  access: room('core manage actions', 'node:crypto node:timers/promises openid-client otpauth'),
  admin: room('core pkix manage actions access', 'node:crypto node:tls fastify'),
  'admin/pages': room('core actions access admin', 'node:crypto node:stream fastify ghtml'),
  rest: room('core actions admin', 'node:crypto @fastify/swagger fastify zod'),
  client: room('core asn1 pkix cms scep', 'node:crypto'),
  simulator: room('core asn1 pkix keys', 'node:crypto node:fs fastify'),
  embed: room('core jobs cms ocsp scep revocation enroll http', 'node:crypto fastify pino'),
  'config/yaml': room('core', 'node:net yaml zod'),
  config: room('core asn1 pkix keys pfx cms ca backends policy intune http manage access config/yaml', 'zod'),
  app: room(
    'core audit outbound jobs threads asn1 pkix scep keys pfx ca backends revocation ocsp store intune policy messages enroll http manage trace metrics actions access admin admin/pages rest embed config config/yaml',
    'node:child_process node:crypto node:fs node:fs/promises node:module node:net node:os node:timers/promises node:tls fastify zod',
  ),
  cli: room(
    'core asn1 pkix cms scep keys pfx ca revocation intune client simulator http manage trace metrics actions access rest embed config app outbound',
    'node:crypto node:dns/promises node:fs node:os node:readline commander pkijs',
  ),
};

/** Built-ins that only compute: every room may use them. */
export const PURE = ['node:assert', 'node:buffer', 'node:events', 'node:path', 'node:stream', 'node:url', 'node:util'];

/** What the system provides, how its use looks in the source, and the rooms that may use it. Others take a parameter. */
export const SYSTEM: readonly { what: string; pattern: RegExp; rooms: readonly string[] }[] = [
  { what: 'the clock', pattern: /\bDate\.now\b|\bnew Date(\(\s*\)|(?![\w(]))/, rooms: ['embed'] },
  {
    what: 'randomness',
    pattern: /\bMath\.random\b|\b(randomBytes|randomUUID|randomInt|randomFill(Sync)?|getRandomValues)\b/,
    rooms: list('embed app testing'),
  },
  { what: 'key generation', pattern: /\bgenerateKeyPair(Sync)?\b/, rooms: list('testing keys cms') },
  {
    what: 'timers',
    pattern: /\bset(Timeout|Interval)\(|\bAbortSignal\.timeout\b/,
    rooms: list('outbound jobs threads embed http store intune simulator'),
  },
  { what: 'threads', pattern: /\bnode:worker_threads\b|\bAtomics\b/, rooms: ['threads'] },
  { what: 'the process', pattern: /\bprocess\s*(\.|\[)/, rooms: list('store app cli') },
];
