/** The certificates that Intune was told of, as it shows them to administrators. */
import { FIELD, readBody } from '../control-body.ts';
import type { RevocationQueue } from '../connector/revocation-queue.ts';
import { guid } from '../guid.ts';
import type { RandomBytes } from '../../core/environment.ts';

/** One certificate; serial number, thumbprint and issuer as the notification wrote them. */
export type IssuedCertificate = {
  id: string;
  /** The ids of its challenge; empty for one that a test added. */
  deviceId: string;
  userId: string;
  profileId: string;
  subject: string;
  serialNumber: string;
  thumbprint: string;
  issuer: string;
  /** ISO 8601. */
  expires: string;
  caConfiguration: string | null;
};

/** A certificate to add; the serial number is needed. */
export type IssuedCertificatePlan = Partial<Omit<IssuedCertificate, 'id'>> & { serialNumber: string };

/** The states of a revocation, as Graph names them. */
export type RevokeStatus = 'none' | 'pending' | 'issued' | 'failed' | 'revoked';

const { text } = FIELD;
const FIELDS = {
  deviceId: text,
  userId: text,
  profileId: text,
  subject: text,
  serialNumber: text,
  thumbprint: text,
  issuer: text,
  expires: FIELD.time,
  caConfiguration: text,
};

/** The list. */
export class IssuedCertificates {
  readonly #certificates = new Map<string, IssuedCertificate>();
  readonly #random: RandomBytes;
  readonly #queue: RevocationQueue;

  constructor(random: RandomBytes, queue: RevocationQueue) {
    this.#random = random;
    this.#queue = queue;
  }

  /** Records a notification. One that comes again changes nothing: the serial number and the issuer tell them apart. */
  record(certificate: Omit<IssuedCertificate, 'id'>): void {
    const key = `${certificate.issuer}\n${certificate.serialNumber}`;
    if (!this.#certificates.has(key)) this.#certificates.set(key, { id: guid(this.#random), ...certificate });
  }

  /** Adds certificates that no notification was for. Throws ControlError for a body that is not valid. */
  add(request: { certificates: readonly IssuedCertificatePlan[] }): void {
    const { certificates } = readBody<typeof request>(request, { certificates: FIELD.objects }, ['certificates']);
    for (const plan of certificates)
      this.record({ ...NOTHING, ...readBody<IssuedCertificatePlan>(plan, FIELDS, ['serialNumber']) });
  }

  list(): readonly IssuedCertificate[] {
    return [...this.#certificates.values()];
  }

  clear(): void {
    this.#certificates.clear();
  }

  /** Puts the certificates of a device into the queue of revocation requests. */
  revokeFor(deviceIds: readonly string[]): void {
    const requests = this.list()
      .filter(({ deviceId }) => deviceIds.includes(deviceId))
      .map(({ serialNumber, issuer, caConfiguration }) => ({ serialNumber, issuerName: issuer, caConfiguration }));
    this.#queue.add({ requests });
  }

  /** What the queue says of each serial number. */
  revokeStatuses(): ReadonlyMap<string, RevokeStatus> {
    return new Map(
      this.#queue.list().map(({ serialNumber, downloads, results }) => {
        const last = results.at(-1);
        const status = last ? (last.succeeded ? 'revoked' : 'failed') : downloads > 0 ? 'issued' : 'pending';
        return [serialNumber, status];
      }),
    );
  }
}

const NOTHING = {
  deviceId: '',
  userId: '',
  profileId: '',
  subject: '',
  thumbprint: '',
  issuer: 'unknown',
  expires: '2099-12-31T00:00:00Z',
  caConfiguration: null,
};
