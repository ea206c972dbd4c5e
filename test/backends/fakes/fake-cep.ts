/**
 * A fake of the Certificate Enrollment Policy Web Service of Windows, made after MS-XCEP and the example in it. No Windows was asked whether it is
 * like this.
 */
import type { ServerResponse } from 'node:http';
import { extendedKeyUsage } from '../../../src/pkix/extensions.ts';
import { issuing, NOW } from '../../kit/pki.ts';
import type { Got } from '../https-ca.ts';
import { envelope, only, refuse, type SoapAnswer, soapAnswers, soapBodyIn } from './fake-windows-soap.ts';

/** The path of the service that takes accounts, and of the one that takes client certificates. */
export const CEP_PATH = '/ADPolicyProvider_CEP_UsernamePassword/service.svc/CEP';
export const CEP_CERTIFICATE_PATH = '/ADPolicyProvider_CEP_Certificate/service.svc/CEP';

const POLICY = 'http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy';

/** One template, with the numbers of MS-XCEP. */
export type FakeTemplate = {
  name: string;
  cas: readonly number[];
  enroll: boolean;
  subjectNameFlags: number;
  generalFlags: number;
  rASignatures: number;
  seconds: number;
  /** Undefined: no extension. */
  purposes: readonly string[] | undefined;
};

/** One CA of the fake. */
export type FakeCepCa = {
  id: number;
  certificate: Uint8Array;
  enroll: boolean;
  services: { url: string; renewalOnly: boolean }[];
};

/** What a test sets. */
export type FakeCep = {
  templates: FakeTemplate[];
  cas: FakeCepCa[];
  answers: SoapAnswer[];
  answer: (got: Got, response: ServerResponse) => void;
};

/** A template as this server needs it. */
export const deviceTemplate = (different: Partial<FakeTemplate> = {}): FakeTemplate => ({
  name: 'OpenNDESDevice',
  cas: [0],
  enroll: true,
  subjectNameFlags: 1,
  generalFlags: 0x40,
  rASignatures: 0,
  seconds: 365 * 86_400,
  purposes: ['1.3.6.1.5.5.7.3.2'],
  ...different,
});

const extensions = (purposes: FakeTemplate['purposes']): string =>
  purposes
    ? `<extensions><extension><oIDReference>5</oIDReference><critical>false</critical><value/></extension><extension><oIDReference>6</oIDReference><critical>false</critical><value>\n${Buffer.from(extendedKeyUsage(purposes).value).toString('base64')}\n</value></extension></extensions>`
    : '<extensions xsi:nil="true"/>';

const policy = (template: FakeTemplate, index: number): string =>
  `<policy><policyOIDReference>${100 + index}</policyOIDReference>${template.cas.length > 0 ? `<cAs>${template.cas.map((id) => `<cAReference>${id}</cAReference>`).join('')}</cAs>` : '<cAs xsi:nil="true"/>'}<attributes><commonName>${template.name}</commonName><policySchema>2</policySchema><certificateValidity><validityPeriodSeconds>${template.seconds}</validityPeriodSeconds><renewalPeriodSeconds>3628800</renewalPeriodSeconds></certificateValidity><permission><enroll>${template.enroll}</enroll><autoEnroll>false</autoEnroll></permission><privateKeyAttributes><minimalKeyLength>2048</minimalKeyLength><keySpec>1</keySpec></privateKeyAttributes><revision><majorRevision>100</majorRevision><minorRevision>2</minorRevision></revision><supersededPolicies xsi:nil="true"/><privateKeyFlags xsi:nil="true"/><subjectNameFlags>${template.subjectNameFlags}</subjectNameFlags><enrollmentFlags>0</enrollmentFlags><generalFlags>${template.generalFlags}</generalFlags><hashAlgorithmOIDReference xsi:nil="true"/>${template.rASignatures > 0 ? `<rARequirements><rASignatures>${template.rASignatures}</rASignatures><rAEKUs xsi:nil="true"/><rAPolicies xsi:nil="true"/></rARequirements>` : '<rARequirements xsi:nil="true"/>'}<keyArchivalAttributes xsi:nil="true"/>${extensions(template.purposes)}</attributes></policy>`;

const ca = ({ id, certificate, enroll, services }: FakeCepCa): string =>
  `<cA><uris>${services.map(({ url, renewalOnly }) => `<cAURI><clientAuthentication>4</clientAuthentication><uri>${url}</uri><priority>1</priority><renewalOnly>${renewalOnly}</renewalOnly></cAURI>`).join('')}</uris><certificate>${Buffer.from(certificate).toString('base64')}</certificate><enrollPermission>${enroll}</enrollPermission><cAReferenceID>${id}</cAReferenceID></cA>`;

const oid = (value: string, group: number, id: number): string =>
  `<oID><value>${value}</value><group>${group}</group><oIDReferenceID>${id}</oIDReferenceID><defaultName>name</defaultName></oID>`;

const OIDS = oid('1.3.6.1.4.1.311.20.2', 6, 5) + oid('2.5.29.37', 6, 6);

/** It has the template of `deviceTemplate`, which the CA of the tests issues. `now`: its time. */
export function fakeCep(now = (): Date => NOW): FakeCep {
  const fake: FakeCep = {
    templates: [deviceTemplate()],
    cas: [{ id: 0, certificate: issuing.certificate, enroll: true, services: [] }],
    answers: [],
    answer: soapAnswers(async (got) => {
      const prepared = fake.answers.shift();
      if (prepared) return prepared;
      const place = {
        action: `${POLICY}/IPolicy/GetPolicies`,
        account: CEP_PATH,
        certificate: CEP_CERTIFICATE_PATH,
        now,
      };
      const question = only(soapBodyIn(got, place), 'GetPolicies', POLICY);
      const client = only(question, 'client', POLICY);
      for (const name of ['lastUpdate', 'preferredLanguage']) only(client, name, POLICY);
      if (only(question, 'requestFilter', POLICY).children.length > 0) refuse('a filter');
      return { status: 200, body: envelope(response(fake), `${POLICY}/IPolicy/GetPoliciesResponse`) };
    }),
  };
  return fake;
}

const response = ({ templates, cas }: FakeCep): string =>
  `<GetPoliciesResponse xmlns="${POLICY}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><response><policyID>{083C7011-1D0A-4855-885D-AC945184658C}</policyID><policyFriendlyName>Example</policyFriendlyName><nextUpdateHours>8</nextUpdateHours><policiesNotChanged xsi:nil="true"/>${templates.length > 0 ? `<policies>${templates.map(policy).join('')}</policies>` : '<policies xsi:nil="true"/>'}</response><cAs>${cas.map(ca).join('')}</cAs><oIDs>${OIDS}</oIDs></GetPoliciesResponse>`;
