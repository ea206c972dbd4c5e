/** A simulated Intune tenant on loopback: Entra, Graph and Intune over HTTPS, and a control API beside them. */
import type { Clock, Logger, RandomBytes } from '../core/environment.ts';
import { keyFromPem } from '../keys/software.ts';
import { type RecordedCall, CallList } from './calls.ts';
import { challengeKeys, mintChallenge } from './challenge-password.ts';
import { controlApp } from './control.ts';
import { type Expectation, readExpectation } from './expectation.ts';
import { type FaultRequest, Faults } from './injected-faults.ts';
import { listen } from './listener.ts';
import { siteAt } from './site.ts';
import { completeState, type Identity, type SimulatorState } from './state.ts';
import { serverCredential } from './throwaway-ca.ts';
import { tokenAuthority } from './tokens.ts';
import { Validation } from './validation.ts';
import { wireApp } from './wire.ts';

export type SimulatorOptions = Identity & {
  clock: Clock;
  random: RandomBytes;
  /** Of the services; a free one when absent or 0. */
  port?: number;
  /** Of the control API; a free one when absent or 0. */
  controlPort?: number;
  /** From an earlier simulator, so that its tokens, challenges and CA stay good. A chosen identity goes before it. */
  state?: SimulatorState;
  /** Hears of each call: hop, code and status, nothing else. */
  logger?: Logger;
};

export type { SimulatorState } from './state.ts';

export type Simulator = {
  /** What to paste under `tenants:`; `trustCa` is up to whoever writes `caPem` to a file. */
  tenant: {
    tenant: string;
    clientId: string;
    clientSecret: string;
    cloud: { login: string; graph: string; intune: string };
  };
  /** The CA of the services' certificate. */
  caPem: string;
  /** URL of the control API, without a slash at its end. */
  control: string;
  state: SimulatorState;
  /** A challenge for this request, base64. Throws ControlError when the expectation makes no sense. */
  mint(expectation: Expectation): string;
  calls(): readonly RecordedCall[];
  /** Throws ControlError, which says what is accepted. */
  fault(request: FaultRequest): void;
  clearFaults(): void;
  close(): Promise<void>;
};

/** Starts it. Throws what `listen` throws when a port is taken. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { clock, random, logger } = options;
  const state = await completeState(options, options.state, clock, random);
  const keys = challengeKeys(state);
  const tokens = tokenAuthority(keyFromPem(state.tokenKey, 'the token key in the state of the simulator').privateKey);
  const [calls, faults] = [new CallList(), new Faults()];
  const mint = (expectation: unknown): string =>
    mintChallenge(readExpectation(expectation), { keys, tenantId: state.tenantId, now: clock(), random });

  const credential = await serverCredential(state.authority, clock(), random);
  const services = { state, tokens, validation: new Validation(keys), faults, calls, clock, logger };
  const wire = await listen(wireApp(credential, services), options.port ?? 0);
  const control = await listen(
    controlApp({ mint, calls, faults, tenant: state.tenant }),
    options.controlPort ?? 0,
  ).catch(async (error: unknown) => {
    await wire.close();
    throw error;
  });

  const { login, graph, intune } = siteAt(wire.port);
  return {
    tenant: { ...pasteable(state), cloud: { login, graph, intune } },
    caPem: state.authority.certificate,
    control: `http://127.0.0.1:${control.port}`,
    state,
    mint,
    calls: () => calls.list(),
    fault: (request) => faults.set(request),
    clearFaults: () => faults.clear(),
    close: async () => {
      await Promise.all([wire.close(), control.close()]);
    },
  };
}

const pasteable = ({ tenant, clientId, clientSecret }: SimulatorState): Required<Identity> => ({
  tenant,
  clientId,
  clientSecret,
});
