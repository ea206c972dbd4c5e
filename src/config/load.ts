/** Loads a configuration from its text: the result is ready for use, or all problems of the file are thrown at once. */
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { parseConfig, valueAt } from './parse.ts';
import { applyRules } from './rules.ts';
import type { Config } from './schema.ts';
import { type ConfigDocument, parseConfigDocument } from './yaml/document.ts';
import { interpolate, type Sources } from './yaml/interpolate.ts';
import { ConfigProblems, type KeyPath, keyText, type Problem, problemText, type Weakness } from './yaml/problems.ts';
import { explain, type Finding } from './yaml/schema-problems.ts';

/** What a configuration is read from. */
export type ConfigSource = {
  /** The path of the file, as problems name it. Paths in the file are relative to its folder. */
  file: string;
  text: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, by absolute path. Throws when it cannot be read. */
  readFile: (path: string) => string;
  /** What is weak about the rights of a file with a secret, by absolute path. Nothing when absent. */
  weaknessOf?: (path: string) => Weakness | undefined;
};

/** `warnings` are lines for the log. `problemAt` gives the place of an error that is found later, when files are read. */
export type LoadedConfig = {
  config: Config;
  warnings: string[];
  problemAt: (key: KeyPath, error: ConfigError) => Problem;
};

/** Throws ConfigProblems (a ConfigError), which names every problem with its line and never a secret. */
export function loadConfig(source: ConfigSource): LoadedConfig {
  const { file } = source;
  const document = parseConfigDocument(source.text);
  if (document.problems.length > 0) throw new ConfigProblems(document.problems.map((it) => ({ file, key: '', ...it })));

  const folder = dirname(file);
  const read = (path: string) => source.readFile(resolve(folder, path));
  const weaknessOf = (path: string) => source.weaknessOf?.(resolve(folder, path));
  const interpolated = interpolateAll(document, { env: source.env, read, weaknessOf });
  const values = document.values() ?? {};
  const { config, valid, issues, rows } = parseConfig(values, { resolve: (path) => resolve(folder, path), read });

  const at = (finding: Finding): Problem => placed(finding, file, document);
  const written = {
    value: (path: KeyPath) => valueAt(values, path),
    printable: (path: KeyPath) => !interpolated.nodes.has(document.node(path)),
  };
  const known = issues.length > 0 ? rows() : [];
  const findings = [...issues.flatMap((issue) => explain(issue, known, written)), ...applyRules(valid, 'error')];
  const problems = [
    ...interpolated.findings,
    ...findings.filter(({ path }) => !interpolated.failed.has(document.node(path))),
  ].map(at);
  if (problems.length > 0 || !config) throw new ConfigProblems(problems);
  return {
    config,
    warnings: [...interpolated.warnings, ...applyRules(valid, 'warning')].map((finding) => problemText(at(finding))),
    problemAt: (path, { message, remedy }) => at({ path, at: 'value', what: withoutStop(message), remedy }),
  };
}

/** The text of a problem adds a full stop. */
const withoutStop = (message: string): string => message.replace(/\.$/, '');

const placed = ({ path, writtenPath, at, what, remedy }: Finding, file: string, document: ConfigDocument): Problem => ({
  file,
  ...document.place(writtenPath ?? path, at),
  key: keyText(path),
  what,
  remedy,
});

/**
 * `nodes`: values that contain a reference; they are never shown. `failed`: those whose reference could not be replaced;
 * they get no further problem.
 */
function interpolateAll(document: ConfigDocument, sources: Omit<Sources, 'warn'>) {
  const nodes = new Set<unknown>();
  const failed = new Set<unknown>();
  const [findings, warnings]: [Finding[], Finding[]] = [[], []];
  for (const { path, node } of document.texts()) {
    if (!node.value.includes('${')) continue;
    nodes.add(node);
    try {
      const warn = (weakness: Weakness) => warnings.push({ path, at: 'value', ...weakness });
      node.value = interpolate(node.value, { ...sources, warn });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      failed.add(node);
      findings.push({ path, at: 'value', what: error.message, remedy: error.remedy });
    }
  }
  return { nodes, failed, findings, warnings };
}
