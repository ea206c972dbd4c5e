/** Loads configurations from text, as if they were in /etc/openndes/openndes.yaml. */
import assert from 'node:assert/strict';
import { ConfigProblems } from '../../src/config/yaml/problems.ts';
import { loadConfig } from '../../src/config/load.ts';

export type World = { env?: Record<string, string>; files?: Record<string, string> };

export const FOLDER = '/etc/openndes';

export const load = (text: string, { env = {}, files = {} }: World = {}) =>
  loadConfig({
    file: `${FOLDER}/openndes.yaml`,
    text,
    env,
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
      return content;
    },
  });

/** Every problem as a line, without the folder; none when the text is accepted. */
export function problemsOf(text: string, world?: World): string[] {
  try {
    load(text, world);
  } catch (error) {
    assert.ok(error instanceof ConfigProblems, String(error));
    return error.message.replaceAll(`${FOLDER}/`, '').split('\n');
  }
  return [];
}

export const AUTHORITIES = 'authorities: { issuing: { certificate: ca.pem, key: ca.key } }\n';
export const ENDPOINTS = 'endpoints: [{ policy: { static: abcdefgh } }]\n';
