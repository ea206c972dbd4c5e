/** Exit codes that scripts rely on. 78 is EX_CONFIG of sysexits.h. */
export const EXIT = { ok: 0, failed: 1, refused: 2, pending: 3, proposed: 4, configuration: 78 } as const;

/** Ends a command with this exit code; everything was printed before. */
export class Exit extends Error {
  override readonly name = 'Exit';
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}
