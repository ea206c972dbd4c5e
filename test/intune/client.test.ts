/** The three ScepActions over real HTTPS: the bytes that are sent, and the answers. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { FailureNotification, SuccessNotification } from '../../src/core/notification.ts';
import { INTUNE_CODES } from '../../src/intune/answer-codes.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { isSuccess } from '../../src/intune/scep-actions.ts';
import { intunePolicy } from '../../src/policy/intune.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { type Answer, everything, type FakeTenant, fakeTenant, listing, ok, rejection, SECRET } from './fake-tenant.ts';

const CHALLENGE = Buffer.from('a challenge as long as those of Intune '.repeat(20)).toString('base64');
const request = { transactionId: 'ABC123', csr: Buffer.from(`a PKCS#10 with ${CHALLENGE} in it`) };
const notification: SuccessNotification = {
  kind: 'success',
  endpoint: '/scep',
  ...request,
  thumbprint: '0123456789abcdef0123456789ABCDEF01234567',
  serial: '0a1b2c',
  notAfter: new Date('2027-01-31T12:00:00Z'),
  issuer: `CN=Issuing CA,O=${'é'.repeat(300)}`,
};
const failure: FailureNotification = {
  kind: 'failure',
  endpoint: '/scep',
  ...request,
  hresult: -2147023174,
  description: 'x'.repeat(300),
};
const never = new AbortController().signal;

let tenant: FakeTenant;
before(async () => {
  tenant = await fakeTenant();
});
after(() => tenant.close());
beforeEach(() => {
  tenant.calls.length = 0;
});

const validateAfter = (...answers: Answer[]) => {
  tenant.answer('validateRequest', ...answers);
  return tenant.client({ timeouts: { retries: 0 } }).validateRequest(request, never);
};
const unreachableAfter = async (...answers: Answer[]): Promise<IntuneUnreachable> => {
  const error = await rejection(validateAfter(...answers));
  assert.ok(error instanceof IntuneUnreachable, String(error));
  assert.ok(error.remedy.length > 10);
  return error;
};

describe('what is sent', () => {
  test('token, discovery and validateRequest, in this order and to the byte', async () => {
    const uuid = '00000000-0000-4000-8000-000000000001';
    const client = tenant.client({ uuid: () => uuid });
    const answer = await client.validateRequest(request, never);
    assert.deepEqual(answer, { code: 'Success', description: '', clientRequestId: uuid });

    assert.deepEqual(tenant.hops(), ['token', 'discovery', 'token', 'validateRequest']);
    const [graphToken, discovery, intuneToken, validation] = tenant.calls;
    assert.ok(graphToken && graphToken.path.startsWith('/contoso.example/oauth2/v2.0/token'));
    const form = new URLSearchParams(graphToken.body);
    assert.equal(form.get('grant_type'), 'client_credentials');
    assert.equal(form.get('client_secret'), SECRET);
    assert.ok(form.get('scope')?.split(' ').includes(`${tenant.origin}/graph/.default`));
    const scopes = new URLSearchParams(intuneToken?.body).get('scope')?.split(' ');
    assert.ok(scopes?.includes(`${tenant.origin}//.default`), 'the resource id ends with a slash');
    assert.equal(discovery?.path, '/graph/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints');
    assert.match(discovery.headers['authorization'] ?? '', /^Bearer token-\d+$/);

    assert.equal(validation?.path, '/RACerts/Scep/ScepActions/validateRequest');
    assert.equal(
      validation.body,
      `{"request":{"transactionId":"ABC123","certificateRequest":"${request.csr.toString('base64')}","callerInfo":"openndes/9.9.9"}}`,
    );
    const { headers, raw } = validation;
    assert.match(headers['authorization'] ?? '', /^Bearer token-\d+$/);
    assert.notEqual(headers['authorization'], discovery.headers['authorization'], 'each resource has its own token');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['accept'], 'application/json');
    assert.equal(headers['client-request-id'], uuid);
    assert.equal(headers['api-version'], '2018-02-20');
    assert.equal(headers['useragent'], 'openndes/9.9.9');
    assert.equal(headers['user-agent'], 'openndes/9.9.9');
    assert.ok(raw.includes('UserAgent') && raw.includes('Authorization'), 'letter case is kept');
  });

  test('successNotification to the byte', async () => {
    await tenant.client().successNotification(notification, never);
    const issuer = notification.issuer.slice(0, 256);
    assert.equal(
      tenant.calls.at(-1)?.body,
      '{"notification":{"transactionId":"ABC123",' +
        `"certificateRequest":"${request.csr.toString('base64')}",` +
        '"certificateThumbprint":"0123456789ABCDEF0123456789ABCDEF01234567",' +
        '"certificateSerialNumber":"A1B2C",' +
        '"certificateExpirationDateUtc":"2027-01-31T12:00:00.000Z",' +
        `"issuingCertificateAuthority":"${issuer}","callerInfo":"openndes/9.9.9",` +
        `"caConfiguration":"${issuer}","certificateAuthority":"${issuer}"}}`,
    );
  });

  test('failureNotification to the byte: the HRESULT is signed and has the customer bit', async () => {
    await tenant.client().failureNotification(failure, never);
    assert.equal(
      tenant.calls.at(-1)?.body,
      `{"notification":{"transactionId":"ABC123","certificateRequest":"${request.csr.toString('base64')}",` +
        `"hResult":${(0xa00706ba | 0).toString()},"errorDescription":"${'x'.repeat(255)}","callerInfo":"openndes/9.9.9"}}`,
    );
  });

  test('tokens and the address are cached: the second validation is one HTTP request', async () => {
    const client = tenant.client();
    await client.validateRequest(request, never);
    tenant.calls.length = 0;
    await client.validateRequest(request, never);
    assert.deepEqual(tenant.hops(), ['validateRequest']);
  });
});

describe('answers', () => {
  for (const code of [...Object.keys(INTUNE_CODES), 'SomethingOfTomorrow'])
    test(`code ${code} is returned as it is`, async () => {
      const answer = await validateAfter(ok({ '@odata.context': 'x', code, errorDescription: 'because' }));
      assert.equal(answer.code, code);
      assert.equal(answer.description, 'because');
      assert.equal(isSuccess(answer), code === 'Success');
    });

  for (const code of ['success', 'SUCCESS', 'sUCCESS'])
    test(`${code} is Success`, async () => {
      assert.ok(isSuccess(await validateAfter(ok({ code }))));
    });

  test('keys in any letter case', async () => {
    const lower = await validateAfter(ok({ code: 'ChallengeExpired', errordescription: 'late' }));
    assert.deepEqual([lower.code, lower.description], ['ChallengeExpired', 'late']);
    const upper = await validateAfter(ok({ Code: 'Success', ErrorDescription: 'fine' }));
    assert.deepEqual([upper.code, upper.description], ['Success', 'fine']);
  });

  test('a byte order mark before the answer; a key that only a member of the answer repeats', async () => {
    const answer = await validateAfter({ text: '\ufeff{"code":"Success","more":{"code":"Other"},"list":["code"]}' });
    assert.ok(isSuccess(answer));
  });

  test('a 400 with a code and no words is a "no" without words', async () => {
    const answer = await validateAfter({ status: 400, json: { error: { code: 'BadRequest' } } });
    assert.deepEqual([answer.code, answer.description], ['BadRequest', '']);
  });

  test('a 400 with a code is a refusal', async () => {
    const json = { error: { code: 'BadRequest', message: '{"Message":"the body is wrong"}' } };
    const answer = await validateAfter({ status: 400, json });
    assert.deepEqual([answer.code, answer.description], ['BadRequest', 'the body is wrong']);
  });

  for (const code of ['Success', 'success ', 'Success\u0000', ' SUCCESS'])
    test(`${JSON.stringify(code)} with 400 is a refusal`, async () => {
      for (const json of [{ code }, { error: { code, message: 'because' } }, { code, Code: code }])
        assert.equal((await validateAfter({ status: 400, json })).code, 'HTTP400');
    });

  for (const status of [405, 413, 414, 415, 422, 431])
    test(`${status} is about this one request: a refusal, whatever the body`, async () => {
      for (const text of ['', '<html>too large</html>', '{}']) {
        const answer = await validateAfter({ status, text });
        assert.deepEqual([answer.code, isSuccess(answer)], [`HTTP${status}`, false]);
      }
    });

  test('a short token that Intune or Graph repeats is withheld', async () => {
    const token = 'Short.token-46';
    const issued = { json: { token_type: 'Bearer', expires_in: 3599, access_token: token } };
    const client = (hop: 'discovery' | 'validateRequest', answer: Answer) => {
      // Twice: after 401 and 403 the call is made again with a new token.
      tenant.answer('token', issued, issued, issued);
      tenant.answer(hop, answer, answer);
      const answered = tenant.client({ timeouts: { retries: 0 } }).validateRequest(request, never);
      return answered.finally(() => (['token', hop] as const).forEach((left) => tenant.answer(left)));
    };
    const answer = await client('validateRequest', ok({ code: `Bad ${token}`, errorDescription: `is ${token}.` }));
    assert.deepEqual([answer.code, answer.description], ['Bad [withheld]', 'is [withheld].']);
    const refused = { status: 400, json: { error: { code: 'BadRequest', message: `{"Message":"is ${token}."}` } } };
    assert.equal((await client('validateRequest', refused)).description, 'is [withheld].');
    for (const [hop, failed] of [
      ['validateRequest', { status: 401, json: { error: { code: token, message: token } } }],
      ['discovery', { status: 403, json: { error: { code: token, message: token } } }],
      ['discovery', listing(`https://${token}.example/`)],
    ] as const) {
      const error = await rejection(client(hop, failed));
      assert.match(error.message, /\[withheld\]/);
      assert.ok(!everything(error).toLowerCase().includes(token.toLowerCase()), everything(error));
    }
  });

  test('a long base64 text in a description is withheld', async () => {
    const answer = await validateAfter(ok({ code: 'ChallengeDecodingError', errorDescription: `bad: ${CHALLENGE}` }));
    assert.equal(answer.description, 'bad: [withheld]');
  });

  test('notifications get answers of the same form', async () => {
    tenant.answer('successNotification', ok({ code: 'ChallengeExpired', errorDescription: 'late' }));
    const answer = await tenant.client().successNotification(notification, never);
    assert.equal(answer.code, 'ChallengeExpired');
  });
});

describe('what is not an answer', () => {
  for (const text of [
    '{"code":"ChallengeExpired","code":"Success"}',
    '{"code":"ChallengeExpired","errorDescription":"{\\"","co\\u0064e" : "Success"}',
    '{"errorDescription":{"code":"Success"},"code":"Success","a":[{}],"Code":"ChallengeExpired"}',
  ])
    test(`a key that is there twice: ${text}`, async () => {
      assert.match((await unreachableAfter({ text })).message, /where an answer was expected/);
    });

  const ACTIVITY = '7f4ee1a2-1111-2222-3333-444455556666';
  const nested = JSON.stringify({
    _version: 3,
    Message: `An internal server error has occurred - Operation ID (for customer support): 0 - Activity ID: ${ACTIVITY}`,
  });

  test('500 with nested JSON: the message and the activity id are extracted', async () => {
    const error = await unreachableAfter({ status: 500, json: { error: { code: 'InternalError', message: nested } } });
    assert.equal(error.hop, 'validateRequest');
    assert.equal(error.status, 500);
    assert.equal(error.activityId, ACTIVITY);
    assert.match(error.clientRequestId ?? '', /^[0-9a-f-]{36}$/);
    assert.match(error.message, /InternalError: An internal server error/);
    assert.ok(error.message.includes(ACTIVITY) && error.message.includes(error.clientRequestId ?? '?'));
  });

  const CASES: Record<string, { answer: Answer; message: RegExp }> = {
    HTML: { answer: { text: '<html>Please log in</html>' }, message: /HTML or XML/ },
    'HTML with 403': { answer: { status: 503, text: '<html>blocked</html>' }, message: /HTTP 503, HTML/ },
    nothing: { answer: { text: '' }, message: /an empty body/ },
    text: { answer: { text: 'OK' }, message: /text where an answer/ },
    'a JSON string': { answer: ok('Success'), message: /text where an answer/ },
    'a JSON array': { answer: ok([{ code: 'Success' }]), message: /text where an answer/ },
    'JSON without a code': { answer: ok({ hello: 1 }), message: /JSON of another shape/ },
    'a code that is a number': { answer: ok({ code: 0 }), message: /JSON of another shape/ },
    'an empty code': { answer: ok({ code: '' }), message: /JSON of another shape/ },
    'Success with a space': { answer: ok({ code: 'Success ' }), message: /JSON of another shape/ },
    'Success with a control character': { answer: ok({ code: 'Success\u0000' }), message: /JSON of another shape/ },
    'a code of control characters': { answer: ok({ code: '\u0000' }), message: /JSON of another shape/ },
    'two codes': { answer: ok({ CODE: 'Success', Code: 'ChallengeExpired' }), message: /JSON of another shape/ },
    'a refusal and a Success': {
      answer: ok({ Code: 'Success', code: 'ChallengeExpired' }),
      message: /JSON of another shape/,
    },
    'a Success beside a list': { answer: ok({ code: ['Success'], Code: 'Success' }), message: /JSON of another shape/ },
    'Success with 500': { answer: { status: 500, json: { code: 'Success' } }, message: /HTTP 500/ },
    'a refusal with 503': { answer: { status: 503, json: { code: 'ChallengeExpired' } }, message: /HTTP 503/ },
    'too much': { answer: { text: `{"code":"Success"}${' '.repeat(70_000)}` }, message: /more than 65536 octets/ },
  };
  for (const [name, { answer, message }] of Object.entries(CASES))
    test(`${name} is no answer`, async () => {
      assert.match((await unreachableAfter(answer)).message, message);
    });

  for (const status of [300, 301, 302, 307, 308, 399])
    test(`redirect ${status} is refused, and nothing is sent to its target`, async () => {
      const location = `${tenant.origin}/elsewhere/ScepActions/validateRequest`;
      const error = await unreachableAfter({ status, headers: { location }, text: '' });
      assert.match(error.message, /redirect/);
      assert.ok(!tenant.calls.some(({ path }) => path.includes('elsewhere')));
    });

  test('a server that does not answer: the time limit of one exchange ends it', async () => {
    tenant.answer('validateRequest', 'silence');
    const hurried = tenant.client({ timeouts: { retries: 0, callMs: 500 } });
    const error = await rejection(hurried.validateRequest(request, never));
    assert.ok(error instanceof IntuneUnreachable);
    assert.match(error.message, /no answer within 500 ms/);
  });

  for (const hop of ['token', 'discovery', 'validateRequest'] as const)
    test(`${hop} hangs: the time limit of the whole call names it, its host and how long it had, everywhere`, async () => {
      const client = tenant.client({ timeouts: { totalMs: 500, breakAfter: 1 } });
      tenant.answer(hop, 'silence');
      const error = await rejection(client.validateRequest(request, never));
      assert.ok(error instanceof IntuneUnreachable, String(error));
      const [, ms] =
        /^Intune (?:token|discovery|validateRequest): 127\.0\.0\.1:\d+ gave no answer within (\d+) ms, and the 500 ms for the whole call are over/.exec(
          error.message,
        ) ?? [];
      // A busy machine notices the end late, but not as late as the usual limit of one exchange.
      assert.ok(Number(ms) > 0 && Number(ms) < 10_000, error.message);
      assert.deepEqual([error.hop, error.message.split(':')[0]], [hop, `Intune ${hop}`]);
      assert.equal(client.health().ok, false);
      assert.ok(client.health().detail.includes(error.message), client.health().detail);

      const policy = intunePolicy({ client, notify: 'strict', onUnreachable: 'pending' });
      const decision = await policy.decide(sampleRequest({ csr: { challenge: CHALLENGE } }), never);
      assert.ok(decision.kind === 'pend' && decision.detail.includes(error.message), JSON.stringify(decision));
    });

  test('the token hangs for two calls that share it: both name it', async () => {
    const client = tenant.client({ timeouts: { totalMs: 500 } });
    tenant.answer('token', 'silence');
    const errors = await Promise.all([1, 2].map(() => rejection(client.validateRequest(request, never))));
    assert.deepEqual(
      errors.map((error) => error instanceof IntuneUnreachable && error.hop),
      ['token', 'token'],
    );
  });

  test('the time limit ends the pause before a retry: the fault before it is named', async () => {
    const client = tenant.client({ timeouts: { totalMs: 300, backoffMs: 3_000 } });
    const down: Answer = { status: 503, json: {} };
    tenant.answer('discovery', down, down, down);
    const error = await rejection(client.validateRequest(request, never));
    tenant.answer('discovery');
    assert.ok(error instanceof IntuneUnreachable);
    assert.match(error.message, /^Intune discovery: HTTP 503/);
  });

  test('a caller that aborts gets its own reason', async () => {
    tenant.answer('validateRequest', 'silence');
    const controller = new AbortController();
    const arrived = tenant.arrival('validateRequest');
    const pending = rejection(tenant.client().validateRequest(request, controller.signal));
    await arrived;
    const reason = new Error('the device went away');
    controller.abort(reason);
    assert.equal(await pending, reason);
  });

  test('an untrusted certificate is reported with trustCa as the remedy, and is not retried', async () => {
    const client = tenant.client({ trustCa: undefined });
    const error = await rejection(client.validateRequest(request, never));
    assert.ok(error instanceof IntuneUnreachable);
    assert.equal(error.hop, 'token');
    assert.match(error.message, /DEPTH_ZERO_SELF_SIGNED_CERT/);
    assert.match(error.remedy, /trustCa/);
    assert.equal(error.retryable, false);
    assert.deepEqual(tenant.calls, []);
  });

  test('neither challenge nor request nor secret nor token is in any error', async () => {
    const echo = `${CHALLENGE} ${request.csr.toString('base64')} ${SECRET}`;
    const answers: Answer[] = [
      { text: `<html>${echo}</html>` },
      { status: 500, json: { error: { code: 'InternalError', message: JSON.stringify({ Message: CHALLENGE }) } } },
      { status: 400, json: { error: { code: CHALLENGE, message: CHALLENGE } } },
      { status: 302, headers: { location: `https://x.example/?${CHALLENGE}` }, text: echo },
      'reset',
    ];
    for (const answer of answers) {
      const outcome = await validateAfter(answer).then(JSON.stringify, everything);
      for (const secret of [CHALLENGE, request.csr.toString('base64'), SECRET, 'Bearer', 'token-'])
        assert.ok(!outcome.includes(secret), outcome);
    }
  });
});
