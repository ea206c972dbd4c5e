/** Loads a configuration from its text: the result is ready for use, or all problems of the file are thrown at once. */
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { unnamedResponders, withOcspPointers } from './ocsp-pointer.ts';
import { parseConfig, valueAt } from './parse.ts';
import type { FileContext } from './references.ts';
import { applyRules } from './rules.ts';
import type { Config } from './schema.ts';
import { type ConfigDocument, parseConfigDocument } from './yaml/document.ts';
import { interpolate, type Sources } from './yaml/interpolate.ts';
import { ConfigProblems, type KeyPath, keyText, type Problem, problemText, type Weakness } from './yaml/problems.ts';
import { explain, type Finding } from './yaml/schema-problems.ts';
import type { Entry } from './yaml/table.ts';

/** What a configuration is read from. */
export type ConfigSource = {
  /** The path of the file, as problems name it. Paths in the file are relative to its folder. */
  file: string;
  text: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, by absolute path. Throws when it cannot be read. */
  readFile: (path: string) => string;
  /** The same for a file that need not exist: undefined then. No such file is looked for when absent. */
  readIfThere?: (path: string) => string | undefined;
  /** What is weak about the rights of a file with a secret, by absolute path. Nothing when absent. */
  weaknessOf?: (path: string) => Weakness | undefined;
};

/** A loaded file: its text, and its values with the references replaced. Both may contain secrets. */
export type LoadedDocument = { text: string; values: unknown };

/**
 * `warnings` are lines for the log. `files`: the absolute path of every file that the configuration names, also that of
 * the store. `document`: what the settings in force are shown from. `problemAt` gives the place of an error that is found later, when files are read.
 */
export type LoadedConfig = {
  config: Config;
  document: LoadedDocument;
  warnings: string[];
  files: readonly string[];
  problemAt: (key: KeyPath, error: ConfigError) => Problem;
};

/** Throws ConfigProblems (a ConfigError), which names every problem with its line and never a secret. */
export function loadConfig(source: ConfigSource): LoadedConfig {
  const { values, files, named, at, problemsOf, warnings, problemAt } = openDocument(source);
  const { config, valid, issues, rows } = parseConfig(values, files);
  const problems = problemsOf(issues, rows, applyRules(valid, 'error'));
  if (problems.length > 0 || !config) throw new ConfigProblems(problems);
  const pointed = withOcspPointers(config);
  const weak = [...applyRules(valid, 'warning'), ...unnamedResponders(pointed)];
  return {
    config: pointed,
    document: { text: source.text, values },
    files: [...named],
    warnings: [...warnings, ...weak.map((finding) => problemText(at(finding)))],
    problemAt,
  };
}

/** A file whose syntax is right: its values, and how problems in them are described. */
export type OpenedDocument = {
  values: unknown;
  files: FileContext;
  /** The absolute path of every file that was named so far; grows while the values are parsed. */
  named: ReadonlySet<string>;
  at: (finding: Finding) => Problem;
  /** Those of references, of the schema and of rules; one for each value. `rows` describes the keys. */
  problemsOf: (issues: z.core.$ZodIssue[], rows: () => Entry[], rules?: readonly Finding[]) => Problem[];
  warnings: string[];
  problemAt: LoadedConfig['problemAt'];
};

/** References in values that are not `needed` stay as they are written. Throws ConfigProblems for errors of syntax. */
export function openDocument(source: ConfigSource, needed: (path: KeyPath) => boolean = () => true): OpenedDocument {
  const { file } = source;
  const document = parseConfigDocument(source.text);
  if (document.problems.length > 0) throw new ConfigProblems(document.problems.map((it) => ({ file, key: '', ...it })));

  const folder = dirname(file);
  const files = new Set<string>();
  const named = (path: string): string => {
    const absolute = resolve(folder, path);
    files.add(absolute);
    return absolute;
  };
  const read = (path: string) => source.readFile(named(path));
  const readIfThere = (path: string): string | undefined => {
    const text = source.readIfThere?.(path);
    if (text !== undefined) files.add(path);
    return text;
  };
  const weaknessOf = (path: string) => source.weaknessOf?.(resolve(folder, path));
  const interpolated = interpolateAll(document, needed, { env: source.env, read, weaknessOf });
  const values = document.values() ?? {};

  const at = (finding: Finding): Problem => placed(finding, file, document);
  const written = {
    value: (path: KeyPath) => valueAt(values, path),
    printable: (path: KeyPath) => !interpolated.nodes.has(document.node(path)),
  };
  return {
    values,
    files: { resolve: named, read, readIfThere },
    named: files,
    at,
    problemsOf(issues, rows, rules = []) {
      const known = issues.length > 0 ? rows() : [];
      const findings = [...issues.flatMap((issue) => explain(issue, known, written)), ...rules];
      const others = findings.filter(({ path }) => !interpolated.failed.has(document.node(path)));
      return [...interpolated.findings, ...others].map(at);
    },
    warnings: interpolated.warnings.map((finding) => problemText(at(finding))),
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
function interpolateAll(document: ConfigDocument, needed: (path: KeyPath) => boolean, sources: Omit<Sources, 'warn'>) {
  const nodes = new Set<unknown>();
  const failed = new Set<unknown>();
  const [findings, warnings]: [Finding[], Finding[]] = [[], []];
  for (const { path, node } of document.texts()) {
    if (!node.value.includes('${') || !needed(path)) continue;
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
