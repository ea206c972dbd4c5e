/** `openndes audit`: proof that the history was not changed. Works on the store, whether the server runs or not. */
import type { Command } from 'commander';
import { verificationKeys } from '../../app/audit-key.ts';
import { writePublicFile } from '../../app/files.ts';
import { exportedHead, exportedText } from '../../app/exported-heads.ts';
import { presentHead, verifyHistory } from '../../manage/history-verification.ts';
import { EXIT, Exit } from '../exit.ts';
import { collect, CONFIG, example, wholeNumber } from '../options.ts';
import { counted, jsonText, type Output, printable } from '../output.ts';
import { failed, withStore } from './certs-store.ts';

/** Registers the group and its commands. */
export function registerAudit(program: Command, output: Output): void {
  const group = program.command('audit').description('the history: proof that it was not changed, and the whole of it');
  registerVerify(group, output);
  registerHead(group, output);
  registerExport(group, output);
}

function registerVerify(group: Command, output: Output): void {
  group
    .command('verify')
    .description(
      'reads the whole history and its chain; finds what was changed, inserted, deleted, moved or cut off; exit 1 when something was',
    )
    .option(...CONFIG)
    .option('--head <file>', 'a head that `audit head` exported: the history must contain it; repeatable', collect, [])
    .option('--key <file>', 'a public key that signed heads, PEM, instead of `audit.key`; repeatable', collect, [])
    .option(
      '--unsigned-until <entry>',
      'removals up to this entry are from before there was a key',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
      0,
    )
    .option('--json', 'one JSON object')
    .addHelpText(...example('openndes audit verify --head /mnt/elsewhere/2027-03-01.head.json'))
    .action((options: VerifyOptions) => verify(options, output));
}

type VerifyOptions = { config: string; head: string[]; key: string[]; unsignedUntil: number; json?: true };

async function verify({ config, head, key, unsignedUntil, json }: VerifyOptions, { out, err }: Output): Promise<void> {
  const exported = head.map((file) => ({ file, head: exportedHead(file) }));
  const keys = await verificationKeys(config, key);
  const report = await withStore(config, { err }, ({ store }) =>
    verifyHistory({ store, exported, keys, unsignedUntil }),
  );
  const { faults, notes, links, removed, end } = report;
  if (json) out(jsonText(report));
  else {
    for (const fault of faults) out(`${printable(fault)}.`);
    for (const note of notes) out(`note: ${printable(note)}.`);
    const more = removed > 0 ? [`${counted(removed)} were removed after their time`] : [];
    const read = [`${counted(links)} entries were read`, ...more, `the chain ends at entry ${end.number}, ${end.hash}`];
    out(`${faults.length === 0 ? 'The history is whole' : 'The history is NOT whole'}: ${read.join('; ')}.`);
  }
  if (faults.length > 0) throw new Exit(EXIT.failed);
}

function registerHead(group: Command, { out, err }: Output): void {
  group
    .command('head')
    .description(
      'the newest head of the chain: kept elsewhere, it proves later that nothing up to it was changed or cut off',
    )
    .argument('[file]', 'where to write it; standard output when absent')
    .option(...CONFIG)
    .addHelpText(...example('openndes audit head /mnt/elsewhere/2027-03-01.head.json'))
    .action(async (file: string | undefined, { config }: { config: string }) => {
      const head = await withStore(config, { err }, presentHead);
      if (!head) return failed('nothing of the history is linked yet: `openndes serve` does that within seconds', err);
      if (!head.signature)
        err('note: the head is not signed, because no `audit.key` is configured or no server has run since.');
      if (file === undefined) return out(exportedText(head));
      writePublicFile(file, `${exportedText(head)}\n`);
      return out(`wrote ${file}: entry ${head.number}, ${head.hash}`);
    });
}

const PAGE = 500;

function registerExport(group: Command, { out, err }: Output): void {
  group
    .command('export')
    .description(
      'the history with its chain, as JSON lines: the heads, then every entry, the oldest first, with what its hash is made from',
    )
    .option(...CONFIG)
    .addHelpText(...example('openndes audit export > history.jsonl'))
    .action(({ config }: { config: string }) =>
      withStore(config, { err }, async ({ store }) => {
        for (const { signature, ...head } of await store.listHeads())
          out(jsonText({ ...head, ...(signature && { signature: Buffer.from(signature).toString('base64') }) }));
        for (let after = 0; ; ) {
          const links = await store.listLinks({ after, limit: PAGE });
          for (const link of links) out(jsonText(link));
          const last = links.at(-1);
          if (!last) return;
          after = last.number;
        }
      }),
    );
}
