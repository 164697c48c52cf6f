import { isReplytoError } from '#core/errors.js';
import type { ConfigurationSources, LoadedConfiguration } from '../configuration/load.js';
import { loadConfiguration } from '../configuration/load.js';
import type { Finding } from './finding.js';

export interface ConfigurationCheck {
  readonly finding: Finding;
  /** Undefined when there is none to go on with. */
  readonly loaded: LoadedConfiguration | undefined;
}

export function checkConfiguration(sources: ConfigurationSources): ConfigurationCheck {
  try {
    const loaded = loadConfiguration(sources);
    const given = [...loaded.origins.values()].filter(({ kind }) => kind !== 'default').length;
    const file = loaded.file === null ? 'no replyto.yaml' : `file ${loaded.file}`;
    const says = `is complete (${file}, ${given === 0 ? 'all defaults' : `${given} keys given`})`;
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
