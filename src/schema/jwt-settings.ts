/** The settings by which callers log in with the JWTs of somebody else. */
import { z } from 'zod';
import { duration, file, list, optionalText, printable, section, text } from './setting.js';

const claimName = { pattern: printable, allowed: 'the name of a claim' };

const jwtAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];
const algorithmAllowed = `one of ${jwtAlgorithms.join(', ')}`;

function patternsClaim(preset: string, whatFor: string): z.ZodType<string> {
  return text(
    { ...claimName, default: preset },
    `Claim with the patterns of ${whatFor}: a list, or one text with spaces between them.`,
  );
}

export const jwt = section({
  issuer: optionalText(
    { pattern: printable, allowed: 'the `iss` of the tokens, such as https://login.example.com/' },
    'Who issues the JWTs that are taken as bearer tokens: their `iss`. With it, `jwt.audience` and one of `jwt.jwksUrl` and `jwt.jwksFile` callers may log in by JWT.',
  ),
  audience: optionalText(
    { pattern: printable, allowed: 'the `aud` of the tokens' },
    'For whom the JWTs are issued: a value of their `aud`.',
  ),
  jwksUrl: optionalText(
    {
      pattern: /^https?:\/\/[^\s@]+$/u,
      allowed: 'an https: URL without login; http: only at an address of this machine',
      secret: 'url',
    },
    'Where the public keys of the issuer are (RFC 7517). Fetched when first needed, kept for ten minutes, fetched again for a key that is not known yet.',
  ),
  jwksFile: optionalText(
    file,
    'File with the public keys of the issuer instead; read again when it changes.',
  ),
  algorithms: list(
    z.enum(jwtAlgorithms, { error: algorithmAllowed }),
    {
      kind: 'list',
      allowed: `a list of ${jwtAlgorithms.join(', ')}`,
      max: 20,
      default: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    },
    'Signatures that are taken.',
  ),
  clockToleranceMs: duration(
    { min: 0, max: 300_000, default: 5_000 },
    'How far the clock of the issuer may differ.',
  ),
  nameClaim: text(
    { ...claimName, default: 'sub' },
    'Claim with the name of the caller, who owns what is posted.',
  ),
  queuesClaim: patternsClaim('replyto_queues', 'queues that may be asked and sent to'),
  readClaim: patternsClaim('replyto_read', 'queues that may be read over HTTP'),
  replyToClaim: patternsClaim('replyto_reply_to', 'queues that `Reply-To` may name'),
  projectsClaim: patternsClaim('replyto_projects', 'projects that may be named'),
  brokerClaim: text(
    { ...claimName, default: 'replyto_broker' },
    'Claim that is `true` where all queues of the embedded broker may be used, over WebSocket at /broker.',
  ),
});
