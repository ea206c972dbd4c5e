/** The query option `$filter`, as far as lists of imported certificates have it. */

/** A comparison: which member, and with which value. */
type Comparison = { name: string; value: string };

const COMPARISON = /^tolower\((userPrincipalName|thumbprint)\) eq '((?:[^']|'')*)'$/;

/** `tolower(userPrincipalName) eq 'a@b'` and the same with `thumbprint`; a quotation mark is doubled. Undefined for anything else. */
function comparisonIn(filter: string): Comparison | undefined {
  const [, name, value] = COMPARISON.exec(filter) ?? [];
  return name === undefined || value === undefined ? undefined : { name, value: value.replaceAll("''", "'") };
}

/** What the filter lets through: everything without one; undefined when it cannot be read. Only the member is made lower case. */
export function filterOf(filter: string | null): ((object: object) => boolean) | undefined {
  if (filter === null) return () => true;
  const comparison = comparisonIn(filter);
  if (!comparison) return undefined;
  return (object) => textOf(object, comparison.name).toLowerCase() === comparison.value;
}

const textOf = (object: object, name: string): string => String(new Map(Object.entries(object)).get(name) ?? '');
