/** A responder over a store in memory, and requests and responses as pkijs writes and reads them. */
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import type { TestContext } from 'node:test';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { createOcspSigner } from '../../src/ca/create.ts';
import type { RevocationReason } from '../../src/core/issuer.ts';
import type { Store } from '../../src/core/store.ts';
import { type OcspOptions, ocspResponder } from '../../src/ocsp/ocsp-responder.ts';
import type { OcspSigner } from '../../src/ocsp/ocsp-response.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { issuerIdentity } from '../../src/pkix/issuer-id.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, issuanceFor } from '../../src/testing/store-samples.ts';
import { handClock } from '../kit/clock.ts';
import { ecKey } from '../kit/keys.ts';
import { DAY, issuing, type Keyed, wanted } from '../kit/pki.ts';

const NONCE = '1.3.6.1.5.5.7.48.1.2';

export type Asked = { ca?: Uint8Array; hash?: 'sha1' | 'sha256'; nonce?: Uint8Array };

const HASH_OIDS = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1' };

function certId(serial: string, { ca = issuing.certificate, hash = 'sha1' }: Asked): pkijs.CertID {
  const { subject, spki } = readCertificate(ca);
  const key = pkijs.PublicKeyInfo.fromBER(new Uint8Array(spki)).subjectPublicKey.valueBlock.valueHexView;
  const digest = (octets: Uint8Array): ArrayBuffer => new Uint8Array(createHash(hash).update(octets).digest()).buffer;
  return new pkijs.CertID({
    hashAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: HASH_OIDS[hash], algorithmParams: new asn1js.Null() }),
    issuerNameHash: new asn1js.OctetString({ valueHex: digest(subject) }),
    issuerKeyHash: new asn1js.OctetString({ valueHex: digest(key) }),
    serialNumber: asn1js.Integer.fromBigInt(BigInt(`0x${serial}`)),
  });
}

/** A request for certificates of a CA, DER; each with its own options where they differ. */
export function ocspRequest(serials: readonly (string | [string, Asked])[], asked: Asked = {}): Uint8Array {
  const request = new pkijs.OCSPRequest();
  request.tbsRequest.requestList = serials.map((each) => {
    const [serial, own] = typeof each === 'string' ? [each, asked] : each;
    return new pkijs.Request({ reqCert: certId(serial, own) });
  });
  if (asked.nonce) {
    const extnValue = new asn1js.OctetString({ valueHex: new Uint8Array(asked.nonce).buffer }).toBER();
    request.tbsRequest.requestExtensions = [new pkijs.Extension({ extnID: NONCE, extnValue })];
  }
  return new Uint8Array(request.toSchema(true).toBER());
}

const STATUSES = ['successful', 'malformedRequest', 'internalError', 'tryLater', '', 'sigRequired', 'unauthorized'];

/** A successful response, read. Times are ISO texts, nonce is hexadecimal. */
export type Read = {
  status: string;
  answers: {
    serial: string;
    status: string;
    revoked?: string;
    reason?: number;
    thisUpdate: string;
    nextUpdate: string;
  }[];
  producedAt?: string;
  nonce?: string;
  extensions: string[];
  /** Whether the certificate in the response, which the CA issued, signed it. */
  signed: boolean;
};

/** Reads it with pkijs, and verifies it as a responder of the CA. */
export function readResponse(der: Uint8Array, ca: Uint8Array = issuing.certificate): Read {
  const response = pkijs.OCSPResponse.fromBER(new Uint8Array(der));
  const status = STATUSES[response.responseStatus.valueBlock.valueDec] ?? '';
  if (!response.responseBytes) return { status, answers: [], extensions: [], signed: false };
  const basic = pkijs.BasicOCSPResponse.fromBER(
    new Uint8Array(response.responseBytes.response.valueBlock.valueHexView),
  );
  const { responses, producedAt, responseExtensions = [] } = basic.tbsResponseData;
  const nonce = responseExtensions.find(({ extnID }) => extnID === NONCE)?.extnValue.valueBlock.valueHexView.slice(2);
  return {
    status,
    answers: responses.map(answerOf),
    producedAt: producedAt.toISOString(),
    ...(nonce && { nonce: Buffer.from(nonce).toString('hex') }),
    extensions: responseExtensions.map(({ extnID }) => extnID),
    signed: isSigned(basic, ca),
  };
}

const KINDS = ['good', 'revoked', 'unknown'];

function answerOf({ certID, certStatus, thisUpdate, nextUpdate }: pkijs.SingleResponse): Read['answers'][number] {
  const { idBlock, valueBlock } = certStatus as asn1js.Constructed;
  const kind = KINDS[idBlock.tagNumber] ?? '';
  const [at, reason] = kind === 'revoked' ? valueBlock.value : [];
  const code = (reason as asn1js.Constructed | undefined)?.valueBlock.value[0] as asn1js.Enumerated | undefined;
  return {
    serial: Buffer.from(certID.serialNumber.valueBlock.valueHexView)
      .toString('hex')
      .replace(/^00(?=..)/, ''),
    status: kind,
    ...(at && { revoked: (at as asn1js.GeneralizedTime).toDate().toISOString() }),
    ...(code && { reason: code.valueBlock.valueDec }),
    thisUpdate: thisUpdate.toISOString(),
    nextUpdate: nextUpdate!.toISOString(),
  };
}

function isSigned(basic: pkijs.BasicOCSPResponse, ca: Uint8Array): boolean {
  const signer = new X509Certificate(Buffer.from(basic.certs![0]!.toSchema().toBER()));
  const issuer = new X509Certificate(ca);
  const data = Buffer.from(basic.tbsResponseData.tbsView);
  const key = createPublicKey(signer.publicKey.export({ format: 'pem', type: 'spki' }));
  const isDelegated = signer.checkIssued(issuer) && signer.verify(issuer.publicKey);
  return isDelegated && verify('sha256', data, key, Buffer.from(basic.signature.valueBlock.valueHexView));
}

/** A signer that this CA issued, valid for ten days. */
export const signerOf = async (ca: Keyed, key = ecKey('ocsp signer')): Promise<OcspSigner> => ({
  key,
  certificate: await createOcspSigner(wanted('CN=Test OCSP', key, 10 * DAY), ca),
});

export const { issuerId: ISSUER_ID, name: ISSUER } = issuerIdentity(issuing.certificate);

export type Setup = Partial<OcspOptions> & { wrap?: (store: Store) => Store };

/** A responder of the issuing CA whose store has the certificates that `issue` records. */
export async function underTest(t: TestContext, { wrap = (store) => store, ...options }: Setup = {}) {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const signer = await signerOf(issuing);
  const cas = [{ certificate: issuing.certificate, signer: () => signer }];
  const answer = ocspResponder({
    cas,
    store: wrap(store),
    validity: 3_600_000,
    maxAge: 60_000,
    nonIssued: 'unknown',
    clock,
    ...options,
  });
  /** Records the nth certificate, and returns its serial number. */
  const issue = async (n: number, issuerId = ISSUER_ID): Promise<string> => {
    const { certificate, ...issuance } = issuanceFor(n);
    await store.recordIssued({ ...issuance, certificate: { ...certificate, issuer: ISSUER, issuerId } });
    return certificate.serial;
  };
  const revoke = (serial: string, reason: RevocationReason = 'keyCompromise', issuerId = ISSUER_ID): Promise<boolean> =>
    store.revoke({ issuerId, serial }, reason, { ...auditFor(1, 'revoked'), at: clock() });
  /** The response to a request for these, read. */
  const ask = async (...request: Parameters<typeof ocspRequest>): Promise<Read> =>
    readResponse((await answer(ocspRequest(...request))).body);
  return { clock, store, answer, ask, issue, revoke };
}
