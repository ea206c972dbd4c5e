/** Preloaded into a server for which it is later than it is: its clock is so many milliseconds ahead. */
const ahead = Number(process.env['OPENNDES_TEST_LATER']);
const System = Date;

globalThis.Date = class extends System {
  constructor(...parameters: [] | [number | string | Date]) {
    super(parameters.length === 0 ? System.now() + ahead : parameters[0]);
  }
  static override now(): number {
    return System.now() + ahead;
  }
} as DateConstructor;
