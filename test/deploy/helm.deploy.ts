/** The Helm chart, rendered by the real helm and validated against the schemas of Kubernetes. No cluster is asked. `npm run deploy`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { METRICS } from '../../src/metrics/metric-table.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CHART = join(ROOT, 'deploy', 'helm', 'openndes');
const VALIDATE = join(import.meta.dirname, 'target', 'bin', 'kubernetes-validate');

/** The oldest and the newest Kubernetes that the chart is for. */
const VERSIONS = ['1.29', '1.37'];

/** A helm that `go install` built takes itself for one of Kubernetes 1.20. */
const KUBE = ['--kube-version', VERSIONS.at(-1)!];

type Ran = { status: number | null; stdout: string; stderr: string };

function run(program: string, ...args: string[]): Ran {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error) throw new Error(`${program} cannot be run: .ci/run installs it`, { cause: error });
  return { status, stdout, stderr };
}

/** A file with values for the chart, which is gone after the test. */
function valuesFile(t: TestContext, values: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-helm-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'values.yaml');
  writeFileSync(path, JSON.stringify(values));
  return path;
}

const template = (t: TestContext, values: object): Ran =>
  run('helm', 'template', 'scep', CHART, ...KUBE, '--namespace', 'pki', '--values', valuesFile(t, values));

type Resource = { kind: string; spec: Record<string, unknown>; data?: Record<string, string> };

/** What helm makes of these values, by its kind. */
function rendered(t: TestContext, values: object): { text: string; of: (kind: string) => Resource | undefined } {
  const { status, stdout, stderr } = template(t, values);
  assert.equal(status, 0, stderr);
  const resources = parseAllDocuments(stdout).map((document) => document.toJS() as Resource | null);
  return { text: stdout, of: (kind) => resources.find((each) => each?.kind === kind) ?? undefined };
}

/** What the chart brings for two replicas. */
const REPLICAS = parse(readFileSync(join(CHART, 'values-replicas.yaml'), 'utf8')) as { config: { store: object } };
const ONE_SERVER = { url: 'postgres://openndes@db.example.com/openndes' };
const TLS = { certificate: '/secrets/tls.pem', key: '/secrets/tls.key' };

/** What the chart scales by itself. */
const SCALED = { ...REPLICAS, autoscaling: { enabled: true, maxReplicas: 9 } };

const OTHERS = [{ namespaceSelector: { matchLabels: { a: 'b' } } }];

/** Every branch of the templates. */
const VALUES: Readonly<Record<string, object>> = {
  'as it is': {},
  'two replicas on PostgreSQL': REPLICAS,
  'as many replicas as there is work': SCALED,
  'without metrics': { config: { metrics: null } },
  'one server on PostgreSQL': { config: { store: ONE_SERVER } },
  'HTTPS beside HTTP, with everything': {
    config: { listen: [{ port: 8443, tls: TLS }, { port: 8080 }] },
    imagePullSecrets: [{ name: 'registry' }],
    persistence: { existingClaim: 'a-claim', storageClass: 'fast' },
    service: { type: 'LoadBalancer', annotations: { a: 'b' } },
    serviceAccount: { annotations: { 'azure.workload.identity/client-id': 'an-id' } },
    podLabels: { 'azure.workload.identity/use': 'true' },
    podAnnotations: { a: 'b' },
    networkPolicy: { from: OTHERS, metricsFrom: OTHERS },
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
  },
};

for (const [name, values] of Object.entries(VALUES))
  test(`${name}: helm finds nothing to complain of, and Kubernetes knows every field`, (t) => {
    const lint = run('helm', 'lint', '--strict', ...KUBE, '--values', valuesFile(t, values), CHART);
    assert.equal(lint.status, 0, lint.stdout + lint.stderr);
    const file = join(valuesFile(t, {}), '..', 'rendered.yaml');
    writeFileSync(file, rendered(t, values).text);
    for (const version of VERSIONS) {
      const { status, stdout, stderr } = run(VALIDATE, '--strict', '-k', version, file);
      assert.equal(status, 0, `${version}: ${stdout}${stderr}`);
    }
  });

test('a field that Kubernetes does not know is found', (t) => {
  const file = valuesFile(t, {});
  writeFileSync(file, rendered(t, {}).text.replace('readOnlyRootFilesystem', 'readOnlyRootFileSystem'));
  assert.notEqual(run(VALIDATE, '--strict', '-k', '1.37', file).status, 0);
});

test('the configuration of the chart is one that openndes accepts', (t) => {
  const text = rendered(t, {}).of('ConfigMap')?.data?.['openndes.yaml'] ?? '';
  const readFile = (path: string): string => `the content of ${path}`;
  const { config } = loadConfig({ file: '/config/openndes.yaml', text, env: {}, readFile });
  assert.deepEqual(config.store, { kind: 'sqlite', path: '/data/openndes.db' });
  assert.deepEqual(config.listen.trustProxy, ['10.0.0.0/8']);
});

/** What the Deployment says about one pod. */
function podOf(t: TestContext, values: object) {
  const { spec } = rendered(t, values).of('Deployment')!;
  const { template: pod } = spec as { template: { spec: Record<string, unknown> } };
  const { containers } = pod.spec as { containers: Record<string, Record<string, unknown>>[] };
  return { spec, pod: pod.spec, container: containers[0]! };
}

test('a pod that stops is noticed within the drain, and Kubernetes waits longer than drain and grace', (t) => {
  const { pod, container } = podOf(t, {});
  const { drain, grace } = loadConfig({
    file: '/openndes.yaml',
    text: rendered(t, {}).of('ConfigMap')!.data!['openndes.yaml']!,
    env: {},
    readFile: () => 'a-challenge-of-the-tests',
  }).config.listen;
  assert.ok(Number(pod['terminationGracePeriodSeconds']) * 1_000 > drain + grace);
  const { periodSeconds, failureThreshold } = container['readinessProbe'] as Record<string, number>;
  assert.ok(periodSeconds! * failureThreshold! * 1_000 < drain);
});

test('certificates of the Secret are copied beside the RA, and no keys', (t) => {
  const { pod } = podOf(t, {});
  const [{ args: [script = ''] = [] } = {}] = pod['initContainers'] as { args?: string[] }[];
  const folder = join(valuesFile(t, {}), '..');
  mkdirSync(join(folder, 'secrets'));
  for (const name of ['issuing-ca.pem', 'chain.pem', 'issuing-ca.key.pem', 'challenge', '..data'])
    writeFileSync(join(folder, 'secrets', name), `the content of ${name}`);
  const here = script.replaceAll('/data', join(folder, 'data')).replaceAll('/secrets', join(folder, 'secrets'));
  const { status, stderr } = run(process.execPath, '-e', here);
  assert.equal(status, 0, stderr);
  assert.deepEqual(readdirSync(join(folder, 'data', 'certs')), ['chain.pem', 'issuing-ca.pem']);
  assert.equal(readFileSync(join(folder, 'data', 'certs', 'chain.pem'), 'utf8'), 'the content of chain.pem');
});

test('the pod has no rights that the server does not need', (t) => {
  const { pod, container } = podOf(t, {});
  const { runAsNonRoot, runAsUser, fsGroup, seccompProfile } = pod['securityContext'] as Record<string, unknown>;
  assert.deepEqual([runAsNonRoot, runAsUser, fsGroup, seccompProfile], [true, 1000, 1000, { type: 'RuntimeDefault' }]);
  assert.equal(pod['automountServiceAccountToken'], false);
  assert.deepEqual(container['securityContext'], {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  const { volumes } = pod as { volumes: { name: string; secret?: { defaultMode: number } }[] };
  assert.equal(volumes.find(({ name }) => name === 'secrets')?.secret?.defaultMode, 0o440);
});

test('the threads of the server fit into the memory of the pod, by the figures of docs/scaling.md', (t) => {
  const { container } = podOf(t, {});
  const { limits } = container['resources'] as { limits: { memory: string } };
  const configuration = rendered(t, {}).of('ConfigMap')?.data?.['openndes.yaml'] ?? '';
  const { workers } = (parse(configuration) as { listen: { workers: number } }).listen;
  assert.ok(250 + 60 * workers <= Number.parseInt(limits.memory, 10), `${workers} threads in ${limits.memory}`);
});

test('what allows one server is replaced by stopping it first; two replicas one after the other, with a budget', (t) => {
  const one = rendered(t, {});
  assert.deepEqual(podOf(t, {}).spec['strategy'], { type: 'Recreate' });
  assert.equal(one.of('PodDisruptionBudget'), undefined);
  assert.equal(one.of('PersistentVolumeClaim')?.kind, 'PersistentVolumeClaim');
  assert.deepEqual(podOf(t, { config: { store: ONE_SERVER } }).spec['strategy'], { type: 'Recreate' });
  // Its RA is in files.
  assert.ok(rendered(t, { config: { store: ONE_SERVER } }).of('PersistentVolumeClaim'));
  const two = rendered(t, REPLICAS);
  assert.deepEqual(podOf(t, REPLICAS).spec['strategy'], {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  });
  assert.equal(two.of('PodDisruptionBudget')?.spec['minAvailable'], 1);
  assert.equal(two.of('PersistentVolumeClaim'), undefined);
});

test('replicas are on several machines and in several zones, also while they are replaced', (t) => {
  const { pod } = podOf(t, REPLICAS);
  const spread = pod['topologySpreadConstraints'] as { topologyKey: string; matchLabelKeys: string[] }[];
  assert.deepEqual(
    spread.map(({ topologyKey, matchLabelKeys }) => [topologyKey, ...matchLabelKeys]),
    [
      ['kubernetes.io/hostname', 'pod-template-hash'],
      ['topology.kubernetes.io/zone', 'pod-template-hash'],
    ],
  );
});

test('the configuration of two replicas is one that openndes accepts, with secrets from files', (t) => {
  const text = rendered(t, REPLICAS).of('ConfigMap')?.data?.['openndes.yaml'] ?? '';
  const files: Record<string, string> = { '/secrets/secrets.key': Buffer.alloc(32).toString('base64') };
  const readFile = (path: string): string => files[path] ?? `the content of ${path}`;
  const { config } = loadConfig({ file: '/config/openndes.yaml', text, env: {}, readFile });
  assert.deepEqual(config.store, {
    kind: 'postgres',
    place: {
      hosts: [{ host: 'db.example.com', port: 5432 }],
      database: 'openndes',
      user: 'openndes',
      tls: { rootCertificate: '/secrets/db-root.pem' },
    },
    password: 'the content of /secrets/db.password',
    secretsKeys: [new Uint8Array(32)],
  });
});

test('Prometheus finds each pod by its annotations, and the service does not have the port of the metrics', (t) => {
  const { spec, container } = podOf(t, { config: { metrics: { port: 9100 } } });
  const { annotations } = (spec['template'] as { metadata: { annotations: Record<string, string> } }).metadata;
  const { 'prometheus.io/scrape': scrape, 'prometheus.io/port': port, 'prometheus.io/path': path } = annotations;
  assert.deepEqual([scrape, port, path], ['true', '9100', '/metrics']);
  const ports = (container['ports'] as unknown as { name: string; containerPort: number }[]).map((each) => [
    each.name,
    each.containerPort,
  ]);
  assert.deepEqual(ports, [
    ['http-0', 8080],
    ['metrics', 9100],
  ]);
  const service = rendered(t, {}).of('Service')!.spec['ports'] as { port: number }[];
  assert.deepEqual(
    service.map((each) => each.port),
    [8080],
  );
});

test('the autoscaler follows the requests in work, and the Deployment has no number of its own', (t) => {
  const scaled = rendered(t, SCALED);
  const { scaleTargetRef, minReplicas, maxReplicas, metrics } = scaled.of('HorizontalPodAutoscaler')!.spec;
  assert.deepEqual([minReplicas, maxReplicas], [2, 9]);
  assert.deepEqual(scaleTargetRef, { apiVersion: 'apps/v1', kind: 'Deployment', name: 'scep' });
  assert.deepEqual(metrics, [
    {
      type: 'Pods',
      pods: {
        metric: { name: 'openndes_scep_in_flight_requests' },
        target: { type: 'AverageValue', averageValue: '64' },
      },
    },
  ]);
  assert.ok(Object.hasOwn(METRICS, 'openndes_scep_in_flight_requests'));
  assert.equal(podOf(t, SCALED).spec['replicas'], undefined);
  assert.equal(scaled.of('PodDisruptionBudget')?.spec['minAvailable'], 1);
  assert.equal(rendered(t, REPLICAS).of('HorizontalPodAutoscaler'), undefined);
});

test('an autoscaler without a shared store, or without metrics, is refused with a sentence', (t) => {
  const alone = template(t, { autoscaling: { enabled: true } });
  assert.match(alone.stderr, /autoscaling: more than one replica needs PostgreSQL and config\.store\.secretsKey\./);
  const blind = template(t, { ...SCALED, config: { ...REPLICAS.config, metrics: null } });
  assert.match(blind.stderr, /autoscaling: the number of requests in work is a metric\. Set config\.metrics/);
});

test('two replicas on SQLite are refused with a sentence', (t) => {
  const { status, stderr } = template(t, { replicas: 2 });
  assert.notEqual(status, 0);
  assert.match(stderr, /more than one replica needs PostgreSQL\. Set config\.store\.url, or replicas: 1\./);
});

test('two replicas without a secretsKey are refused with a sentence', (t) => {
  const { status, stderr } = template(t, { replicas: 2, config: { store: ONE_SERVER } });
  assert.notEqual(status, 0);
  assert.match(
    stderr,
    /more than one replica needs config\.store\.secretsKey, the same for all of them: .* Set it, or replicas: 1\./,
  );
});

test('only the ports of listen and of the metrics can be reached, and only DNS, HTTPS and PostgreSQL from the pod', (t) => {
  const ports = (values: object) => {
    const { ingress, egress } = rendered(t, values).of('NetworkPolicy')!.spec as Record<
      string,
      { ports: { port: number }[] }[]
    >;
    return [ingress, egress].map((rules) => rules!.flatMap((rule) => rule.ports.map(({ port }) => port)));
  };
  assert.deepEqual(ports({}), [
    [8080, 8082],
    [53, 53, 443],
  ]);
  assert.deepEqual(ports(REPLICAS), [
    [8080, 8082],
    [53, 53, 443, 5432],
  ]);
  assert.deepEqual(ports(VALUES['HTTPS beside HTTP, with everything']!)[0], [8443, 8080, 8082]);
  assert.deepEqual(ports({ config: { metrics: null } })[0], [8080]);
  // The database, and nothing else, at its address alone.
  const postgresTo = [{ ipBlock: { cidr: '10.1.2.3/32' } }];
  const { egress } = rendered(t, { ...REPLICAS, networkPolicy: { postgresTo } }).of('NetworkPolicy')!.spec;
  assert.deepEqual((egress as object[]).at(-1), { ports: [{ port: 5432, protocol: 'TCP' }], to: postgresTo });
});
