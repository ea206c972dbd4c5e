/** The certificate templates of Active Directory as a Certificate Enrollment Policy Web Service shows them: MS-XCEP 3.1.4.1. */
import { catchDerError } from '../../asn1/limits.ts';
import { readExtendedKeyUsage } from '../../pkix/extensions.ts';
import { OID } from '../../pkix/oids.ts';
import { backendFault } from '../backend-fault.ts';
import { elementsNamed, type XmlElement } from '../strict-xml.ts';
import { onlyChild } from './soap12-replies.ts';
import { WSTEP_NAMESPACE } from './wstep-names.ts';

const POLICY = 'http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy';

/** The action of the message. */
export const XCEP_ACTION = `${POLICY}/IPolicy/GetPolicies`;

/** Asks for all templates that the account sees. */
export const GET_POLICIES = `<GetPolicies xmlns="${POLICY}" xmlns:xsi="${WSTEP_NAMESPACE.instance}"><client><lastUpdate xsi:nil="true"/><preferredLanguage xsi:nil="true"/></client><requestFilter xsi:nil="true"/></GetPolicies>`;

/** One template. `cas`: the references of the CAs that issue it. */
export type AdcsTemplate = {
  name: string;
  cas: readonly string[];
  /** The account may enrol for it. */
  mayEnroll: boolean;
  /** The names are those of the request: *Supply in the request*. */
  suppliesSubject: boolean;
  /** It makes certificates of CAs. */
  makesCas: boolean;
  /** How many signatures of others a request needs. */
  signatures: number;
  /** Seconds. */
  validity: number;
  /** OIDs of extendedKeyUsage; undefined where it has none or it cannot be read. */
  purposes: readonly string[] | undefined;
};

/** One CA. `certificate`: DER. */
export type AdcsCa = {
  reference: string;
  certificate: Uint8Array;
  mayEnroll: boolean;
  services: readonly { url: string; renewalOnly: boolean }[];
};

/** What a policy service answers. */
export type AdcsPolicies = { templates: readonly AdcsTemplate[]; cas: readonly AdcsCa[] };

const child = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  onlyChild(element, name, POLICY);
const text = (element: XmlElement | undefined, name: string): string => child(element, name)?.text.trim() ?? '';
const isTrue = (element: XmlElement | undefined, name: string): boolean => /^(true|1)$/.test(text(element, name));
const all = (element: XmlElement | undefined, name: string): XmlElement[] =>
  element ? elementsNamed(element, name, [POLICY]) : [];
/** 0 for what is nil. */
const number = (element: XmlElement | undefined, name: string): number =>
  /^\d{1,20}$/.test(text(element, name)) ? Number(text(element, name)) : 0;

/** Throws IssuerError for a body that is no answer to `GET_POLICIES`. `what`: for errors. */
export function policiesIn(body: XmlElement, what: string): AdcsPolicies {
  const answer = child(body, 'GetPoliciesResponse');
  if (!answer) throw backendFault('misconfigured', `${what}: no answer of MS-XCEP`, { retryable: true });
  const oids = new Map(
    all(child(answer, 'oIDs'), 'oID').map((oid) => [text(oid, 'oIDReferenceID'), text(oid, 'value')]),
  );
  return {
    templates: all(child(child(answer, 'response'), 'policies'), 'policy').map((policy) => templateOf(policy, oids)),
    cas: all(child(answer, 'cAs'), 'cA').map(caOf),
  };
}

const SUPPLIES_SUBJECT = 0x1;
const MAKES_CAS = 0x80;

function templateOf(policy: XmlElement, oids: ReadonlyMap<string, string>): AdcsTemplate {
  const attributes = child(policy, 'attributes');
  return {
    name: text(attributes, 'commonName'),
    cas: all(child(policy, 'cAs'), 'cAReference').map((reference) => reference.text.trim()),
    mayEnroll: isTrue(child(attributes, 'permission'), 'enroll'),
    suppliesSubject: (number(attributes, 'subjectNameFlags') & SUPPLIES_SUBJECT) !== 0,
    makesCas: (number(attributes, 'generalFlags') & MAKES_CAS) !== 0,
    signatures: number(child(attributes, 'rARequirements'), 'rASignatures'),
    validity: number(child(attributes, 'certificateValidity'), 'validityPeriodSeconds'),
    purposes: purposesOf(child(attributes, 'extensions'), oids),
  };
}

function purposesOf(extensions: XmlElement | undefined, oids: ReadonlyMap<string, string>): string[] | undefined {
  const found = all(extensions, 'extension').find(
    (extension) => oids.get(text(extension, 'oIDReference')) === OID.extendedKeyUsage,
  );
  return found
    ? catchDerError(
        () => readExtendedKeyUsage(Buffer.from(text(found, 'value'), 'base64')),
        () => undefined,
      )
    : undefined;
}

const caOf = (ca: XmlElement): AdcsCa => ({
  reference: text(ca, 'cAReferenceID'),
  certificate: Buffer.from(text(ca, 'certificate'), 'base64'),
  mayEnroll: isTrue(ca, 'enrollPermission'),
  services: all(child(ca, 'uris'), 'cAURI').map((service) => ({
    url: text(service, 'uri'),
    renewalOnly: isTrue(service, 'renewalOnly'),
  })),
});
