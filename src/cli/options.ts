/** What several commands share: options, the example below the help, and arguments that must be numbers. */
import { InvalidArgumentError } from 'commander';

/** `.option(...CONFIG)`: the configuration file that a command works on. */
export const CONFIG = ['--config <file>', 'configuration', 'openndes.yaml'] as const;

/** `.option(...KEY_URI)`: the key of a CA that lives elsewhere. */
export const KEY_URI = ['--key-uri <uri>', 'a key that is there already, as in `key` of the configuration'] as const;

/** `.addHelpText(...example('openndes …'))`: the example below the help of a command. */
export const example = (command: string) => ['after', `\nExample:\n  ${command}`] as const;

/** An argument parser for an option that may be repeated. */
export const collect = (value: string, values: string[]): string[] => [...values, value];

/** An argument parser for a whole number within these bounds. It throws commander's InvalidArgumentError otherwise. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`A whole number from ${least} to ${most} is needed.`);
  };

/** An argument parser for a TCP port; 0 is a free one. */
export const port = wholeNumber(0, 65_535);
