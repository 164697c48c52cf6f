import { expect } from 'chai';
import { answerBench } from '../../support/answer-bench.js';

describe('what the commands about letters make of an answer', () => {
  const bench = answerBench();
  const { run } = bench;

  it('goes on with a change of many letters until the gateway says that it is done, and adds up', async () => {
    const paths: string[] = [];
    bench.answer = (response, { method, url: path = '' }) => {
      paths.push(`${method ?? ''} ${path}`);
      const isLast = paths.length === 3;
      const link = `</dead-letters/retry?queue=work&after=${paths.length}&until=9>; rel="next"`;
      response
        .writeHead(200, { 'content-type': 'application/json', ...(isLast ? {} : { link }) })
        .end('{"retried":2,"skipped":1}');
    };
    expect(await run(['dead-letters', 'retry', '--queue', 'work'])).to.deep.equal({
      ...{ code: 0, stdout: '{"retried":6,"skipped":3}\n', stderr: '' },
    });
    expect(paths).to.deep.equal([
      'POST /dead-letters/retry?queue=work',
      'POST /dead-letters/retry?queue=work&after=1&until=9',
      'POST /dead-letters/retry?queue=work&after=2&until=9',
    ]);
  });

  it('says how many letters it has changed when the gateway fails in the middle', async () => {
    bench.answer = (response) => {
      if (bench.seen.length > 1) {
        response
          .writeHead(503, { 'content-type': 'application/problem+json' })
          .end('{"code":"STORE_UNAVAILABLE","detail":"the store is away"}');
        return;
      }
      const link = '</dead-letters?all=true&after=5&until=9>; rel="next"';
      response.writeHead(200, { 'content-type': 'application/json', link }).end('{"dropped":5}');
    };
    const end = await run(['dead-letters', 'drop', '--all']);
    expect(end).to.include({ code: 7, stdout: '' });
    expect(end.stderr).to.equal('done before that: {"dropped":5}\nerror: the store is away\n');
  });
});
