/** `openndes proposals`: what waits for a second person, confirmed or withdrawn at the command line. */
import type { Command } from 'commander';
import { gone, confirmable, withdraw } from '../../actions/two-persons.ts';
import { proposedCommand, type ProposedCommand, wordsOf } from '../../actions/command-proposal.ts';
import type { StoredProposal } from '../../core/proposal-store.ts';
import { CONFIG, example } from '../options.ts';
import { jsonText, type Output, printable, table } from '../output.ts';
import { callerOf } from '../second-person.ts';
import { withStore } from './certs-store.ts';

type Options = { config: string; json?: true };

/** Runs the command of a proposal, which takes the proposal itself. */
type Confirmed = (command: ProposedCommand & { proposal: StoredProposal }) => Promise<void>;

/** Registers the group and its commands. */
export function registerProposals(program: Command, output: Output, confirmed: Confirmed): void {
  const group = program.command('proposals').description('what waits for a second person (admin.twoPersons)');
  registerList(group, output);
  registerConfirm(group, output, confirmed);
  registerWithdraw(group, output);
}

function registerList(group: Command, { out, err }: Output): void {
  group
    .command('list')
    .description('what one person has proposed and another one can confirm, on pages too')
    .option(...CONFIG)
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes proposals list'))
    .action(async ({ config, json }: Options) => {
      const all = await withStore(config, { err }, ({ store, clock }) => store.listProposals(clock()));
      out(json ? jsonText(all.map(shown)) : listing(all));
    });
}

function registerConfirm(group: Command, { err }: Output, confirmed: Confirmed): void {
  group
    .command('confirm')
    .description('run the command that another person has proposed, when it would still do the same')
    .argument('<id>', 'as `proposals list` shows it')
    .option(...CONFIG)
    .addHelpText(...example('openndes proposals confirm 5f2c01aa3b'))
    .action(async (id: string, { config }: Options) => {
      const proposal = await withStore(config, { err }, (management) =>
        confirmable(management, id, callerOf(management)),
      );
      const command = proposedCommand(proposal);
      err(`proposed by ${printable(proposal.by.name ?? proposal.by.kind)}: ${whatOf(proposal)}`);
      await confirmed({ ...command, proposal });
    });
}

function registerWithdraw(group: Command, { out, err }: Output): void {
  group
    .command('withdraw')
    .description('take a proposal back')
    .argument('<id>', 'as `proposals list` shows it')
    .option(...CONFIG)
    .addHelpText(...example('openndes proposals withdraw 5f2c01aa3b'))
    .action(async (id: string, { config }: Options) => {
      await withStore(config, { err }, async (management) => {
        const found = await management.store.findProposal(id);
        if (!found) throw gone();
        await withdraw(management, found, callerOf(management));
      });
      out(`withdrawn: ${printable(id)}`);
    });
}

const shown = ({ id, action, input, by, source, at, until }: StoredProposal) => ({
  id,
  action,
  input,
  source,
  by: by.name ?? by.kind,
  at: at.toISOString(),
  until: until.toISOString(),
});

const listing = (all: readonly StoredProposal[]): string =>
  table([
    ['ID', 'UNTIL', 'BY', 'WHAT'],
    ...all.map((each) => [each.id, each.until.toISOString().slice(0, 19), each.by.name ?? each.by.kind, whatOf(each)]),
  ]);

/** The command line, or the action of a page or the API. */
function whatOf(proposal: StoredProposal): string {
  const words = wordsOf(proposal);
  return printable(words ? `openndes ${words.join(' ')}` : proposal.action);
}
