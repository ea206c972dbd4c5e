/** The rules of a profile about the subject, and what is wrong with them. */
import { catchDerError } from '../asn1/limits.ts';
import { certifiedName } from '../pkix/certified-name.ts';
import { attributeType, ATTRIBUTES, nameFromText } from '../pkix/name.ts';

/** What the subject of a request may be. Attributes have the names of RFC 4514, such as `CN`, or dotted OIDs. */
export type SubjectRules = {
  /** Attributes that it must have. */
  require?: readonly string[];
  /** Attributes that it must not have. */
  forbid?: readonly string[];
  /** Patterns by attribute: every value of that attribute must match; `*` stands for any text. */
  values?: Readonly<Record<string, string>>;
  /** RFC 4514: what every certificate has behind the text of the requested subject, such as `O=Contoso,C=DE`. */
  append?: string;
  /** Characters of one value, at most. */
  maxLength?: number;
};

/** `message` begins with the key. */
export type SubjectFault = { message: string; remedy: string };

/** The first fault; undefined when there is none. */
export function subjectFault(rules: SubjectRules = {}): SubjectFault | undefined {
  const { require = [], forbid = [], values = {}, append = '' } = rules;
  const unknown = [...require, ...forbid, ...Object.keys(values)].find((name) => attributeType(name) === undefined);
  if (unknown !== undefined)
    return {
      message: `require, forbid and values: no attribute has the name ${JSON.stringify(unknown)}`,
      remedy: `Known: ${Object.keys(ATTRIBUTES).join(', ')}, or a dotted OID.`,
    };
  const both = require.find((name) => forbid.some((other) => attributeType(other) === attributeType(name)));
  if (both !== undefined)
    return { message: `require and forbid: both name ${both}`, remedy: 'Take it out of one of them.' };
  return catchDerError(
    () => void certifiedName(nameFromText(append)),
    ({ message }) => ({ message: `append: ${message}`, remedy: 'Write it as in RFC 4514, like O=Contoso,C=DE.' }),
  );
}
