import '../../../support/browser-modules.js';
import { expect } from 'chai';

const { ApiError } = await import('../../../../src/dashboard/browser/api.js');
const { tellFailure } = await import('../../../../src/dashboard/browser/failure.js');

interface Feed {
  phase: string;
  error: InstanceType<typeof ApiError> | undefined;
}

describe('a call of a page that fails', () => {
  const told = (error: unknown, isOpen = false): Feed & { readonly isRefused: boolean } => {
    const feed: Feed = { phase: 'live', error: undefined };
    const isRefused = tellFailure(feed, error, { isOpen });
    return { ...feed, isRefused };
  };

  it('is refused for good by what the gateway says of the call', () => {
    for (const status of [400, 401, 403, 404, 410]) {
      const error = new ApiError(status, 'no');
      for (const isOpen of [true, false]) {
        expect(told(error, isOpen), String(status)).to.deep.equal({
          phase: 'refused',
          error,
          isRefused: true,
        });
      }
    }
  });

  it('is tried again after what may pass, and lost only where no stream is open', () => {
    for (const error of [
      ...[0, 408, 425, 429, 500, 502, 503, 504, 520].map((status) => new ApiError(status, 'later')),
      new SyntaxError('no JSON'),
    ]) {
      expect(told(error)).to.deep.equal({ phase: 'lost', error: undefined, isRefused: false });
      expect(told(error, true)).to.deep.equal({ phase: 'live', error: undefined, isRefused: false });
    }
  });
});
