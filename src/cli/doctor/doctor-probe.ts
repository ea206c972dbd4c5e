/** One probe of `doctor`: what it needs, how it is run, and what it found. */
import { printable } from '../output.ts';

/** The words of Microsoft's diagnostics of its connector. */
export type Verdict = 'PASS' | 'PASS-WITH-WARNINGS' | 'FAIL';

/** The five usual causes, by which a remedy is chosen, and one that is still to come. */
export const CAUSES = {
  clock: 'the clock of this machine is wrong',
  network: 'the network blocks or intercepts the way to Microsoft',
  credential: 'the credential of the app is wrong or has ended',
  ending: 'a credential of the app ends soon',
  permission: 'the app lacks a permission or its admin consent',
  proxy: 'a proxy changes what devices get at the public URL',
} as const;

/** One of these causes. */
export type Cause = keyof typeof CAUSES;

/** What a probe found. `text`: what, where and why. `details`: lines of facts. */
export type ProbeOutcome = {
  verdict: Verdict | 'NOT-RUN';
  text: string;
  remedy?: string | undefined;
  cause?: Cause | undefined;
  details?: readonly string[];
};

/** The groups in the order of their report, and of importance: what stands first can be the cause of what follows. */
export const GROUPS = {
  configuration: 'Configuration',
  clock: 'Clock',
  network: 'DNS and TLS',
  tenant: 'Entra ID, Graph and Intune',
  service: 'Webhooks',
  certificates: 'CA and RA',
  url: 'Public URL',
  pointers: 'Pointers in certificates',
  firewall: 'Firewall',
} as const;

/** One probe. `needs`: ids of those that must not have failed. */
export type DoctorProbe = {
  id: string;
  group: keyof typeof GROUPS;
  title: string;
  needs?: readonly string[];
  run: () => Promise<ProbeOutcome> | ProbeOutcome;
};

/** A probe and what it found. Its texts control no terminal. */
export type ProbeFinding = Pick<DoctorProbe, 'id' | 'group' | 'title'> & ProbeOutcome & { details: readonly string[] };

/** It works. */
export const pass = (text: string, details: readonly string[] = []): ProbeOutcome => ({
  verdict: 'PASS',
  text,
  details,
});
/** It works, and something should be done. */
export const warn = (
  text: string,
  remedy: string,
  more: Pick<ProbeOutcome, 'cause' | 'details'> = {},
): ProbeOutcome => ({
  verdict: 'PASS-WITH-WARNINGS',
  text,
  remedy,
  ...more,
});
/** It does not work. */
export const fail = (
  text: string,
  remedy: string,
  more: Pick<ProbeOutcome, 'cause' | 'details'> = {},
): ProbeOutcome => ({
  verdict: 'FAIL',
  text,
  remedy,
  ...more,
});
/** The probe could not be run, which is no fault by itself. */
export const notRun = (text: string): ProbeOutcome => ({ verdict: 'NOT-RUN', text });

/**
 * Runs the probes one after the other. `explain` makes an outcome of an error, or throws it again. `clean` takes secrets out of a
 * text, before it is cut.
 */
export async function runProbes(
  probes: readonly DoctorProbe[],
  explain: (error: unknown) => ProbeOutcome,
  clean: (text: string) => string = (text) => text,
): Promise<readonly ProbeFinding[]> {
  const findings: ProbeFinding[] = [];
  for (const { id, group, title, needs = [], run } of probes) {
    const missing = findings.find((each) => needs.includes(each.id) && isMissing(each));
    const outcome = missing ? notRun(`needs "${missing.title}"`) : await outcomeOf(run, explain);
    findings.push({ id: line(clean(id)), group, title: line(clean(title)), ...safe(outcome, clean) });
  }
  return findings;
}

const isMissing = ({ verdict }: ProbeFinding): boolean => verdict === 'FAIL' || verdict === 'NOT-RUN';

async function outcomeOf(run: DoctorProbe['run'], explain: (error: unknown) => ProbeOutcome): Promise<ProbeOutcome> {
  try {
    return await run();
  } catch (error) {
    return explain(error);
  }
}

/** Characters of one text: other programs wrote parts of it. */
const LONGEST = 2000;

const line = (text: string): string => printable(text.slice(0, LONGEST));

/** Lines after the first become details. */
function safe(
  { verdict, text, remedy, cause, details = [] }: ProbeOutcome,
  clean: (text: string) => string,
): ProbeOutcome & { details: readonly string[] } {
  const [first = '', ...others] = clean(text).split('\n');
  return {
    verdict,
    text: line(first),
    ...(remedy !== undefined && { remedy: line(clean(remedy)) }),
    ...(cause && { cause }),
    details: [...others, ...details.map(clean)].slice(0, 200).map(line),
  };
}
