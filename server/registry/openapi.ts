import { type CommandSpec, COMMON_ERRORS } from '../../shared/contract/command.ts';
import { ERROR_CODES } from '../../shared/contract/errors.ts';
import { CONTRACT_VERSION } from '../../shared/contract/limits.ts';
import { commands } from '../../shared/contract/registry.ts';
import { errorSchema } from './error-schema.ts';
import { fileOperations } from './file-operations.ts';
import { type Json, JsonSchemas } from './json-schemas.ts';
import { refusals } from './refusals.ts';

const SECURED = [{ bearer: [] }];

/** The HTTP half of the contract as an OpenAPI 3.1 document, made from the registry. Commands that belong to a connection are not in it. */
export function openApi(): Json {
  const schemas = new JsonSchemas('draft-2020-12');
  const paths: Record<string, unknown> = {};
  for (const [name, command] of Object.entries(commands)) {
    const spec: CommandSpec = command;
    if (spec.connectionBound !== true) paths[`/v1/${name}`] = { post: operation(name, spec, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Delivery Rooms',
      version: `${CONTRACT_VERSION}.0.0`,
      description:
        'Every command of the contract over HTTP. The same commands, and live events, are served over Socket.IO: see /asyncapi.json.',
    },
    servers: [{ url: '/' }],
    security: SECURED,
    paths: { ...paths, ...fileOperations(schemas, SECURED), ...AROUND },
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: "Minted by the portal's backend: sub, name, side, org, roles, dept, aud, exp.",
        },
      },
      schemas: { ...schemas.named, Error: errorSchema(Object.keys(ERROR_CODES)) },
    },
  };
}

function operation(name: string, spec: CommandSpec, schemas: JsonSchemas): Json {
  return {
    operationId: name,
    summary: spec.summary,
    description: `For: ${spec.callers.join(', ')}.${spec.writes ? ' An answer of 200 means that it is on disk.' : ''}`,
    tags: [name.split('.')[0]],
    security: SECURED,
    requestBody: {
      required: !spec.input.safeParse({}).success,
      content: { 'application/json': { schema: schemas.of(spec.input, 'input') } },
    },
    responses: {
      '200': {
        description: 'Done.',
        content: { 'application/json': { schema: schemas.of(spec.output, 'output') } },
      },
      ...refusals([...COMMON_ERRORS, 'unsupported_type', ...spec.errors]),
    },
  };
}

const answers = (description: string, type: string): Json => ({
  '200': { description, content: { [type]: { schema: { type: type === 'text/html' ? 'string' : 'object' } } } },
});

/** What is served beside the commands, to anybody. */
const AROUND: Json = {
  '/healthz': {
    get: {
      operationId: 'healthz',
      summary: 'Says that the process is alive.',
      security: [],
      responses: answers('Alive.', 'application/json'),
    },
  },
  '/readyz': {
    get: {
      operationId: 'readyz',
      summary:
        'Says whether the service can serve: its database answers and it is not stopping. `status` is `degraded` while Redis is away: it serves its own clients all the same.',
      security: [],
      responses: { ...answers('Ready.', 'application/json'), ...refusals(['unavailable']) },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openapi',
      summary: 'This document.',
      security: [],
      responses: answers('An OpenAPI 3.1 document.', 'application/json'),
    },
  },
  '/asyncapi.json': {
    get: {
      operationId: 'asyncapi',
      summary: 'The Socket.IO half of the contract.',
      security: [],
      responses: answers('An AsyncAPI 3.0 document.', 'application/json'),
    },
  },
  '/docs': {
    get: {
      operationId: 'docs',
      summary: 'Both documents, to be read.',
      security: [],
      responses: answers('A page.', 'text/html'),
    },
  },
};
