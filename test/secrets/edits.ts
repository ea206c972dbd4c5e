/** What `npm run secrets` changes in modules of src while they are loaded: logs go to files in full, and secrets are noted. */

/** The global function that notes a secret, or what has some in it, and returns it. */
export const NOTE = 'openndesNoteSecret';

/** The global function that keeps a line of a log. */
export const LOGGED = 'openndesKeepLine';

/** `from` must stand in the module; `to` is as `String.replace` takes it. */
type Edit = { from: string | RegExp; to: string };

/** The result of this function is noted. */
const resultOf = (name: string): Edit => ({
  from: new RegExp(`export (const|function) ${name}\\b`),
  to: `export const ${name} = (...given) => ${NOTE}(noted_${name}(...given));\n$1 noted_${name}`,
});

/** By the path of a module. */
const EDITS: Readonly<Record<string, readonly Edit[]>> = {
  'src/embed/system-logger.ts': [
    {
      from: 'void destination.write(withoutControls(line));',
      to: `{
        ${LOGGED}(line);
        if (JSON.parse(line).level >= (pino.levels.values[level] ?? Infinity)) destination.write(withoutControls(line));
      };`,
    },
    { from: '{ level, base: null', to: "{ level: 'trace', base: null" },
  ],
  'src/config/load.ts': [{ from: '= openDocument(source);', to: `= openDocument(${NOTE}(source));` }],
  'src/pfx/pfx-password.ts': [resultOf('newPfxPassword')],
  'src/access/session-cookie.ts': [resultOf('newSecret')],
  'src/access/bearer-tokens.ts': [resultOf('newToken')],
  'src/simulator/challenge-password.ts': [resultOf('mintChallenge')],
  'src/simulator/tokens.ts': [{ from: /return (`\$\{signed\}\..*`);/, to: `return ${NOTE}($1);` }],
  'src/manage/one-time-passwords.ts': [{ from: /= (Buffer\.from\(random\(length\)\).*);/, to: `= ${NOTE}($1);` }],
};

const NAMES = Object.keys(EDITS);

/** The module with its edits. Throws when it has changed so that one has no place: then the table must follow. */
export function edited(path: string, text: string): string {
  const name = NAMES.find((each) => path.endsWith(`/${each}`));
  return (name ? EDITS[name]! : []).reduce((before, { from, to }) => {
    const after = before.replace(from, to);
    if (after === before)
      throw new Error(`${name}: ${from} is not there; test/secrets/edits.ts must follow the module.`);
    return after;
  }, text);
}
