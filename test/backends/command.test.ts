import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { EXIT_CODES } from '../../src/backends/command/command-fault.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { ALLOW, backendOf, faultIn, folder, never, revocation, SECRET, written } from './command-under-test.ts';

const CHALLENGE = 'the-challenge-of-a-device';
const request = sampleRequest({
  endpoint: 'wifi',
  requestKey: 'ab'.repeat(32),
  csr: { challenge: CHALLENGE, der: Uint8Array.of(0x30, 0x01, 0x05) },
});
const keep = (name: string, value: string): string =>
  `appendFileSync(${JSON.stringify(join(folder, name))}, JSON.stringify(${value}) + '\n');`.replace('\n', '\\n');
const kept = (name: string): unknown[] =>
  written(name)
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
const ISSUED = "answer({ status: 'issued', certificate: 'MAA=', chain: ['MAEF'], reference: '17' });";

describe('an order for a certificate', () => {
  test('reaches the program on its standard input, and nothing of it is an argument', async () => {
    const order = { ca: 'ca1.example.com\\Example CA', parameters: { template: 'Device' } };
    const backend = backendOf(`${keep('order', '[order, process.argv.slice(2)]')}${ISSUED}`, order);
    await backend.issue(request, ALLOW, never);
    assert.deepEqual(kept('order'), [
      [
        {
          version: 1,
          operation: 'issue',
          ca: 'ca1.example.com\\Example CA',
          parameters: { template: 'Device' },
          requestKey: 'ab'.repeat(32),
          endpoint: 'wifi',
          csr: 'MAEF',
          notAfter: '2027-03-01T12:00:00.000Z',
        },
        [],
      ],
    ]);
  });

  test('becomes the certificate, the chain and the reference of the answer', async () => {
    assert.deepEqual(await backendOf(ISSUED).issue(request, ALLOW, never), {
      kind: 'issued',
      certificate: Buffer.of(0x30, 0x00),
      chain: [Buffer.of(0x30, 0x01, 0x05)],
      reference: '17',
    });
  });

  test('has the pinned chain when the answer has none', async () => {
    const pinned = [Uint8Array.of(0x30, 0x02, 0x05, 0x00)];
    const backend = backendOf("answer({ status: 'issued', certificate: 'MAA=', chain: [] });", {}, pinned);
    const made = await backend.issue(request, ALLOW, never);
    assert.equal(made.kind === 'issued' && made.chain, pinned);
  });

  test('gives the same elements of the chain each time, so that each CA certificate is parsed once', async () => {
    const backend = backendOf(ISSUED);
    const chains = [await backend.issue(request, ALLOW, never), await backend.issue(request, ALLOW, never)].map(
      (made) => made.kind === 'issued' && made.chain[0],
    );
    assert.equal(chains[0], chains[1]);
  });

  test('that the CA has not decided yet waits, and is asked about by its reference', async () => {
    const backend = backendOf(
      `if (order.operation === 'poll') ${ISSUED}
       else answer({ status: 'pending', reference: 'order 17', retryAfter: 600 });`,
    );
    assert.deepEqual(await backend.issue(request, ALLOW, never), {
      kind: 'pending',
      reference: 'order 17',
      retryAfter: 600,
    });
    assert.equal((await backend.poll?.('order 17', never))?.kind, 'issued');
  });

  test('is an error when the program answers `pending` and could not be polled', async () => {
    const backend = backendOf("answer({ status: 'pending', reference: '17', retryAfter: 60 });", {
      operations: ['issue'],
    });
    assert.deepEqual(await faultIn(backend.issue(request, ALLOW, never)), {
      name: 'IssuerError',
      code: 'misconfigured',
      retryable: false,
      text: 'the command answered `pending`, and `poll` is not among its operations',
    });
  });
});

describe('an earlier order', () => {
  test('is looked for by its key', async () => {
    const backend = backendOf(`${keep('find', '[order.operation, order.requestKey]')}${ISSUED}`);
    assert.equal((await backend.find?.(request, never))?.kind, 'issued');
    assert.deepEqual(kept('find'), [['find', 'ab'.repeat(32)]]);
  });

  test('of which the CA knows nothing is `none`', async () => {
    assert.equal(await backendOf("answer({ status: 'none' });").find?.(request, never), undefined);
  });
});

describe('abilities', () => {
  test('are those of the operations that are declared', () => {
    const backend = backendOf('', { operations: ['issue'] });
    assert.deepEqual(backend.capabilities, {
      sanFromCsr: true,
      validityOverride: true,
      pending: false,
      find: false,
      revokeReasons: [],
    });
    assert.deepEqual(Object.keys(backend).toSorted(), ['backend', 'capabilities', 'issue', 'revoke']);
  });

  test('with every operation', () => {
    assert.deepEqual(backendOf('').capabilities, {
      sanFromCsr: true,
      validityOverride: true,
      pending: true,
      find: true,
      revokeReasons: [
        'unspecified',
        'keyCompromise',
        'cACompromise',
        'affiliationChanged',
        'superseded',
        'cessationOfOperation',
        'certificateHold',
        'privilegeWithdrawn',
        'aACompromise',
      ],
    });
  });
});

describe('a revocation', () => {
  test('is handed over with its serial number, certificate and reason', async () => {
    const backend = backendOf(`${keep('revoke', '[order, process.argv.slice(2)]')}answer({ status: 'done' });`);
    await backend.revoke({ ...revocation, reference: '17' }, never);
    assert.deepEqual(kept('revoke'), [
      [
        {
          version: 1,
          operation: 'revoke',
          parameters: {},
          serial: '1a2b3c',
          certificate: 'MAA=',
          reference: '17',
          reason: 'keyCompromise',
          reasonCode: 1,
          at: '2026-03-01T12:00:00.000Z',
        },
        [],
      ],
    ]);
  });

  test('of a hold is taken back without a reason', async () => {
    const backend = backendOf(`${keep('release', '[order.operation, order.reason]')}answer({ status: 'done' });`);
    await backend.release?.(revocation, never);
    assert.deepEqual(kept('release'), [['release', null]]);
  });

  for (const [what, serial] of [
    ['quotes', '1a"2b'],
    ['a semicolon', '1a;2b'],
    ['a line break', '1a\n2b'],
    ['capitals', '1A2B'],
    ['nothing', ''],
  ] as const)
    test(`is refused when the serial number has ${what}, and the program is not started`, async () => {
      const backend = backendOf(`${keep('not-started', '1')}answer({ status: 'done' });`);
      const fault = await faultIn(backend.revoke({ ...revocation, serial }, never));
      assert.equal(fault?.code, 'invalid');
      assert.equal(fault?.text, 'the serial number is not lower-case hexadecimal');
      assert.throws(() => written('not-started'), { code: 'ENOENT' });
    });

  for (const reason of ['keyCompromise"', 'keyCompromise; id', 'keyCompromise\n', 'toString'])
    test(`is refused for the reason ${JSON.stringify(reason)}, and the program is not started`, async () => {
      const backend = backendOf(`${keep('not-started', '1')}answer({ status: 'done' });`);
      const fault = await faultIn(backend.revoke({ ...revocation, reason: reason as 'keyCompromise' }, never));
      assert.equal(fault?.code, 'invalid');
      assert.throws(() => written('not-started'), { code: 'ENOENT' });
    });

  test('is owed, and not done, where the command cannot revoke', async () => {
    const backend = backendOf('', { operations: ['issue'] });
    assert.deepEqual(await faultIn(backend.revoke(revocation, never)), {
      name: 'IssuerError',
      code: 'misconfigured',
      retryable: false,
      text: 'the revocation of 1a2b3c is owed: `revoke` is not among the operations of the command. Revoke it at the CA, and declare an operation that does',
    });
  });

  test('is not done when the program ends without saying so', async () => {
    assert.equal((await faultIn(backendOf('').revoke(revocation, never)))?.code, 'unavailable');
  });
});

describe('settings with which no program could be called safely', () => {
  for (const [what, different] of [
    ['a program without its whole path', { argv: ['issue.sh'] }],
    ['an argument with a line break', { argv: [process.execPath, 'a\nb'] }],
    ['a CA whose name has a quote', { ca: 'ca1\\Example "CA' }],
    ['a CA whose name has a semicolon', { ca: 'ca1\\Example; CA' }],
    ['a CA whose name has a line break', { ca: 'ca1\\Example\nCA' }],
    ['no operation `issue`', { operations: ['check'] as const }],
  ] as const)
    test(`are refused: ${what}`, () => {
      assert.throws(() => backendOf('', different), ConfigError);
    });
});

describe('an error of the program', () => {
  for (const [exit, code] of EXIT_CODES)
    test(`is ${code} when the exit code is ${exit}`, async () => {
      const backend = backendOf(`console.error('first\\nthe CA said why'); process.exitCode = ${exit};`);
      const fault = await faultIn(backend.issue(request, ALLOW, never));
      assert.equal(fault?.code, code);
      assert.equal(fault?.text, `the command, for issue: ${code}: the CA said why`);
    });

  test('is what its answer says, with the time after which it may be asked again', async () => {
    const said = "code: 'throttled', detail: 'too many orders', clientText: 'come later', retryAfter: 30";
    const backend = backendOf(`answer({ status: 'error', ${said} }); process.exitCode = 15;`);
    await assert.rejects(backend.issue(request, ALLOW, never), {
      code: 'throttled',
      retryable: true,
      retryAfter: 30,
      adminText: 'the command, for issue: throttled: too many orders',
      clientText: 'come later',
    });
  });

  for (const [operation, code] of [
    ['issue', 'unknown-outcome'],
    ['poll', 'unavailable'],
  ] as const)
    test(`that it does not name leaves the outcome of \`${operation}\` as ${code}`, async () => {
      const backend = backendOf('process.exitCode = 1;');
      const call = operation === 'issue' ? backend.issue(request, ALLOW, never) : backend.poll?.('17', never);
      assert.deepEqual(await faultIn(Promise.resolve(call)), {
        name: 'IssuerError',
        code,
        retryable: true,
        text: `the command, for ${operation}: exit code 1`,
      });
    });

  test('is told to the administrator in one short line, without control characters', async () => {
    const backend = backendOf(
      "console.error('x'.repeat(10_000)); console.error('\\u001b[31m' + 'y'.repeat(400)); process.exitCode = 10;",
    );
    const fault = await faultIn(backend.issue(request, ALLOW, never));
    assert.equal(fault?.text, `the command, for issue: rejected: ${`\\u{1b}[31m${'y'.repeat(400)}`.slice(0, 300)}`);
  });

  test('shows neither the challenge of the device nor the environment', async () => {
    const said = `'the CSR has ${CHALLENGE} and the token is ' + process.env.TOKEN`;
    const backend = backendOf(`console.error(${said}); process.exitCode = 10;`);
    const answering = backendOf(`answer({ status: 'error', code: 'rejected', detail: ${said}, clientText: ${said} });`);
    for (const each of [backend, answering]) {
      const error = await each.issue(request, ALLOW, never).catch((cause: unknown) => cause);
      const shown = JSON.stringify({ ...(error as object), message: (error as Error).message });
      assert.match(shown, /the CSR has \[withheld\] and the token is \[withheld\]/);
      assert.ok(!shown.includes(CHALLENGE) && !shown.includes(SECRET), shown);
    }
  });

  test('is one of the configuration when the program does not exist, and a device may come again', async () => {
    const fault = await faultIn(backendOf('', { argv: [join(folder, 'nothing')] }).issue(request, ALLOW, never));
    assert.equal(fault?.code, 'misconfigured');
    assert.equal(fault?.retryable, true);
    assert.match(fault?.text ?? '', /^the command: it cannot be started: .*ENOENT/);
  });
});

describe('an answer that is not one of the contract', () => {
  const text = 'the command, for issue: its answer is not one of docs/command-issuer.md';
  for (const [what, source] of [
    ['nothing', ''],
    ['no JSON', "process.stdout.write('issued');"],
    ['another version', "answer({ version: 2, status: 'issued', certificate: 'MAA=', chain: [] });"],
    ['another status', "answer({ status: 'toString' });"],
    ['a field that is unknown', "answer({ status: 'issued', certificate: 'MAA=', chain: [], more: 1 });"],
    ['a field that is missing', "answer({ status: 'issued', certificate: 'MAA=' });"],
    ['an empty certificate', "answer({ status: 'issued', certificate: '', chain: [] });"],
    ['a certificate as PEM', "answer({ status: 'issued', certificate: '-----BEGIN CERTIFICATE-----', chain: [] });"],
    ['a line break in the reference', "answer({ status: 'pending', reference: 'a\\nb', retryAfter: 1 });"],
    ['a negative time', "answer({ status: 'pending', reference: '1', retryAfter: -1 });"],
    ['a list', "process.stdout.write('[]');"],
    ['octets that are not UTF-8', 'process.stdout.write(Buffer.of(0x7b, 0xff, 0x7d));'],
  ] as const)
    test(`leaves the outcome unknown: ${what}`, async () => {
      assert.deepEqual(await faultIn(backendOf(source).issue(request, ALLOW, never)), {
        name: 'IssuerError',
        code: 'unknown-outcome',
        retryable: true,
        text,
      });
    });

  test('is one of another operation', async () => {
    const fault = await faultIn(backendOf("answer({ status: 'done' });").issue(request, ALLOW, never));
    assert.equal(fault?.text, 'the command, for issue: it answered `done`, which is no answer to this');
  });
});

describe('the health of the CA', () => {
  test('is what the program says', async () => {
    const check = backendOf("answer({ status: 'done', detail: 'version 9.1' });").check?.(never);
    assert.deepEqual(await check, { ok: true, detail: 'version 9.1' });
  });

  test('has the warnings of the program', async () => {
    const check = backendOf("answer({ status: 'done', warnings: ['everybody may enrol'] });").check?.(never);
    assert.deepEqual(await check, { ok: true, detail: 'the command answers', warnings: ['everybody may enrol'] });
  });

  test('has no secret of the environment', async () => {
    const texts = '[process.env.TOKEN].map((each) => each + " ends soon")';
    const check = backendOf(`answer({ status: 'done', detail: process.env.TOKEN, warnings: ${texts} });`).check?.(
      never,
    );
    assert.deepEqual(await check, { ok: true, detail: '[withheld]', warnings: ['[withheld] ends soon'] });
  });

  test('is unknown when the warnings are no list of texts', async () => {
    for (const warnings of ['"everybody"', '[1]', '["two\\nlines"]', 'Array(21).fill("one")']) {
      const standing = await backendOf(`answer({ status: 'done', warnings: ${warnings} });`).check?.(never);
      const detail = 'the command, for check: its answer is not one of docs/command-issuer.md';
      assert.deepEqual(standing, { ok: false, detail });
    }
  });

  test('is bad when the program says so', async () => {
    const check = backendOf("console.error('the token has expired'); process.exitCode = 12;").check?.(never);
    assert.deepEqual(await check, {
      ok: false,
      detail: 'the command, for check: unauthorised: the token has expired',
    });
  });
});
