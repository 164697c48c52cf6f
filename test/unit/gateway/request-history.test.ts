import { expect } from 'chai';
import type { RequestHistory } from '#gateway/request-history.js';
import { createRequestHistory } from '#gateway/request-history.js';
import { settled } from '../../support/event-loop.js';
import { storedRequest } from '../../support/requests.js';

describe('the history that followers of requests read', () => {
  let reads: string[];
  let store: RequestHistory;
  let history: RequestHistory;
  beforeEach(() => {
    reads = [];
    store = {
      find(id) {
        reads.push(id);
        return Promise.resolve(storedRequest({ id }));
      },
      events(id, after, limit) {
        reads.push(`${id} ${after} ${limit}`);
        return Promise.resolve([]);
      },
    };
    history = createRequestHistory({
      find: (id) => store.find(id),
      events: (id, after, limit) => store.events(id, after, limit),
    });
  });

  it('is read once for all who want the same in one turn', async () => {
    const found = await Promise.all([history.find('a'), history.find('a'), history.find('b')]);
    expect(found.map((record) => record?.id)).to.deep.equal(['a', 'a', 'b']);
    expect(reads).to.deep.equal(['a', 'b']);
  });

  it('is read for each position and each size of a page', async () => {
    const wanted = [
      ['a', 0, 32],
      ['a', 1, 32],
      ['a', 1, 32],
      ['a', 1, 2],
    ] as const;
    await Promise.all(wanted.map(([id, after, limit]) => history.events(id, after, limit)));
    expect(reads).to.deep.equal(['a 0 32', 'a 1 32', 'a 1 2']);
  });

  it('is read again for who comes while a read is under way, which may not see what came since', async () => {
    const first = history.find('a');
    await settled();
    expect(reads).to.deep.equal(['a']);
    await Promise.all([first, history.find('a')]);
    expect(reads).to.deep.equal(['a', 'a']);
  });

  it('fails all who share a read that failed, and none that comes later', async () => {
    const works = store.find;
    store.find = () => Promise.reject(new Error('no store'));
    const outcomes = await Promise.allSettled([history.find('a'), history.find('a')]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    store.find = works;
    expect((await history.find('a'))?.id).to.equal('a');
  });
});
