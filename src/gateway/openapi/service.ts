/** The description of what the gateway says about itself: health, measures, version, and these descriptions. */
import { z } from 'zod';
import type { Operation } from './parts.js';
import { jsonOf, pathParameter, queryParameter, textOf } from './parts.js';
import { docsFiles } from '../docs.js';

const verbose = queryParameter('verbose', z.string(), 'Any value, or none: list each check.');

export const serviceOperations: readonly Operation[] = [
  {
    id: 'isAlive',
    method: 'get',
    path: '/livez',
    openTo: 'everybody',
    tag: 'Operations',
    summary: 'Is the process alive?',
    answers: { 200: { description: 'Yes.', content: textOf('text/plain') } },
    problems: [],
  },
  {
    id: 'isReady',
    method: 'get',
    path: '/readyz',
    openTo: 'everybody',
    tag: 'Operations',
    summary: 'Does it take requests?',
    description:
      'Ready: the store answers, and the broker is up or the requests kept for it are below their limit.',
    parameters: [verbose],
    answers: {
      200: { description: 'Yes.', content: textOf('text/plain') },
      503: { description: 'No: not ready, or stopping.', content: textOf('text/plain') },
    },
    problems: [],
  },
  {
    id: 'getMetrics',
    method: 'get',
    path: '/metrics',
    tag: 'Operations',
    summary: 'Measures',
    description: 'In the text format of Prometheus.',
    answers: { 200: { description: 'All of them.', content: textOf('text/plain') } },
    problems: [],
  },
  {
    id: 'getVersion',
    method: 'get',
    path: '/version',
    openTo: 'strangers',
    tag: 'Operations',
    summary: 'Versions of gateway, Node.js and broker, and where the broker is',
    description: 'Where callers have to log in, who has no token is told name and version alone.',
    answers: { 200: { description: 'The versions.', content: jsonOf('Version') } },
    problems: [],
  },
  {
    id: 'getOpenApi',
    method: 'get',
    path: '/openapi.json',
    openTo: 'strangers',
    tag: 'Descriptions',
    summary: 'This document',
    description: 'Where callers have to log in, who has no token is not told of the configured routes.',
    answers: {
      200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    },
    problems: [],
  },
  {
    id: 'getDocs',
    method: 'get',
    path: '/docs',
    openTo: 'everybody',
    tag: 'Descriptions',
    summary: 'This document as a page to read and to try',
    answers: { 200: { description: 'The page.', content: textOf('text/html') } },
    problems: [],
  },
  {
    id: 'getDocsFile',
    method: 'get',
    path: '/docs/{file}',
    openTo: 'everybody',
    tag: 'Descriptions',
    summary: 'A file of that page',
    parameters: [pathParameter('file', z.enum(docsFiles), 'Name of the file.')],
    answers: {
      200: { description: 'The file.', content: { '*/*': { schema: {} } } },
      304: { description: 'It is as it was.' },
    },
    problems: ['INVALID_REQUEST', { code: 'INVALID_REQUEST', status: 412 }, 'ROUTE_NOT_FOUND'],
  },
  {
    id: 'listProblems',
    method: 'get',
    path: '/problems',
    openTo: 'everybody',
    tag: 'Descriptions',
    summary: 'Every error code',
    answers: {
      200: { description: 'All of them.', content: { ...textOf('text/html'), ...jsonOf('ProblemList') } },
    },
    problems: [],
  },
  {
    id: 'getProblem',
    method: 'get',
    path: '/problems/{code}',
    openTo: 'everybody',
    tag: 'Descriptions',
    summary: 'What an error code means and what to do',
    parameters: [pathParameter('code', z.string(), 'A code as in `code` of a problem.')],
    answers: {
      200: { description: 'The code.', content: { ...textOf('text/html'), ...jsonOf('ProblemPage') } },
    },
    problems: ['INVALID_REQUEST', 'ROUTE_NOT_FOUND'],
  },
];
