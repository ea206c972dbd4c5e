/** Names beside OIDs, for people. */
import { algorithmText } from './algorithm-names.ts';
import { OID } from './oids.ts';

/** Extensions that are named and not used: RFC 5280, RFC 4262, [MS-WCCE] 2.2.2.7. */
const MORE_NAMES: Readonly<Record<string, string>> = {
  issuerAltName: '2.5.29.18',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  smimeCapabilities: '1.2.840.113549.1.9.15',
  certificateTemplateName: '1.3.6.1.4.1.311.20.2',
  certificateTemplate: '1.3.6.1.4.1.311.21.7',
  applicationPolicies: '1.3.6.1.4.1.311.21.10',
};
const NAMES: ReadonlyMap<string, string> = new Map(
  [OID, MORE_NAMES].flatMap((names) => Object.entries(names).map(([name, id]) => [id, name] as const)),
);

/** `SHA-256 (2.16.840.1.101.3.4.2.1)`, `subjectAltName (2.5.29.17)`; the OID alone when it has no name here. */
export function namedOid(oid: string): string {
  const text = algorithmText(oid);
  const name = NAMES.get(oid);
  return text === oid && name !== undefined ? `${name} (${oid})` : text;
}
