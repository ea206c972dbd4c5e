/** `openndes ca`: the authorities of a configuration, and the root that devices must trust. */
import type { Command } from 'commander';
import type { Output } from '../output.ts';
import { registerCaCrl } from './ca-crl.ts';
import { registerCaExport } from './ca-export.ts';
import { registerCaInstall } from './ca-install.ts';
import { registerCaMake } from './ca-make.ts';
import { registerRollover } from './ca-rollover.ts';
import { registerCaShow } from './ca-show.ts';

const COMMANDS = [registerCaShow, registerCaExport, registerCaCrl, registerCaMake, registerCaInstall, registerRollover];

/** Registers the group and its commands. */
export function registerCa(program: Command, output: Output): void {
  const ca = program.command('ca').description('the certificate authorities of the configuration');
  for (const register of COMMANDS) register(ca, output);
}
