import { isReplytoError } from '#core/errors.js';
import type { ConfigurationSources, LoadedConfiguration } from '../configuration/load.js';
import { loadConfiguration } from '../configuration/load.js';
import { nearMissesInWords } from '../configuration/near-misses.js';
import type { Finding } from './finding.js';

export interface ConfigurationCheck {
  readonly findings: readonly Finding[];
  /** Undefined when there is none to go on with. */
  readonly loaded: LoadedConfiguration | undefined;
}

/** Variables that are read by nobody are noted in any case: they often explain what is wrong. */
export function checkConfiguration(sources: ConfigurationSources): ConfigurationCheck {
  const { finding, loaded } = judge(sources);
  const notes = nearMissesInWords(sources.environment).map(
    (says) => ({ check: 'configuration', state: 'note', says }) as const,
  );
  return { loaded, findings: [finding, ...notes] };
}

interface Judgement extends Pick<ConfigurationCheck, 'loaded'> {
  readonly finding: Finding;
}

function judge(sources: ConfigurationSources): Judgement {
  try {
    const loaded = loadConfiguration(sources);
    const given = [...loaded.origins.values()].filter(({ kind }) => kind !== 'default').length;
    const file = loaded.file === null ? 'no replyto.yaml' : `file ${loaded.file}`;
    const keys = given === 0 ? 'all defaults' : given === 1 ? '1 key given' : `${given} keys given`;
    const says = `is complete (${file}, ${keys})`;
    return { loaded, finding: { check: 'configuration', state: 'ok', says } };
  } catch (error) {
    if (!isReplytoError(error)) throw error;
    const { code, problems } = error;
    const finding: Finding = {
      check: 'configuration',
      state: 'wrong',
      says: problems.length === 1 ? 'has a fault' : `has ${problems.length} faults`,
      remedy: 'correct what is listed; `replyto config reference` explains every key',
      code,
      problems,
    };
    return { loaded: undefined, finding };
  }
}
