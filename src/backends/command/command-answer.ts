/** The answer of a program: one JSON object on its standard output, version 1. docs/command-issuer.md describes it. */
import type { IssuerErrorCode } from '../../core/errors.ts';
import { isFaultCode } from './command-fault.ts';

/** What a program can answer; certificates are DER. */
export type CommandAnswer =
  | { status: 'issued'; certificate: Uint8Array; chain: readonly string[]; reference?: string }
  | { status: 'pending'; reference: string; retryAfter: number }
  | { status: 'none' }
  | { status: 'done'; detail?: string; warnings?: readonly string[] }
  | { status: 'error'; code: IssuerErrorCode; detail: string; clientText?: string; retryAfter?: number };

/** The names of the fields of each answer, and what their values must be. A name that ends in `?` may be absent. */
const SHAPES: Readonly<Record<CommandAnswer['status'], Readonly<Record<string, (value: unknown) => boolean>>>> = {
  issued: { certificate: isBase64, chain: isChain, 'reference?': isText },
  pending: { reference: isText, retryAfter: isSeconds },
  none: {},
  done: { 'detail?': isText, 'warnings?': isWarnings },
  error: { code: isFaultCode, detail: isText, 'clientText?': isText, 'retryAfter?': isSeconds },
};

/** Undefined for octets that are not one answer with exactly the fields of its status. */
export function readAnswer(octets: Uint8Array): CommandAnswer | undefined {
  const value = parsed(octets);
  if (!value) return undefined;
  const { version, status, ...fields } = value;
  if (version !== 1 || typeof status !== 'string' || !Object.hasOwn(SHAPES, status)) return undefined;
  if (!fits(fields, SHAPES[status as CommandAnswer['status']])) return undefined;
  const { certificate, ...others } = fields;
  const der = certificate === undefined ? {} : { certificate: Buffer.from(certificate as string, 'base64') };
  return { status, ...others, ...der } as CommandAnswer;
}

function parsed(octets: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function fits(fields: Record<string, unknown>, shape: Readonly<Record<string, (value: unknown) => boolean>>): boolean {
  const rows = Object.entries(shape);
  const known = new Set(rows.map(([name]) => name.replace('?', '')));
  return (
    Object.keys(fields).every((name) => known.has(name)) &&
    rows.every(([name, isRight]) => {
      const value = fields[name.replace('?', '')];
      return value === undefined ? name.endsWith('?') : isRight(value);
    })
  );
}

/** References are stored, and all texts are shown to administrators. */
const MOST_TEXT = 2_000;
const MOST_CHAIN = 10;
const MOST_WARNINGS = 20;
/** A day, in seconds: a longer one is a mistake of the program. */
const MOST_WAIT = 86_400;

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MOST_TEXT && !/\p{Cc}/u.test(value);
}

function isWarnings(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MOST_WARNINGS && value.every(isText);
}

function isSeconds(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= MOST_WAIT;
}

function isBase64(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value !== '' &&
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
  );
}

function isChain(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MOST_CHAIN && value.every(isBase64);
}
