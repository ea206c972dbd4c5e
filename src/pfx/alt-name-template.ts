/** subjectAltName templates, such as `upn:{{UserPrincipalName}}`: the kind of a name is fixed before values are put in. */
import { catchDerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { sequence } from '../asn1/writer.ts';
import type { Extension } from '../core/request.ts';
import { generalNameFault } from '../pkix/certified-general-name.ts';
import { generalNameFromText, readGeneralName } from '../pkix/general-name.ts';
import { OID } from '../pkix/oids.ts';
import {
  filledIn,
  TemplateError,
  type TemplatePiece,
  type TemplateRules,
  type TemplateValues,
  variablePiece,
} from './template-variables.ts';

const KINDS = ['email', 'upn', 'dns', 'uri'] as const;
/** The kinds of names that a template can make. */
export type AltNameKind = (typeof KINDS)[number];
/** One name: its kind and the pieces of its text. */
export type AltNameTemplate = { kind: AltNameKind; pieces: readonly TemplatePiece[]; text: string };

const SID = 'OnPremisesSecurityIdentifier';
/** The URI by which Active Directory maps a certificate to the account with a SID (KB5014754). */
const SID_TAG = 'tag:microsoft.com,2022-09-14:sid:';

/**
 * Reads a template: `email:`, `upn:`, `dns:` or `uri:`, and a text with variables. As in Intune, the text after a variable has none of `{ } | ;`, and
 * `uri:{{OnPremisesSecurityIdentifier}}` becomes the whole tag of Microsoft. Throws TemplateError.
 */
export function parseAltNameTemplate(text: string): AltNameTemplate {
  const [, prefix = '', rest = ''] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
  const kind = KINDS.find((each) => each === prefix);
  if (!kind) throw new TemplateError(`${JSON.stringify(text)}: write email:, upn:, dns: or uri: before the name`);
  // The odd parts are the names of variables.
  const parts = rest.split(/\{\{([^{}]*)\}\}/);
  if (parts.some((part, i) => i % 2 === 0 && (i > 0 ? /[{}|;]/ : /\{\{|\}\}/).test(part)))
    throw new TemplateError(`${JSON.stringify(text)}: a {{ without }}, or one of { } | ; after a variable`);
  const pieces = parts.flatMap((part, i) =>
    i % 2 === 1 ? [variablePiece(part)] : part === '' ? [] : [{ text: part }],
  );
  return { kind, pieces: isSidAlone(kind, pieces) ? [{ text: SID_TAG }, ...pieces] : pieces, text };
}

const isSidAlone = (kind: AltNameKind, [first, ...more]: readonly TemplatePiece[]): boolean =>
  kind === 'uri' && more.length === 0 && first !== undefined && 'variable' in first && first.variable === SID;

/** The names, each a GeneralName, DER. Throws TemplateError for a missing value, and for a text that is no name of its kind. */
export const renderAltNames = (
  templates: readonly AltNameTemplate[],
  values: TemplateValues,
  rules: TemplateRules,
): Uint8Array[] => templates.map((template) => generalName(template, filledIn(template.pieces, values, rules)));

function generalName({ kind, text }: AltNameTemplate, value: string): Uint8Array {
  if (kind !== 'upn' && !/^[\x20-\x7e]*$/.test(value))
    throw new TemplateError(`${text}: the value is outside ASCII, and mail programs and others read no such name`);
  return catchDerError(
    () => {
      const der = generalNameFromText(`${kind}:${value}`);
      const fault = generalNameFault(readGeneralName(DerReader.over(der)));
      if (fault !== undefined) throw new TemplateError(`${text}: the value has ${fault}`);
      return der;
    },
    ({ message }) => {
      throw new TemplateError(`${text}: ${message}`);
    },
  );
}

/** The extension; `names` are GeneralNames, DER. Critical when the subject is empty, which a template never makes. RFC 5280 4.2.1.6. */
export const altNameExtension = (names: readonly Uint8Array[]): Extension => ({
  oid: OID.subjectAltName,
  critical: false,
  value: sequence(...names),
});
