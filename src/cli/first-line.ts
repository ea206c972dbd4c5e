/** Secrets that a command reads from standard input or a file: arguments can be read by all users of the machine. */
import { createInterface } from 'node:readline';

/** The first line without its end; empty when there is none. */
export async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface({ input });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
  }
}
