/** Reads a configuration: text in, a configuration ready for use out, or everything that is wrong with it at once. */
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { type ConfigDocument, parseConfigDocument } from './yaml/document.ts';
import { endpointSchema } from './endpoints.ts';
import { explain, type Finding } from './yaml/schema-problems.ts';
import { interpolate, type Sources } from './yaml/interpolate.ts';
import type { ConfigContext, NamedSection } from './references.ts';
import { ConfigProblems, type KeyPath, keyText, type Problem, problemText } from './yaml/problems.ts';
import { DEFAULT_PROFILE_NAME, profileSchema } from './profiles.ts';
import { applyRules, type Found, type ValidParts } from './rules.ts';
import { type Config, configSchema } from './schema.ts';
import { entries } from './yaml/table.ts';

export type ConfigSource = {
  /** The path of the file, as problems shall name it; paths in the file are relative to its folder. */
  file: string;
  text: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, by absolute path. Throws when it cannot be read. */
  readFile: (path: string) => string;
};

/** `warnings` are lines for the log; `problemAt` is for what is found out later, when files are read. */
export type LoadedConfig = {
  config: Config;
  warnings: string[];
  problemAt: (key: KeyPath, error: ConfigError) => Problem;
};

/** Throws ConfigProblems (a ConfigError), which names every problem with its line and never a secret. */
export function loadConfig(source: ConfigSource): LoadedConfig {
  const document = parseConfigDocument(source.text);
  const at = (finding: Finding): Problem => placed(finding, source.file, document);
  const { file } = source;
  if (document.problems.length > 0) throw new ConfigProblems(document.problems.map((it) => ({ file, key: '', ...it })));

  const folder = dirname(source.file);
  const read = (path: string) => source.readFile(resolve(folder, path));
  const interpolated = interpolateAll(document, { env: source.env, read });
  const values = document.values() ?? {};
  const context = { resolve: (path: string) => resolve(folder, path), read, names: namesIn(values) };
  const schema = configSchema(context);
  const rows = entries(schema);
  const parsed = schema.safeParse(values);
  const sound = validParts(values, context);

  const written = {
    value: (path: KeyPath) => valueAt(values, path),
    printable: (path: KeyPath) => !interpolated.nodes.has(document.node(path)),
  };
  const findings = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => explain(issue, rows, written)),
    ...applyRules(sound, 'error'),
  ].filter(({ path }) => !interpolated.failed.has(document.node(path)));
  const problems = [...interpolated.findings, ...findings].map(at);
  if (problems.length > 0 || !parsed.success) throw new ConfigProblems(problems);
  return {
    config: parsed.data,
    warnings: applyRules(sound, 'warning').map((finding) => problemText(at(finding))),
    problemAt: (path, { message, remedy }) => at({ path, at: 'value', what: sentence(message), remedy }),
  };
}

/** The text of a problem puts a full stop behind it. */
const sentence = (message: string): string => message.replace(/\.$/, '');

const placed = ({ path, stands, at, what, remedy }: Finding, file: string, document: ConfigDocument): Problem => ({
  file,
  ...document.place(stands ?? path, at),
  key: keyText(path),
  what,
  remedy,
});

/** `nodes`: what came from outside and is therefore not shown; `failed`: what stayed as it was, and is judged no further. */
function interpolateAll(document: ConfigDocument, sources: Sources) {
  const nodes = new Set<unknown>();
  const failed = new Set<unknown>();
  const findings: Finding[] = [];
  for (const { path, node } of document.texts()) {
    if (!node.value.includes('${')) continue;
    nodes.add(node);
    try {
      node.value = interpolate(node.value, sources);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      failed.add(node);
      findings.push({ path, at: 'value', what: error.message, remedy: error.remedy });
    }
  }
  return { nodes, failed, findings };
}

const valueAt = (values: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>(
    (value, part) => (isContainer(value) && Object.hasOwn(value, part) ? value[part] : undefined),
    values,
  );

const isContainer = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === 'object' && value !== null;

function namesIn(values: unknown): ConfigContext['names'] {
  const names = (section: NamedSection, otherwise: readonly string[] = []): readonly string[] => {
    const value = valueAt(values, [section]);
    return value === undefined ? otherwise : isContainer(value) ? Object.keys(value) : [];
  };
  return {
    authorities: names('authorities'),
    profiles: names('profiles', [DEFAULT_PROFILE_NAME]),
    tenants: names('tenants'),
  };
}

/** The profiles and endpoints that are right by themselves. */
function validParts(values: unknown, context: ConfigContext): ValidParts {
  return {
    profiles: validEntries(values, 'profiles', profileSchema()),
    endpoints: validEntries(values, 'endpoints', endpointSchema(context)),
    hasAdmins: Object.keys(valueAt(values, ['admin', 'users']) ?? {}).length > 0,
  };
}

function validEntries<T>(
  values: unknown,
  section: string,
  schema: { safeParse: (value: unknown) => { success: boolean; data?: T } },
): Found<T>[] {
  const value = valueAt(values, [section]);
  if (!isContainer(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const { success, data } = schema.safeParse(each);
    return success ? [{ path: [section, Array.isArray(value) ? Number(key) : key], value: data as T }] : [];
  });
}
