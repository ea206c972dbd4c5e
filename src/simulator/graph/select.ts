/** The query option `$select` of OData: only the named members of an object. */

/** The object with the members that `$select` names; all of them without it. `id` is given anyway. */
export function selected(object: object, query: URLSearchParams): object {
  const names = query
    .get('$select')
    ?.split(',')
    .map((name) => name.trim());
  return names
    ? Object.fromEntries(Object.entries(object).filter(([name]) => name === 'id' || names.includes(name)))
    : object;
}
