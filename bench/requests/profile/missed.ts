/** Profiles of what missed its aim: they show what bounds it. */
import type { Plan } from '../plan.js';
import { judgeAims } from '../report/aims.js';
import { toFigures } from '../report/figures.js';
import type { ProfileResult, Results } from '../results.js';
import type { System } from '../system.js';
import { wayOf, widthText } from '../ways.js';
import { profileWay } from './profiling.js';

export interface MissedOptions {
  readonly plan: Plan;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** More would say the same again. */
const mostProfiles = 4;

export async function profileMissed(
  system: System,
  results: Results,
  { plan, signal, say }: MissedOptions,
): Promise<ProfileResult[]> {
  const missed = judgeAims(results, toFigures(results)).flatMap(({ isMet, bound }) =>
    isMet === false && bound !== null ? [bound] : [],
  );
  const keys = [...new Set(missed.map(({ way, width }) => `${way} ${width}`))].slice(0, mostProfiles);
  const profiles: ProfileResult[] = [];
  for (const key of keys) {
    const [id = '', width = ''] = key.split(' ');
    const way = wayOf(id);
    say(`profile of ${way.title}, ${widthText(way.kind, Number(width))}`);
    const { firstWarmUpMs: warmUpMs, windowMs } = plan;
    const profiling = profileWay(system, way, { width: Number(width), warmUpMs, windowMs, signal });
    const { result } = await profiling;
    profiles.push(result);
  }
  return profiles;
}
