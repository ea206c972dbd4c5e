/** What a CA of others is to this server: an issuer with whatever else it can do. */
import type { CaSource, EndpointIssuer, Finder, Health, Revoker } from '../core/issuer.ts';

/** `close` ends its connections. */
export type Backend = EndpointIssuer & Partial<Finder & Revoker & CaSource & Health> & { close?(): Promise<void> };
