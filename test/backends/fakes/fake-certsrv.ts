/**
 * A fake of certsrv, the web pages of AD CS, made after what clients of others send and read. No Windows was asked whether it is like this.
 */
import type { ServerResponse } from 'node:http';
import type { Got } from '../https-ca.ts';
import { certified, CHAIN, derOf, type Signer } from './certified.ts';
import { deniedPage, errorPage, issuedPage, type Language, pendingPage } from './certsrv-pages.ts';

/** The account that it knows. */
export const LOGIN = { user: 'EXAMPLE\\svc-openndes', password: 'pässword: 1' };
/** The template that it issues. */
export const TEMPLATE = 'OpenNDES Device';

type Standing = { csr: string; state: 'waits' | 'denied'; certificate?: Uint8Array };

/** What a test sets, and what the fake keeps. */
export type FakeCertsrv = {
  language: Language;
  /** Whether orders wait for a person. */
  approval: boolean;
  /** Whether the CA heeds ExpirationDate. */
  heedsEnd: boolean;
  /** Whether it asks a client without a certificate for the name and the password; false behind a proxy that has asked already. */
  asksLogin: boolean;
  /** Answered to the next order, and to the next search for a certificate, in place of its own answer. */
  faults: { order?: Answer; fetch?: Answer };
  /** The certificate of the CA, DER. */
  caCertificate: Uint8Array;
  requests: Map<number, Standing>;
  /** The attributes of each order, line by line. */
  attributes: string[][];
  /** A person decides about all that waits. */
  decide: (state: 'issued' | 'denied') => Promise<void>;
  made: () => number;
  answer: (got: Got, response: ServerResponse) => void;
};

/** An answer of IIS. */
export type Answer = { status?: number; type?: string; headers?: Record<string, string>; body: string | Uint8Array };

const FORM = ['Mode', 'CertRequest', 'CertAttrib', 'FriendlyType', 'ThumbPrint', 'TargetStoreFlags', 'SaveCert'];
const basic = `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`;

/** `signer`: other than the CA of the tests. */
export function fakeCertsrv(signer?: Signer): FakeCertsrv {
  let last = 24;

  async function order(got: Got): Promise<Answer> {
    if (fake.faults.order) return taken('order');
    const form = new URLSearchParams(got.body);
    const { language } = fake;
    const isForm = got.headers['content-type'] === 'application/x-www-form-urlencoded';
    const isWhole = isForm && JSON.stringify([...form.keys()].toSorted()) === JSON.stringify(FORM.toSorted());
    if (!isWhole || form.get('Mode') !== 'newreq' || !got.headers['user-agent']?.startsWith('Mozilla/'))
      return { body: errorPage(language, undefined, 'E_INVALIDARG 0x80070057 (WIN32: 87)') };
    const attributes = (form.get('CertAttrib') ?? '').split('\r\n').slice(0, -1);
    fake.attributes.push(attributes);
    const number = ++last;
    const valueOf = (name: string) => attributes.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1);
    if (valueOf('CertificateTemplate') !== TEMPLATE)
      return { body: deniedPage(language, number, 'Denied by Policy Module  0x80094800, CN=device') };
    const csr = form.get('CertRequest') ?? '';
    fake.requests.set(number, { csr, state: 'waits' });
    if (fake.approval) return { body: pendingPage(language, number) };
    await issue(number, valueOf('ExpirationDate'));
    return { body: issuedPage(language, number) };
  }

  async function issue(number: number, end?: string): Promise<void> {
    const request = fake.requests.get(number);
    if (!request) return;
    const until = end !== undefined && fake.heedsEnd ? { notAfter: new Date(end) } : {};
    request.certificate = await certified(derOf(request.csr), until, signer);
  }

  function fetched(asked: URLSearchParams): Answer {
    if (asked.get('ReqID') === 'CACert') {
      if (asked.get('Renewal') !== '2') return { body: errorPage(fake.language, undefined, '0x80070057') };
      return { type: 'application/pkix-cert', body: fake.caCertificate };
    }
    if (fake.faults.fetch) return taken('fetch');
    const request = fake.requests.get(Number(asked.get('ReqID')));
    if (!request) return { body: errorPage(fake.language, undefined, '0x80094002 (-2146877438)') };
    if (request.certificate) return { type: 'application/pkix-cert', body: request.certificate };
    return request.state === 'denied'
      ? { body: errorPage(fake.language, 2, 'CERTSRV_E_ADMIN_DENIED_REQUEST 0x80094014 (-2146877420)') }
      : { body: errorPage(fake.language, 5, '0x0 (WIN32: 0)') };
  }

  const taken = (which: 'order' | 'fetch'): Answer => {
    const answer = fake.faults[which];
    delete fake.faults[which];
    return answer ?? { status: 500, body: '' };
  };

  async function answered(got: Got): Promise<Answer> {
    const { pathname, searchParams } = new URL(got.path, 'https://fake');
    if (fake.asksLogin && got.client === undefined && got.headers.authorization !== basic)
      return { status: 401, headers: { 'www-authenticate': 'Basic realm="ca"' }, body: '<h2>401</h2>' };
    if (got.method === 'POST' && pathname === '/certsrv/certfnsh.asp') return order(got);
    if (got.method === 'GET' && pathname === '/certsrv/certnew.cer') return fetched(searchParams);
    if (got.method === 'GET' && pathname === '/certsrv/certcarc.asp')
      return { body: '<HTML><Script>\nvar nRenewals=2;\n</Script></HTML>' };
    return { status: 404, body: '<h2>404 - File or directory not found.</h2>' };
  }

  const fake: FakeCertsrv = {
    language: 'en',
    approval: false,
    heedsEnd: true,
    asksLogin: true,
    faults: {},
    caCertificate: signer?.ca.certificate ?? CHAIN[0]!,
    requests: new Map(),
    attributes: [],
    async decide(state) {
      const waiting = [...fake.requests].filter(([, request]) => request.state === 'waits' && !request.certificate);
      for (const [number, request] of waiting)
        if (state === 'issued') await issue(number);
        else request.state = 'denied';
    },
    made: () => [...fake.requests.values()].filter(({ certificate }) => certificate).length,
    answer: (got, response) =>
      void answered(got).then(({ status = 200, type = 'text/html; Charset=UTF-8', headers = {}, body }) => {
        response.writeHead(status, { 'content-type': type, ...headers });
        response.end(body);
      }),
  };
  return fake;
}
