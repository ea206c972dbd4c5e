/** Problems of a configuration as they are found: each once, and those of an authority by its name. */
import { ConfigError } from '../core/errors.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type Attempt, type Problem, problemText } from '../config/yaml/problems.ts';

/** Endpoints that share an authority have the same problems, so each is kept once, by its text. */
export function attempts(problemAt: LoadedConfig['problemAt']): {
  attempt: Attempt;
  problems: Map<string, Problem>;
  ofAuthorities: Map<string, Set<string>>;
} {
  const problems = new Map<string, Problem>();
  // The texts of the problems of each authority.
  const ofAuthorities = new Map<string, Set<string>>();
  const attempt: Attempt = async (key, work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const problem = problemAt(key, error);
      const text = problemText(problem);
      problems.set(text, problem);
      const [section, name] = key;
      if (section === 'authorities' && typeof name === 'string')
        ofAuthorities.set(name, new Set(ofAuthorities.get(name)).add(text));
      return undefined;
    }
  };
  return { attempt, problems, ofAuthorities };
}
