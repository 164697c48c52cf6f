/**
 * What single keys cannot say: keys that rule each other out. Reads values that are not checked yet, so
 * that these problems are told together with all others; what has no sensible form is passed over.
 */
import type { BrokerAddress } from '#adapters/stomp/broker-url.js';
import { brokerUrlForms, parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import { isReplytoError } from '#core/errors.js';
import type { Finding } from '#schema/problems.js';
import { mostRoutes } from '#schema/route.js';
import { routeConflicts } from '#schema/route-conflicts.js';
import { brokenAccessRules } from './access-rules.js';
import type { Tree } from './tree.js';
import { valueOf } from './tree.js';

/** The address, or what is allowed in its place; that quotes no part of a password. */
function addressOf(url: string): BrokerAddress | string {
  // The parser takes these for harmless, but nobody means them.
  if (/^failover:.*\?(?!randomize=(?:true|false)$)/u.test(url)) {
    return 'failover with no parameter but randomize=true or randomize=false';
  }
  try {
    return parseBrokerUrl(url);
  } catch (error) {
    const allowed = (isReplytoError(error) ? error.problems[0]?.allowed : undefined) ?? brokerUrlForms;
    return allowed.startsWith(brokerUrlForms) ? `embedded:, ${allowed}` : allowed;
  }
}

/** More than the form of the setting can tell of an address, so it goes before what the schema says. */
export function brokenBrokerUrl(tree: Tree): Finding[] {
  const value = valueOf(tree, 'broker', 'url');
  if (typeof value !== 'string' || value === 'embedded:') return [];
  const address = addressOf(value);
  return typeof address === 'string' ? [{ path: ['broker', 'url'], value, allowed: address }] : [];
}

function brokerLogin(tree: Tree): Finding[] {
  const url = valueOf(tree, 'broker', 'url') ?? 'embedded:';
  if (typeof url !== 'string') return [];
  const address = url === 'embedded:' ? undefined : addressOf(url);
  if (typeof address === 'string') return [];
  const endpoints = address?.endpoints ?? [];
  const findings: Finding[] = [];
  for (const name of ['virtualHost', 'login', 'passcode'] as const) {
    const value = valueOf(tree, 'broker', name);
    if (value === undefined) continue;
    const isInUrl = endpoints.some((endpoint) => endpoint[name] !== undefined);
    const path = ['broker', name];
    if (isInUrl) findings.push({ path, value, allowed: 'nothing, because broker.url holds one' });
    if (address === undefined) {
      findings.push({
        path,
        value,
        allowed: `nothing with broker.url embedded:, which ${name === 'virtualHost' ? 'has none' : 'asks nobody to log in'}`,
      });
    }
  }
  return findings;
}

function textsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : undefined;
}

/** The routes as given, as many as there may be: the schema refuses more, and nobody waits for their check. */
export function routesOf(tree: Tree): readonly unknown[] {
  const given = tree['routes'];
  return Array.isArray(given) ? given.slice(0, mostRoutes) : [];
}

function conflicts(tree: Tree): Finding[] {
  const prefix = tree['prefix'];
  return routeConflicts(routesOf(tree), {
    prefix: typeof prefix === 'string' ? prefix : 'replyto',
    allowedQueues: textsOf(valueOf(tree, 'allow', 'queues')) ?? ['*'],
  });
}

export function brokenRules(tree: Tree): Finding[] {
  return [...brokenAccessRules(tree), ...brokerLogin(tree), ...conflicts(tree)];
}
