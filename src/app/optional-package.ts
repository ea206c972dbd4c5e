/** Packages that are installed only where the configuration needs them. */
import { createRequire } from 'node:module';
import { ConfigError } from '../core/errors.ts';

/** The versions with which this product is tested, as in `peerDependencies`. */
const VERSIONS = {
  pkcs11js: '2.1.7',
  '@aws-sdk/client-kms': '3.1161.0',
  '@aws-sdk/client-acm-pca': '3.523.0',
  kerberos: '7.0.0',
} as const;

/** Loads one. `for`: what needs it; `more`: what else the installation needs. Throws ConfigError with the command that installs it. */
export function optionalPackage(name: keyof typeof VERSIONS, need: { for: string; more?: string }): unknown {
  try {
    return createRequire(import.meta.url)(name);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    throw new ConfigError(
      `${need.for} need the npm package \`${name}\`, which ${missing ? 'is not installed' : 'cannot be loaded'}`,
      `Run: npm install ${name}@${VERSIONS[name]}, where openndes is installed.${need.more ?? ''}`,
      { cause },
    );
  }
}
