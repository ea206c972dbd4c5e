/** `listen`: where devices reach the server. One address, or a list of them that share everything else. */
import { z } from 'zod';
import { LIMITS } from '../asn1/limits.ts';
import { MINUTE, SECOND } from '../core/durations.ts';
import { defined } from '../core/defined.ts';
import { file, type FileContext } from './references.ts';
import type { KeyPath } from './yaml/problems.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';
import { valueType } from './yaml/value-type.ts';
import { choice, duration, either, integer, network, text, valueList } from './yaml/value-types.ts';

const DESCRIPTION =
  'Where devices reach the server: one address, or a list of them, such as HTTPS for Android beside HTTP for revocation lists and old clients. The same endpoints are behind each. In a list, the first entry has the keys of the whole server; the others have `host`, `port` and `tls` only.';
const EXAMPLE = '{ host: 0.0.0.0, port: 8080 }';

/** Keys of one address. Every other one is of the whole server. */
const ofOne = (context: FileContext) => ({
  host: defaulted(text('127.0.0.1'), '0.0.0.0', 'The address to listen on; `0.0.0.0` is all of them.'),
  port: defaulted(integer(0, 65_535, 8080), 8080, 'The TCP port; 0 takes any that is free.'),
  tls: optional(
    {
      schema: section('TLS.', '{ certificate: tls.pem, key: tls.key }', {
        certificate: required(file(context, 'tls.pem'), 'The certificate of the server and those above it, PEM.'),
        key: required(file(context, 'tls.key'), 'Its key, PEM, not encrypted.'),
      }),
      type: 'a mapping of keys',
      example: '{ certificate: tls.pem, key: tls.key }',
      secret: false,
    },
    'HTTPS by the server itself. SCEP protects its messages without TLS; a proxy may also terminate TLS.',
    'plain HTTP',
  ),
});

const ofServer = () => ({
  trustProxy: optional(
    valueList(network, '[10.0.0.0/8]'),
    'The proxies whose `X-Forwarded-For` is trusted; also `loopback`, `linklocal`, `uniquelocal`.',
    'none',
  ),
  workers: defaulted(
    either(choice('auto'), integer(1, 256, 4).schema, 'a whole number from 1 to 256'),
    'auto',
    'Threads that open, decide, sign and record requests, beside the one that answers HTTP; `auto`: one for each core. `1`: everything in one thread.',
  ),
  bodyLimit: defaulted(
    integer(16_384, LIMITS.size, 262_144),
    262_144,
    'The longest message in bytes; a longer one gets 413. Real messages have up to 65 KB.',
  ),
  mostRunning: defaulted(
    integer(1, 100_000, 512),
    512,
    'Requests of one endpoint that are processed at the same time, those that wait for a policy or a CA included; the next one gets 503 and is to come back later.',
  ),
  answerWithin: defaulted(
    {
      ...duration('10s'),
      schema: duration('10s').schema.refine((ms) => ms >= SECOND && ms <= MINUTE, 'not between 1s and 60s'),
    },
    '10s',
    'All requests that have come must be answerable within this time, 1s to 60s; the next one gets 503 and is to come back later. The time that waits for a policy or a CA does not count.',
  ),
  drain: defaulted(
    duration('10s'),
    '5s',
    'How long `serve` still answers new requests after SIGTERM, with 503 at `/readyz`: longer than a load balancer takes to notice. Then it accepts none.',
  ),
  grace: defaulted(
    duration('60s'),
    '30s',
    'How long running requests may then take until their connections are closed. Asking and notifying Intune may take up to 25 seconds each.',
  ),
});

/** One address. `key`: where it stands in the file. */
export type ConfiguredListener = {
  key: KeyPath;
  host: string;
  port: number;
  tls?: { certificate: string; key: string };
};

type ServerSettings = z.output<z.ZodObject<ReturnType<typeof ofServer>>>;

/** What all addresses share, and the addresses: at least one. */
export type ListenConfig = ServerSettings & { places: [ConfiguredListener, ...ConfiguredListener[]] };

/** The section, or a list of addresses whose first entry has the keys of the whole server. */
export function listenSection(context: FileContext) {
  const [own, shared] = [ofOne(context), ofServer()];
  const entry = section(DESCRIPTION, EXAMPLE, { ...own, ...shared });
  const further = z.strictObject({ ...own, ...Object.fromEntries(Object.keys(shared).map((key) => [key, MISPLACED])) });
  const list = z.tuple([entry], further).superRefine(distinct);
  return required(valueType(z.union([entry, list]), 'a mapping of keys, or a list of them', EXAMPLE), DESCRIPTION)
    .transform((written): ListenConfig => {
      if (!Array.isArray(written)) return { ...serverSettings(written), places: [placeOf(written, ['listen'])] };
      const [first, ...others] = written;
      const places = others.map((each, index) => placeOf(each, ['listen', index + 1]));
      return { ...serverSettings(first), places: [placeOf(first, ['listen', 0]), ...places] };
    })
    .prefault({});
}

type Own = z.output<z.ZodObject<ReturnType<typeof ofOne>>>;

const serverSettings = <T extends Own>({ host: _host, port: _port, tls: _tls, ...server }: T): Omit<T, keyof Own> =>
  server;

const placeOf = ({ host, port, tls }: Own, key: KeyPath): ConfiguredListener => ({
  key,
  host,
  port,
  ...defined({ tls }),
});

/** A key of the whole server in an entry that is not the first: it would apply to the others too. */
const MISPLACED = z
  .unknown()
  .superRefine((_value, context) =>
    context.addIssue({
      code: 'custom',
      message: 'a key of the whole server',
      params: { remedy: 'Write it in the first entry of `listen` only.' },
    }),
  )
  .exactOptional();

/** Two entries at one address: the second one would be told that another program uses it. */
function distinct(all: readonly Own[], context: z.RefinementCtx): void {
  const first = new Map<string, number>();
  for (const [index, { host, port }] of all.entries()) {
    const other = first.get(`${host} ${port}`);
    if (port === 0 || other === undefined) first.set(`${host} ${port}`, index);
    else
      context.addIssue({
        code: 'custom',
        path: [index, 'port'],
        message: `the same address as listen[${other}]`,
        params: { remedy: 'Give each entry another port.' },
      });
  }
}
