/**
 * What is wrong with settings although each one has its form: a value that another setting rules out. Reads values
 * that may still lack their form and passes over those, so that these problems are told together with all others.
 */
import { roles } from '#core/roles.js';
import { durationInWords } from './duration.js';
import type { Finding, Path } from './problems.js';
import { isPostgresUrl } from './store-settings.js';

/** Bytes of the largest body that the embedded broker carries. */
export const mostEmbeddedBodyBytes = 10_485_760;

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, step) =>
      typeof part === 'object' && part !== null ? (part as Record<PropertyKey, unknown>)[step] : undefined,
    value,
  );
}

function bodyBeyondBroker(settings: unknown): Finding[] {
  const path = ['http', 'maxBodyBytes'];
  const value = valueAt(settings, path);
  const isEmbedded = valueAt(settings, ['broker', 'url']) === 'embedded:';
  if (!isEmbedded || typeof value !== 'number' || value <= mostEmbeddedBodyBytes) return [];
  const allowed = `at most ${mostEmbeddedBodyBytes} with broker.url embedded:, which carries no larger message`;
  return [{ path, value, allowed }];
}

/** Nobody would get the wait that these settings promise. */
function waitsBeyondLongest(settings: unknown): Finding[] {
  const longest = valueAt(settings, ['requests', 'maxWaitMs']);
  if (typeof longest !== 'number') return [];
  const routes = valueAt(settings, ['routes']);
  const paths: Path[] = [
    ['requests', 'waitMs'],
    ...(Array.isArray(routes) ? routes : []).map((_, index) => ['routes', index, 'waitMs']),
  ];
  return paths.flatMap((path) => {
    const value = valueAt(settings, path);
    if (typeof value !== 'number' || value <= longest) return [];
    const allowed = `at most requests.maxWaitMs, which is ${durationInWords(longest)}; this is ${durationInWords(value)}`;
    return [{ path, value, allowed }];
  });
}

/** A call whose headers may still come could be over already. */
function headersBeyondCall(settings: unknown): Finding[] {
  const path = ['http', 'headersTimeoutMs'];
  const value = valueAt(settings, path);
  const longest = valueAt(settings, ['http', 'callTimeoutMs']);
  if (typeof value !== 'number' || typeof longest !== 'number' || value <= longest) return [];
  const allowed = `at most http.callTimeoutMs, which is ${durationInWords(longest)}; this is ${durationInWords(value)}`;
  return [{ path, value, allowed }];
}

/** Several processes meet in the store and at the broker, and must find the same there. */
function processesApart(settings: unknown): Finding[] {
  const workers = valueAt(settings, ['workers']);
  const given = valueAt(settings, ['roles']);
  return [
    ...(typeof workers === 'number' && workers > 1 ? unshared(settings, ['workers'], workers, '1') : []),
    ...(Array.isArray(given) && !roles.every((role) => given.includes(role))
      ? unshared(settings, ['roles'], given, 'all roles')
      : []),
  ];
}

/** @param alone what may stand there where nothing is shared */
function unshared(settings: unknown, path: Path, value: unknown, alone: string): Finding[] {
  const storeUrl = valueAt(settings, ['store', 'url']);
  const findings: Finding[] = [];
  if (typeof storeUrl !== 'string' || !isPostgresUrl(storeUrl)) {
    findings.push({
      path,
      value,
      allowed: `${alone}, unless store.url is postgres://…: a SQLite file is for one process`,
    });
  }
  if (valueAt(settings, ['broker', 'url']) === 'embedded:') {
    findings.push({ path, value, allowed: `${alone} with broker.url embedded:, which is in one process` });
  }
  return findings;
}

/** All conflicts of settings that were read, presets included; those of routes alone stand in route-conflicts.ts. */
export function settingConflicts(settings: unknown): Finding[] {
  return [
    ...bodyBeyondBroker(settings),
    ...headersBeyondCall(settings),
    ...waitsBeyondLongest(settings),
    ...processesApart(settings),
  ];
}
