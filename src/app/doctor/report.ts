import { harmless, jsonPretty } from '../message-text.js';
import type { Finding } from './finding.js';

const marks: Readonly<Record<Finding['state'], { readonly text: string; readonly colour: number }>> = {
  ok: { text: 'ok   ', colour: 32 },
  note: { text: 'note ', colour: 33 },
  wrong: { text: 'WRONG', colour: 31 },
};

/** One line each, what is wrong with its remedy below it; at the end a verdict, with whether a gateway runs. */
export function reportText(findings: readonly Finding[], isColourful: boolean, isRunning = true): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, state, says, remedy, problems = [] }) => {
    const { text, colour } = marks[state];
    const mark = isColourful ? `\u001b[${colour}m${text}\u001b[0m` : text;
    const indent = ' '.repeat(text.length + width + 4);
    return [
      `${mark}  ${check.padEnd(width)}  ${harmless(says)}`,
      ...problems.map(
        ({ field, value, allowed }) =>
          `${indent}${harmless(`${field}${value === undefined ? '' : ` '${value}'`}: ${allowed}`)}`,
      ),
      ...(remedy === undefined ? [] : [`${indent}-> ${remedy}`]),
    ];
  });
  const checks = (of: readonly Finding[]): number => new Set(of.map(({ check }) => check)).size;
  const wrong = checks(findings.filter(({ state }) => state === 'wrong'));
  const verdict =
    wrong === 0
      ? `Nothing is wrong${isRunning ? '' : ', but no gateway runs'}.`
      : `${wrong} of ${checks(findings)} checks found something wrong.`;
  return `${[...lines, '', verdict].join('\n')}\n`;
}

export function reportJson(findings: readonly Finding[]): string {
  return jsonPretty({ isWell: findings.every(({ state }) => state !== 'wrong'), findings });
}
