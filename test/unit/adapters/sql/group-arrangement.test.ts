import { expect } from 'chai';
import type { Batch, Queued } from '#adapters/sql/group-arrangement.js';
import { arrange } from '#adapters/sql/group-arrangement.js';

type Named = Queued<null> & { readonly name: string };

const batch: Batch<null, unknown, unknown> = (_, items) => Promise.resolve(items);

function operation(name: string, keys: readonly string[], isBatched = false): Named {
  const nothing = (): undefined => undefined;
  return {
    ...{ name, keys, run: nothing, resolve: nothing, reject: nothing },
    ...(isBatched ? { batch, item: name } : {}),
  };
}

function namesOf(group: readonly Named[], inOrderOfKeys = false): unknown {
  const { batches, chains, others, keys } = arrange(group, inOrderOfKeys);
  const names = (some: readonly Queued<null>[]): string[] => some.map((one) => (one as Named).name);
  return {
    batches: batches.map(([, some]) => names(some)),
    chains: chains.map(names),
    others: names(others),
    keys,
  };
}

describe('the arrangement of a group of operations', () => {
  it('puts those of a kind together, each key once, and those without a key last', () => {
    const group = [operation('1', ['b'], true), operation('2', []), operation('3', ['a'], true)];
    expect(namesOf(group)).to.deep.equal({
      ...{ batches: [['1', '3']], chains: [], others: ['2'] },
      keys: ['b', 'a'],
    });
  });

  it('keeps those with a key in common in the order in which they came, alone', () => {
    const group = [operation('1', ['a'], true), operation('2', ['b'], true), operation('3', ['a'], true)];
    expect(namesOf(group)).to.deep.include({ batches: [['2']], chains: [['1', '3']] });
  });

  it('finds what belongs together by way of another', () => {
    const group = [
      operation('1', ['a']),
      operation('2', ['b']),
      operation('3', ['c']),
      operation('4', ['b', 'a']),
      operation('5', ['b']),
    ];
    expect(namesOf(group)).to.deep.include({ chains: [['1', '2', '4', '5'], ['3']] });
  });

  it('goes by the order of the keys where that is the same everywhere', () => {
    const group = ['c', 'a', 'b', 'a'].map((key, index) => operation(String(index), [key], true));
    expect(namesOf(group, true)).to.deep.equal({
      ...{ batches: [['2', '0']], chains: [['1', '3']], others: [] },
      keys: ['a', 'b', 'c'],
    });
  });
});
