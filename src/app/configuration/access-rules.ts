/** What single settings cannot say about who may call, and over what. */
import type { Finding } from '#schema/problems.js';
import { isLoopback } from '../loopback.js';
import type { Tree } from './tree.js';
import { valueOf } from './tree.js';

function isGiven(tree: Tree, section: string, name: string): boolean {
  return valueOf(tree, section, name) !== undefined;
}

function hasAccessControl(tree: Tree): boolean {
  return tree['authTokensFile'] !== undefined || isGiven(tree, 'jwt', 'issuer');
}

function openHost(tree: Tree): Finding[] {
  const host = valueOf(tree, 'http', 'host');
  if (typeof host !== 'string' || isLoopback(host) || valueOf(tree, 'http', 'insecure') === true) return [];
  if (hasAccessControl(tree)) return [];
  const allowed =
    'a loopback address (127.0.0.1, ::1, localhost). To listen elsewhere either callers have to log in ' +
    '(AUTH_TOKENS_FILE, or jwt), or http.insecure (--insecure) says that everybody who reaches the port may use the broker';
  return [{ path: ['http', 'host'], value: host, allowed }];
}

/** Half of it would let nobody in, or keep nobody out. */
function halfJwt(tree: Tree): Finding[] {
  const given = ['issuer', 'audience', 'jwksUrl', 'jwksFile'].filter((name) => isGiven(tree, 'jwt', name));
  if (given.length === 0) return [];
  const findings: Finding[] = ['issuer', 'audience']
    .filter((name) => !given.includes(name))
    .map((name) => ({
      path: ['jwt', name],
      value: undefined,
      allowed: `given, because jwt.${given[0] ?? ''} is`,
    }));
  const sources = given.filter((name) => name.startsWith('jwks'));
  if (sources.length === 0) {
    const allowed = 'given, or jwt.jwksFile: without the keys of the issuer no JWT can be checked';
    findings.push({ path: ['jwt', 'jwksUrl'], value: undefined, allowed });
  } else if (sources.length === 2) {
    const value = valueOf(tree, 'jwt', 'jwksFile');
    findings.push({ path: ['jwt', 'jwksFile'], value, allowed: 'nothing, because jwt.jwksUrl is given too' });
  }
  return [...findings, ...plainJwksUrl(tree)];
}

/** Whoever is in between could put keys of its own there. */
function plainJwksUrl(tree: Tree): Finding[] {
  const value = valueOf(tree, 'jwt', 'jwksUrl');
  if (typeof value !== 'string') return [];
  const path = ['jwt', 'jwksUrl'];
  if (!URL.canParse(value)) return [{ path, value, allowed: 'an https: URL without login' }];
  const { protocol, hostname } = new URL(value);
  if (protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/gu, ''))) return [];
  return [{ path, value, allowed: 'an https: URL; http: only at an address of this machine' }];
}

/** A certificate without its key, and what only goes with one. */
function halfTls(tree: Tree): Finding[] {
  return (['http', 'broker'] as const).flatMap((section) => {
    const needs: readonly (readonly [string, string])[] = [
      ['tlsCertFile', 'tlsKeyFile'],
      ['tlsKeyFile', 'tlsCertFile'],
      ['tlsPassphraseFile', 'tlsKeyFile'],
      ...(section === 'http' ? ([['tlsClientCaFile', 'tlsCertFile']] as const) : []),
    ];
    const missing = new Map(
      needs
        .filter(([name, needed]) => isGiven(tree, section, name) && !isGiven(tree, section, needed))
        .map(([name, needed]) => [needed, name]),
    );
    return [...missing].map(([needed, name]) => ({
      path: [section, needed],
      value: undefined,
      allowed: `given, because ${section}.${name} is`,
    }));
  });
}

const brokerTls = ['tlsCaFile', 'tlsCertFile', 'tlsKeyFile', 'tlsPassphraseFile'];

/** Somebody believes that the connection is encrypted. */
function uselessTls(tree: Tree): Finding[] {
  const url = valueOf(tree, 'broker', 'url') ?? 'embedded:';
  if (typeof url !== 'string' || /stomps:|wss:/iu.test(url)) return [];
  return brokerTls
    .filter((name) => isGiven(tree, 'broker', name))
    .map((name) => ({
      path: ['broker', name],
      value: valueOf(tree, 'broker', name),
      allowed: 'nothing, because broker.url names no stomps:// and no wss://',
    }));
}

export function brokenAccessRules(tree: Tree): Finding[] {
  return [...openHost(tree), ...halfJwt(tree), ...halfTls(tree), ...uselessTls(tree)];
}
