import { expect } from 'chai';
import type { Request, Response } from 'express';
import helmet from 'helmet';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { fixedHeaders } from '#gateway/fixed-headers.js';

function respond(middleware: ReturnType<typeof fixedHeaders>): Promise<ServerResponse> {
  return new Promise((resolve, reject) => {
    const request = new IncomingMessage(new Socket()) as Request;
    const response = new ServerResponse(request) as Response;
    void middleware(request, response, (error?: unknown) =>
      error === undefined ? resolve(response) : reject(error instanceof Error ? error : new Error('failed')),
    );
  });
}

describe('headers that never depend on the call', () => {
  it('are those of the middleware, on every response', async () => {
    const fixed = fixedHeaders(helmet());
    const wanted = (await respond(helmet())).getHeaders();
    expect(Object.keys(wanted)).to.have.length.above(10);
    for (let call = 0; call < 2; call += 1) {
      expect((await respond(fixed)).getHeaders()).to.deep.equal(wanted);
    }
  });

  it('are refused where the middleware fails, or takes its time', () => {
    expect(() => fixedHeaders((_request, _response, next) => next(new Error('no policy')))).to.throw(
      'no policy',
    );
    expect(() => fixedHeaders(() => undefined)).to.throw('does not go on at once');
  });
});
