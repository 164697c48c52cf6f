import { expect } from 'chai';
import { parseEventKinds } from '#schema/event-kinds.js';

describe('kinds of events', () => {
  it('are named with commas, spaces beside them or not', () => {
    expect(parseEventKinds('?kind', 'failure, log')).to.deep.equal(['failure', 'log']);
  });

  it('count once, however often they are named', () => {
    expect(parseEventKinds('?kind', Array(500).fill('log,failure').join())).to.deep.equal(['log', 'failure']);
  });

  it('that are unknown are a problem, which names what is allowed', () => {
    for (const given of ['', 'rumour', 'log,', 'log,Failure']) {
      expect(parseEventKinds('?kind', given), given).to.include({ field: '?kind' });
    }
  });
});
