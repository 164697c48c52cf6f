/** `GET /openapi.json`: what this gateway offers, routes of its configuration included, as OpenAPI 3.1. */
import { OpenApiGeneratorV31, OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import type { Express } from 'express';
import type { Configuration } from '#schema/configuration.js';
import { askQueue, routeOperations } from './asking.js';
import { askSeveral } from './asking-several.js';
import type { OpenApiDocument } from './parts.js';
import { securitySchemes, tags, toRouteConfig } from './parts.js';
import { answerRequest, queueOperations } from './queues.js';
import { deliveryOperations } from './deliveries.js';
import { letterOperations } from './letters.js';
import { requestLifeOperations } from './request-life.js';
import { requestOperations } from './requests.js';
import { componentSchemas } from './schemas.js';
import { serviceOperations } from './service.js';
import { statusOperations } from './status.js';
import type { Resource } from '../methods.js';
import { principalOf } from '../principal.js';
import { rootOperation } from '../root.js';

const resourceOperations = [
  askQueue,
  askSeveral,
  ...requestOperations,
  ...deliveryOperations,
  ...requestLifeOperations,
  answerRequest,
  ...queueOperations,
  ...letterOperations,
  ...statusOperations,
  ...serviceOperations,
  rootOperation,
];

/** What is served whatever the configuration says; a test holds it against the router. */
export const resources: readonly Resource[] = resourceOperations;

const description = `Plain HTTP in front of a message broker. A request is a resource: whoever posts it may wait for its reply, come back
later, name a queue that gets the reply too, or watch its events, all on one id.

Every error is \`application/problem+json\` (RFC 9457) with a stable \`code\`; \`/problems\` explains them. A path that exists
answers other methods with 405 and \`Allow\`. HEAD works wherever GET changes nothing.`;

export function openApiDocument(configuration: Configuration, version: string): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  for (const [name, schema] of Object.entries(componentSchemas())) {
    registry.registerComponent('schemas', name, schema);
  }
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    registry.registerComponent('securitySchemes', name, scheme);
  }
  const isClosed = configuration.authTokensFile !== undefined || configuration.jwt.issuer !== undefined;
  for (const operation of [...resourceOperations, ...routeOperations(configuration)]) {
    registry.registerPath(toRouteConfig(operation, isClosed));
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'replyto',
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Relative, so that it is right under any name and port.
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, text]) => ({ name, description: text })),
  });
}

/** Adds `GET /openapi.json`; the documents, with routes and without, are made when they are first asked for. */
export function addOpenApi(app: Express, configuration: Configuration, version: string): void {
  const texts = new Map<boolean, string>();
  app.get('/openapi.json', (_request, response) => {
    const { isKnown } = principalOf(response);
    // Routes name queues, which are nothing for strangers.
    const described = isKnown ? configuration : { ...configuration, routes: [] };
    const text = texts.get(isKnown) ?? JSON.stringify(openApiDocument(described, version));
    texts.set(isKnown, text);
    response.vary('Authorization');
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Cache-Control', 'no-cache');
    response.end(text);
  });
}
