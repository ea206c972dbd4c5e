/**
 * A fake of DigiCert PKI Platform 8 (pki-ws), made after the list of fields of its SOAP services and what public clients of it send and read. The
 * service was not asked whether it is like this.
 */
import type { ServerResponse } from 'node:http';
import { explicit } from '../../../src/asn1/tags.ts';
import { encode, oid, sequence, setOf, smallInteger } from '../../../src/asn1/writer.ts';
import { elementsNamed, readXml } from '../../../src/backends/strict-xml.ts';
import { NAMESPACE } from '../../../src/backends/platform8/platform8-envelopes.ts';
import { readCertificate, serialText } from '../../../src/pkix/certificate.ts';
import { DAY, NOW } from '../../kit/pki.ts';
import type { Got } from '../https-ca.ts';
import { certified, CHAIN, type Signer } from './certified.ts';

/** One attribute of the profile of the fake. */
export type FakeAttribute = { attribute: string; name: string; mandatory: boolean; property?: string };

type Ordered = { csr: string; seat: string; days?: number };

/** What a test sets, and what the fake keeps. */
export type FakePlatform8 = {
  attributes: FakeAttribute[];
  /** What the policy says about the validity in an order. */
  override?: string;
  waits: boolean;
  decided: boolean;
  /** Whether the certificate is after its chain in PKCS#7. */
  leafLast: boolean;
  /** Answered to the next orders: a status and a body, or a fault. */
  faults: { status: number; body: string; type?: string }[];
  /** By serial number. */
  standing: Map<string, string>;
  /** The certificates by seat, DER, in the order in which they were made. */
  seats: Map<string, Uint8Array[]>;
  /** The most certificates on one page of a search. */
  mostRows: number;
  answer: (got: Got, response: ServerResponse) => void;
};

/** The OID of its profile. */
export const PROFILE_OID = '2.16.840.1.113733.1.16.1.2.3.1.1.61904612';

const soap = (body: string): string =>
  `<?xml version="1.0"?><S:Envelope xmlns:S="${NAMESPACE.soap}"><S:Header/><S:Body>${body}</S:Body></S:Envelope>`;

/** A fault with what the service says in its detail. */
export const faultBody = (code: string, message: string): string =>
  soap(
    `<S:Fault><faultcode>S:Client</faultcode><faultstring>refused</faultstring><detail><ns:x xmlns:ns="urn:x"><ns:errorcode>${code}</ns:errorcode><ns:message>${message}</ns:message></ns:x></detail></S:Fault>`,
  );

/** Certificates as a PKCS#7 without signers. */
const pkcs7 = (certificates: readonly Uint8Array[]): Uint8Array =>
  sequence(
    oid('1.2.840.113549.1.7.2'),
    encode(
      explicit(0),
      sequence(
        smallInteger(1),
        setOf(),
        sequence(oid('1.2.840.113549.1.7.1')),
        encode(explicit(0), ...certificates),
        setOf(),
      ),
    ),
  );

/** `signer`: other than the CA of the tests. */
export function fakePlatform8(signer?: Signer): FakePlatform8 {
  const orders = new Map<string, Ordered>();
  const made = new Map<string, Uint8Array>();

  const token = (content: string): string =>
    soap(
      `<t:RequestSecurityTokenResponse xmlns:t="${NAMESPACE.trust}"><RequestVSSecurityTokenResponse xmlns="${NAMESPACE.enrollment}"><serverTransactionID>1</serverTransactionID><requestedVSSecurityToken>${content}</requestedVSSecurityToken><version>2.0</version></RequestVSSecurityTokenResponse></t:RequestSecurityTokenResponse>`,
    );

  async function issued({ csr, seat, days }: Ordered): Promise<string> {
    const now = signer?.now ?? NOW;
    const ends = days === undefined ? {} : { notAfter: new Date(now.getTime() + days * DAY) };
    // An order that waited has one certificate, however often it is asked about.
    const der = made.get(csr) ?? (await certified(Buffer.from(csr, 'base64'), ends, signer));
    fake.seats.set(seat, [...new Set([...(fake.seats.get(seat) ?? []), der])]);
    if ([...orders.values()].some((order) => order.csr === csr)) made.set(csr, der);
    fake.standing.set(serialText(readCertificate(der).serialNumber), 'valid');
    const all = fake.leafLast ? [...CHAIN.toReversed(), der] : [der, ...CHAIN];
    const lines = Buffer.from(pkcs7(all)).toString('base64').replace(/.{64}/g, '$&\n');
    return token(`<binarySecurityToken>\n${lines}\n</binarySecurityToken>`);
  }

  function search(text: (name: string) => string | undefined): string {
    const start = Number(text('startIndex') ?? 0);
    const isValid = (der: Uint8Array): boolean =>
      fake.standing.get(serialText(readCertificate(der).serialNumber)) === 'valid';
    const found = (fake.seats.get(text('seatId') ?? '') ?? []).filter(isValid);
    const rows = found
      .slice(start, start + fake.mostRows)
      .map(
        (der) =>
          `<certificateInformation><certificate>${Buffer.from(der).toString('base64')}</certificate><status>VALID</status></certificateInformation>`,
      );
    const list = rows.length > 0 ? `<certificateList>${rows.join('')}</certificateList>` : '';
    const more = start + rows.length < found.length;
    return soap(
      `<searchCertificateResponse xmlns="${NAMESPACE.management}"><serverTransactionID>1</serverTransactionID><certificateCount>${found.length}</certificateCount>${list}<moreCertificateAvailable>${more}</moreCertificateAvailable><version>1.0</version></searchCertificateResponse>`,
    );
  }

  async function enrollment(body: string, text: (name: string) => string | undefined): Promise<string> {
    const id = text('pendingTokenReferenceID');
    if (text('requestType')?.endsWith('/QueryTokenStatus')) {
      const order = orders.get(id ?? '');
      if (!order) return faultBody('1E01', 'no such order');
      return fake.decided ? issued(order) : token(`<pendingTokenReferenceID>${id}</pendingTokenReferenceID>`);
    }
    if (text('certificateProfileID') !== PROFILE_OID) return faultBody('1A01', 'no such profile');
    const csr = text('binarySecurityToken') ?? '';
    // The first pair of an order is the seat.
    const days = /<enr:name>\$overrideValidityDays<\/enr:name><enr:value>(\d+)</.exec(body)?.[1];
    const order = { csr, seat: text('value') ?? '', ...(days !== undefined && { days: Number(days) }) };
    if (!fake.waits) return issued(order);
    const reference = `pending-${orders.size + 1}`;
    orders.set(reference, order);
    return token(`<pendingTokenReferenceID>${reference}</pendingTokenReferenceID>`);
  }

  const policy = (oidAsked: string | undefined): string => {
    const attributes = fake.attributes.map(
      ({ attribute, name, mandatory, property = '' }) =>
        `<attribute><attributeName>${attribute}</attributeName><attributeNameValue mandatory="${mandatory}" type="string">${name}</attributeNameValue>${property}</attribute>`,
    );
    const override =
      fake.override === undefined ? '' : `<certificateOverrideValidity>${fake.override}</certificateOverrideValidity>`;
    const one = `<policy><certificateValidity><validityPeriodDays>90</validityPeriodDays></certificateValidity>${override}<subjectNameInfo>${attributes.join('')}</subjectNameInfo></policy>`;
    return soap(
      `<getPoliciesResponse xmlns="${NAMESPACE.policy}">${oidAsked === PROFILE_OID ? one : ''}</getPoliciesResponse>`,
    );
  };

  function change(text: (name: string) => string | undefined): string {
    const serial = text('certificateSerialNumber') ?? '';
    if (!fake.standing.has(serial)) return faultBody('2B04', 'no such certificate');
    if (fake.standing.get(serial) === 'Revoke') return faultBody('2B05', 'the certificate is already revoked');
    fake.standing.set(serial, text('operationType') ?? '');
    return soap(
      `<updateCertificateStatusResponse xmlns="${NAMESPACE.management}"><successCode>0</successCode><revocationCount>1</revocationCount></updateCertificateStatusResponse>`,
    );
  }

  async function answered({ path, body, headers }: Got): Promise<{ status: number; body: string; type?: string }> {
    const root = readXml(body);
    const namespaces = Object.values(NAMESPACE);
    const text = (name: string): string | undefined => elementsNamed(root, name, namespaces)[0]?.text;
    const action = String(headers['soapaction']);
    if (!/^"http.*"$/.test(action)) return { status: 500, body: faultBody('0', 'no SOAPAction') };
    if (path.endsWith('/policyService')) return { status: 200, body: policy(text('oid')) };
    const fault = fake.faults.shift();
    if (fault) return fault;
    const manages = action.endsWith('/searchCertificate"') ? search : change;
    const answer = path.endsWith('/enrollmentService') ? await enrollment(body, text) : manages(text);
    return { status: answer.includes(':Fault>') ? 500 : 200, body: answer };
  }

  const fake: FakePlatform8 = {
    attributes: [
      { attribute: 'common_name', name: 'common_name', mandatory: true },
      { attribute: 'AltNameTypeEmail', name: 'san_email', mandatory: true },
      { attribute: 'AltNameTypeUpn', name: 'otherNameUPN', mandatory: false },
    ],
    waits: false,
    decided: false,
    leafLast: false,
    faults: [],
    standing: new Map(),
    seats: new Map(),
    mostRows: 100,
    answer: (got, response) =>
      void answered(got).then(({ status, body, type = 'text/xml; charset=utf-8' }) =>
        response.writeHead(status, { 'content-type': type }).end(body),
      ),
  };
  return fake;
}
