/** Who may read, change and write the files of an installation: what is refused, and what is a warning. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { installed, run } from './installation.ts';

const posix = { skip: process.platform === 'win32' };
/** Only root can give files away and take another identity. */
const asRoot = { skip: process.geteuid?.() !== 0 };
const [SERVICE, GROUP, SOMEBODY] = [65_533, 65_532, 65_531];

/** Runs work as the user of a service, who is in no group but his own. */
async function asService<T>(work: () => Promise<T>): Promise<T> {
  const groups = process.getgroups!();
  process.setgroups!([GROUP]);
  process.setegid!(GROUP);
  process.seteuid!(SERVICE);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
    process.setgroups!(groups);
  }
}

/** An installation whose files belong to root and, all but its keys, may be read by the service; it writes into `data`. */
async function forService(t: TestContext, change: (config: string) => string = (config) => config) {
  const made = await installed(t, (text) => change(text.replace('sqlite:./openndes.db', 'sqlite:./data/openndes.db')));
  const { folder } = made;
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    chownSync(join(folder, file), 0, GROUP);
  chownSync(folder, 0, GROUP);
  chmodSync(folder, 0o750);
  chmodSync(join(folder, 'certs'), 0o770);
  chmodSync(join(folder, 'challenge.txt'), 0o640);
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  chownSync(join(folder, 'data'), SERVICE, GROUP);
  return { ...made, key: join(folder, 'certs/issuing-ca.key.pem') };
}

const permissions = (path: string): string => (statSync(path).mode & 0o777).toString(8);

for (const umask of [0o000, 0o002, 0o022, 0o077])
  test(`init under the umask ${umask.toString(8)}: folders 755, public files 644, secrets 600`, posix, async (t) => {
    const before = process.umask(umask);
    t.after(() => process.umask(before));
    const { folder } = await installed(t);
    process.umask(umask);
    const made = join(folder, 'a', 'b');
    assert.equal((await run('init', made, '--key', 'p256')).code, 0);
    const modes = (...files: string[]) => files.map((file) => permissions(join(made, file)));
    assert.deepEqual(modes('..', '.', 'certs'), ['755', '755', '755']);
    assert.deepEqual(modes('openndes.yaml', 'certs/issuing-ca.pem', 'certs/chain.pem'), ['644', '644', '644']);
    assert.deepEqual(modes('certs/issuing-ca.key.pem', 'certs/root-ca.key.pem', 'challenge.txt'), [
      '600',
      '600',
      '600',
    ]);
  });

for (const mode of [0o440, 0o640])
  test(
    `a key of root that its group may read (${mode.toString(8)}) is used by a service in that group`,
    asRoot,
    async (t) => {
      const { key, cli, config } = await forService(t);
      chmodSync(key, mode);
      const checked = await asService(() => cli('check'));
      assert.deepEqual([checked.code, checked.err], [0, '']);
      await asService(async () => {
        const server = await startServer(config, { logLevel: 'silent', workers: 1 });
        await server.close();
      });
    },
  );

test(
  'a key of root that others may read is refused, with a remedy that keeps the service able to read it',
  asRoot,
  async (t) => {
    const { key, cli } = await forService(t);
    for (const mode of [0o644, 0o660]) {
      chmodSync(key, mode);
      const { code, err } = await asService(() => cli('check'));
      assert.equal(code, 78);
      assert.match(
        err,
        new RegExp(
          `${key}: others may read this private key \\(the key of the issuing CA\\)\\. ` +
            `Run as root: chgrp 65532 ${key} && chmod 640 ${key}, so that the user 65533 can read it\\. ` +
            'In Kubernetes: `fsGroup: 65532` and `defaultMode: 0440`',
        ),
      );
      assert.match((await cli('check')).err, new RegExp(`Run: chmod 640 ${key}`));
    }
  },
);

test('a key that the service may not read: the error names the user', asRoot, async (t) => {
  const { key, cli } = await forService(t);
  chmodSync(key, 0o600);
  const { code, err } = await asService(() => cli('check'));
  assert.equal(code, 78);
  assert.match(err, /issuing-ca\.key\.pem: the user 65533 may not read it \(the key of the issuing CA\)/);
});

test(
  'credentials of systemd: secrets by `${credential:NAME}`, keys below $CREDENTIALS_DIRECTORY',
  asRoot,
  async (t) => {
    const { folder, key, cli } = await forService(t, (text) =>
      text
        .replace('${file:challenge.txt}', '${credential:challenge}')
        .replace('file:certs/issuing-ca.key.pem', 'file:${env:CREDENTIALS_DIRECTORY}/issuing.key'),
    );
    // As systemd makes it: of root, readable by the user of the service through an access list, which shows as the group.
    const credentials = join(folder, 'credentials');
    mkdirSync(credentials);
    for (const [from, to] of [
      [key, 'issuing.key'],
      [join(folder, 'challenge.txt'), 'challenge'],
    ] as const) {
      cpSync(from, join(credentials, to));
      chownSync(join(credentials, to), 0, GROUP);
      chmodSync(join(credentials, to), 0o440);
    }
    chownSync(credentials, 0, GROUP);
    chmodSync(credentials, 0o550);
    t.after(() => delete process.env['CREDENTIALS_DIRECTORY']);
    process.env['CREDENTIALS_DIRECTORY'] = credentials;
    const { code, err } = await asService(() => cli('check'));
    assert.deepEqual([code, err], [0, '']);
    delete process.env['CREDENTIALS_DIRECTORY'];
    assert.match(
      (await cli('check')).err,
      /policy\.static: there is no credential challenge: CREDENTIALS_DIRECTORY is not set\. systemd sets it for a service with `LoadCredential=NAME:PATH`\./,
    );
  },
);

test(
  'what every user may change is refused: configuration, secret, policy module, key, and their folder',
  posix,
  async (t) => {
    const { folder, cli } = await installed(t, (text) =>
      text.replace(
        'static: "${file:challenge.txt}"',
        'allOf: [{ static: "${file:challenge.txt}" }, { module: ./my.mjs }]',
      ),
    );
    writeFileSync(
      join(folder, 'my.mjs'),
      "export default () => ({ name: 'my', decide: async () => ({ kind: 'allow' }) });",
    );
    assert.equal((await cli('check')).code, 0);
    for (const [file, what] of [
      ['openndes.yaml', 'the configuration'],
      ['challenge.txt', 'named in the configuration'],
      ['my.mjs', 'a policy module'],
      ['certs/issuing-ca.pem', 'the issuing CA certificate'],
    ] as const) {
      const path = join(folder, file);
      const { mode } = statSync(path);
      chmodSync(path, mode | 0o002);
      const { code, err } = await cli('check');
      assert.equal(code, 78, file);
      assert.ok(err.includes(`${path}: every user may change this file (${what})`), err);
      assert.ok(err.includes(`Run: chmod o-w ${path}`), err);
      chmodSync(path, mode);
    }
    const certs = join(folder, 'certs');
    chmodSync(certs, 0o777);
    const { code, err } = await cli('check');
    assert.equal(code, 78);
    assert.ok(err.includes(`${certs}: every user may replace files in this folder (the key of the issuing CA)`), err);
    chmodSync(certs, 0o1777);
    assert.equal((await cli('check')).code, 0);
  },
);

test('a secret that every user may read is a warning at its key', posix, async (t) => {
  const { folder, config, cli } = await installed(t);
  chmodSync(join(folder, 'challenge.txt'), 0o644);
  const { code, err } = await cli('check');
  assert.equal(code, 0);
  assert.equal(
    err,
    `warning: ${config}:43:23 endpoints[0].policy.static: every user of this machine may read ${folder}/challenge.txt. ` +
      `Run: chmod o-r ${folder}/challenge.txt`,
  );
});

test('files of another user are a warning that names them', asRoot, async (t) => {
  const { folder, config, cli } = await installed(t);
  chownSync(join(folder, 'certs/issuing-ca.key.pem'), SOMEBODY, 0);
  chownSync(config, SOMEBODY, 0);
  const { code, err } = await cli('check');
  assert.equal(code, 0);
  assert.equal(
    err,
    `warning: the user 65531 owns ${config}, ${folder}/certs/issuing-ca.key.pem and can change what the server does. ` +
      'If the server runs as that user, run this command as that user too; if not, run: ' +
      `chown root ${config} ${folder}/certs/issuing-ca.key.pem`,
  );
});

test('a store of another user that everybody may change is refused, also to root', asRoot, async (t) => {
  const { folder, config, cli, started } = await installed(t);
  await (await started()).close();
  const store = join(folder, 'openndes.db');
  chownSync(store, SOMEBODY, SOMEBODY);
  chmodSync(store, 0o666);
  const refused = {
    message: `store: ${store}: others may read or change this file`,
    remedy: `Run: chmod 600 ${store}*`,
  };
  await assert.rejects(startServer(config, { logLevel: 'silent', workers: 1 }), refused);
  assert.equal((await cli('certs', 'list')).code, 78);
  chmodSync(store, 0o600);
  assert.equal((await cli('certs', 'list')).code, 0);
  chmodSync(folder, 0o777);
  assert.match((await cli('certs', 'list')).err, /every user may replace files in this folder/);
});

test('check and serve tell in one sentence that the folder of the store cannot be written', asRoot, async (t) => {
  const { folder, config, cli, key } = await forService(t);
  chmodSync(key, 0o640);
  const reasons = {
    'without a store':
      /^store: .*\/data\/openndes\.db-server cannot be written: this user may not write there \(EACCES\)$/,
    'with a store': /^store: .*\/data\/openndes\.db-server cannot be used: attempt to write a readonly database$/,
  };
  for (const [state, message] of Object.entries(reasons)) {
    if (state === 'with a store') {
      chmodSync(join(folder, 'data'), 0o700);
      await asService(async () => (await startServer(config, { logLevel: 'silent', workers: 1 })).close());
    }
    chmodSync(join(folder, 'data'), 0o500);
    const { code, err } = await asService(() => cli('check'));
    assert.deepEqual(
      [code, err],
      [
        78,
        `store: ${folder}/data/openndes.db: the user 65533 may not write here\n` +
          `Give the user 65533 the right to write into ${folder}/data, or change \`store:\`.`,
      ],
      state,
    );
    await assert.rejects(
      asService(() => startServer(config, { logLevel: 'silent', workers: 1 })),
      { name: 'ConfigError', message },
      state,
    );
  }
});

test('check and serve tell in one sentence that the RA cannot be made or renewed', asRoot, async (t) => {
  const { folder, config, cli, key } = await forService(t);
  const certs = join(folder, 'certs');
  chmodSync(key, 0o640);
  chmodSync(certs, 0o750);
  const remedy = `Give the user 65533 the right to write into ${certs}, or make an RA elsewhere and name it under \`ra\`.`;
  const kept = '(`ra: auto` and `ra: split` keep the RA beside the CA certificate)';
  const { code, err } = await asService(() => cli('check'));
  assert.deepEqual([code, err], [78, `${certs}/ra.pem: the user 65533 may not write here ${kept}\n${remedy}`]);
  await assert.rejects(
    asService(() => startServer(config, { logLevel: 'silent', workers: 1 })),
    { name: 'ConfigError', message: `${certs}/ra.key.pem: the user 65533 may not write here ${kept}`, remedy },
  );

  chmodSync(certs, 0o770);
  await asService(async () => (await startServer(config, { logLevel: 'silent', workers: 1 })).close());
  chmodSync(certs, 0o750);
  const later = await asService(() => cli('check'));
  assert.deepEqual(
    [later.code, later.err],
    [
      0,
      `warning: authority issuing: ${certs}/ra.pem: the user 65533 may not write here ${kept}, so it cannot be renewed. ${remedy}`,
    ],
  );
  await asService(async () => (await startServer(config, { logLevel: 'silent', workers: 1 })).close());
});

test('check and serve tell that an address is not of this machine', async (t) => {
  const { config, cli } = await installed(t, (text) => text.replace('host: 127.0.0.1', 'host: 192.0.2.1'));
  const { code, err } = await cli('check');
  assert.deepEqual([code, err.split('\n')[0]], [78, '192.0.2.1:0 is no address of this machine']);
  await assert.rejects(startServer(config, { logLevel: 'silent', workers: 1 }), { name: 'ConfigError' });
});

test('of several listeners, the one that cannot listen is named by its key', async (t) => {
  const { config, cli } = await installed(t, (text) =>
    text.replace(/^listen: .*$/m, 'listen: [{ host: 127.0.0.1, port: 0 }, { host: 192.0.2.1, port: 0 }]'),
  );
  const { code, err } = await cli('check');
  const said = '192.0.2.1:0 is no address of this machine';
  assert.deepEqual([code, err.split('\n')[0]], [78, said]);
  assert.match(err, /Correct `listen\[1\]\.host`/);
  await assert.rejects(startServer(config, { logLevel: 'silent' }), { message: said });
});

test('a port that a running server has is no fault for check', async (t) => {
  const { config, started, cli } = await installed(t);
  const { origin } = await started();
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace('port: 0', `port: ${new URL(origin).port}`));
  assert.equal((await cli('check')).code, 0);
});
