/** The public URL as a device sees it: TLS, GetCACaps, GetCACert, a signed reply, and how long a URL may be. */
import { recipientOf, getCaCertificates, MOST_OCTETS, octetsOf, ServerError } from '../../client/ca-operations.ts';
import { ReplyError } from '../../client/reply.ts';
import { poll, type ScepServer } from '../../client/scep-client.ts';
import { probeUrls, type UrlProbe } from '../../client/url-length.ts';
import { equalBytes } from '../../core/bytes.ts';
import type { KeyProvider } from '../../core/keys.ts';
import { systemClock, systemDeadline, systemRandom } from '../../embed/system.ts';
import { generateKey } from '../../keys/software.ts';
import { nameFromText } from '../../pkix/name.ts';
import { answerText, remedyFor } from '../long-urls.ts';
import { reachable } from '../reachable.ts';
import { fail, type ProbeOutcome, pass, type DoctorProbe, warn } from './doctor-probe.ts';
import { type PublicAnswer, rewritten, spoiled } from './public-answer.ts';
import { tlsOutcome } from './public-tls.ts';

/** `cas`: DER of the CAs of which one must be in GetCACert. `trusted`: whether a CA for TLS was given. */
export type PublicUrl = { url: URL; cas: readonly Uint8Array[]; trusted: boolean };

/** The rows of one URL. */
export function publicUrlProbes({ url, cas, trusted }: PublicUrl): DoctorProbe[] {
  const id = (what: string): string => `url.${what} ${url.pathname}`;
  const row = (what: string, title: string, needs: readonly string[], run: DoctorProbe['run']): DoctorProbe => ({
    id: id(what),
    group: 'url',
    title: `${title} of ${url.origin}${url.pathname}`,
    needs: needs.map(id),
    run: () => explaining(run),
  });
  let key: KeyProvider | undefined;
  const server = async (): Promise<ScepServer> => {
    const certificates = await getCaCertificates(reached, url.href);
    const capabilities = new Set(['SCEPStandard']);
    return { url: url.href, capabilities, certificates, recipient: recipientOf(certificates) };
  };
  const newKey = (): KeyProvider => (key ??= generateKey('rsa-2048'));
  return [
    row('tls', 'connection', [], () => tlsOutcome(url, trusted)),
    row('GetCACaps', 'GetCACaps', ['tls'], () => capabilities(url)),
    row('pkiclient', '/pkiclient.exe', ['GetCACaps'], () => withSuffix(url)),
    row('GetCACert', 'GetCACert', ['tls', 'GetCACaps'], () => certificates(url, cas)),
    row('PKIOperation', 'PKIOperation by POST', ['GetCACert'], async () => reply(await server(), newKey())),
    row('length', 'length of the URL', ['GetCACert'], async () =>
      longest(await probeUrls(await server(), newKey(), { fetch: reached, clock: systemClock, random: systemRandom })),
    ),
  ];
}

const reached = reachable(fetch, systemDeadline);

/** What a connection or a server of another kind throws says what to do by itself. */
async function explaining(run: DoctorProbe['run']): Promise<ProbeOutcome> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return fail(
      error.message.replace(/\.?$/, '.'),
      'Look at the proxy, the firewall and the DNS in front of openndes; see docs/reverse-proxies.md.',
      { cause: 'proxy' },
    );
  }
}

async function answerOf(response: Response): Promise<PublicAnswer> {
  const octets = await octetsOf(response, MOST_OCTETS);
  if (!octets) throw new ServerError(`the answer has more than ${MOST_OCTETS} octets`);
  const { status, headers } = response;
  return { status, headers, octets, body: Buffer.from(octets).toString('latin1').slice(0, 2000) };
}

async function get(url: URL, operation: string): Promise<PublicAnswer> {
  const target = new URL(url);
  target.searchParams.set('operation', operation);
  return answerOf(await reached(target, { redirect: 'manual' }));
}

async function capabilities(url: URL): Promise<ProbeOutcome> {
  const answer = await get(url, 'GetCACaps');
  const fault = spoiled('GetCACaps', answer, 'text/plain');
  if (fault) return fault;
  const lines = answer.body.split('\n').map((line) => line.trim());
  if (lines.includes('SCEPStandard')) return pass(`GetCACaps came as openndes sends it: ${lines.join(' ').trim()}.`);
  return rewritten(
    'The answer to GetCACaps has no line SCEPStandard: something changed it, or another server answered.',
  );
}

/** Windows appends this to whatever path it was given. */
async function withSuffix(url: URL): Promise<ProbeOutcome> {
  const target = new URL(url);
  target.pathname = `${url.pathname.replace(/\/$/, '')}/pkiclient.exe`;
  const answer = await get(target, 'GetCACaps');
  if (answer.status === 200 && answer.body.includes('SCEPStandard'))
    return pass('The path with /pkiclient.exe at its end, which Windows appends, leads to openndes too.');
  return fail(
    `The path with /pkiclient.exe at its end does not lead to openndes: ${answerText(answer)}. Windows appends that and cannot enrol.`,
    'Let the proxy pass on everything below the path, and not the path alone.',
    { cause: 'proxy' },
  );
}

async function certificates(url: URL, cas: readonly Uint8Array[]): Promise<ProbeOutcome> {
  const answer = await get(url, 'GetCACert');
  const type = answer.headers.get('content-type') ?? '';
  const expected = type.startsWith('application/x-x509-ca-cert') ? 'application/x-x509-ca-cert' : RA_TYPE;
  const fault = spoiled('GetCACert', answer, expected);
  if (fault) return fault;
  const found = await read(answer.octets);
  if (!found)
    return rewritten(
      `The answer to GetCACert was changed on its way: ${answer.octets.length} octets that are no certificates.`,
    );
  if (cas.length === 0 || cas.some((ca) => found.some((der) => equalBytes(der, ca))))
    return pass(`GetCACert came whole: ${found.length} certificates.`);
  return rewritten(
    'The issuing CA of the configuration is not in the answer to GetCACert: another server, or an old answer from a cache.',
  );
}

const RA_TYPE = 'application/x-x509-ca-ra-cert';

/** As the client reads it; undefined when it cannot. */
const read = (octets: Uint8Array): Promise<Uint8Array[] | undefined> =>
  getCaCertificates(async () => new Response(Buffer.from(octets)), 'http://answer.invalid/').catch((error: unknown) => {
    if (error instanceof ServerError) return undefined;
    throw error;
  });

/** Asks for a transaction that never was. The server keeps nothing, and signs its refusal. */
async function reply(server: ScepServer, key: KeyProvider): Promise<ProbeOutcome> {
  let fault: ProbeOutcome | undefined;
  const context = {
    clock: systemClock,
    random: systemRandom,
    async fetch(...call: Parameters<typeof fetch>) {
      const answer = await answerOf(await reached(call[0], { ...call[1], redirect: 'manual' }));
      fault = spoiled('PKIOperation', answer, 'application/x-pki-message');
      return new Response(Buffer.from(answer.octets), { status: fault ? 502 : 200 });
    },
  };
  try {
    await poll(server, { key, subject: nameFromText('CN=openndes doctor') }, context);
  } catch (error) {
    if (fault) return fault;
    if (!(error instanceof ReplyError)) throw error;
    return rewritten(`The signed reply was changed on its way: ${error.message}.`);
  }
  return pass('A message by POST arrives, and its signed reply comes back unchanged.');
}

/** Octets below which requests with an Intune challenge do not fit (docs/reverse-proxies.md). */
const NEEDED = 16 * 1024;

function longest(probes: readonly UrlProbe[]): ProbeOutcome {
  const most = probes.findLast(({ reached }) => reached)?.octets;
  const cut = probes.find((probe) => !probe.reached);
  if (!cut) return pass(`URLs of ${most} octets reach the server: enough for every client.`);
  const why = cut.answer ? answerText(cut.answer) : cut.error instanceof Error ? cut.error.message : 'no answer';
  const text =
    most === undefined
      ? `No message by GET reaches the server: ${why}.`
      : `The proxy cuts URLs at ${Math.round(cut.octets / 1024)} KB: ${most} octets reach the server, ${cut.octets} do not (${why}).`;
  const remedy = `To change at the proxy: ${remedyFor(cut.answer)}. See docs/reverse-proxies.md.`;
  return cut.octets <= NEEDED ? fail(text, remedy, { cause: 'proxy' }) : warn(text, remedy, { cause: 'proxy' });
}
