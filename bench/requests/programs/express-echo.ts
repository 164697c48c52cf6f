/** Express as it comes, sending back what it gets: what no bridge on Express can exceed. */
import express from 'express';
import { answerCalls } from '../../tools/calls.js';
import type { BridgeCalls } from './bridge-calls.js';
import { listen } from './listen.js';

const calls: BridgeCalls = {
  start() {
    const app = express();
    app.post('/requests/:queue', express.text({ type: () => true }), (request, response) => {
      response.type('application/json').send(request.body);
    });
    return listen(app);
  },
};

answerCalls(calls);
