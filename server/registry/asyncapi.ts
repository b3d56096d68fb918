import { type CommandSpec, COMMON_ERRORS } from '../../shared/contract/command.ts';
import { ERROR_CODES } from '../../shared/contract/errors.ts';
import { events } from '../../shared/contract/events.ts';
import { CONTRACT_VERSION } from '../../shared/contract/limits.ts';
import { commands } from '../../shared/contract/registry.ts';
import { errorSchema } from './error-schema.ts';
import { type Json, JsonSchemas } from './json-schemas.ts';

/**
 * The Socket.IO half of the contract as an AsyncAPI 3.0 document, made from the registry: each command is an event that the service receives and acknowledges,
 * each event one that it sends.
 */
export function asyncApi(): Json {
  const schemas = new JsonSchemas('draft-7');
  const channels: Record<string, unknown> = {};
  const operations: Record<string, unknown> = {};
  for (const [name, command] of Object.entries(commands)) {
    const spec: CommandSpec = command;
    channels[name] = {
      address: name,
      title: name,
      description: spec.summary,
      messages: {
        input: { name, title: `Input of ${name}`, payload: schemas.of(spec.input, 'input') },
        answer: { name: `${name} answer`, title: 'Acknowledgement', payload: answer(spec, schemas) },
      },
    };
    operations[name] = {
      action: 'receive',
      title: name,
      summary: spec.summary,
      description: `For: ${spec.callers.join(', ')}.`,
      channel: { $ref: `#/channels/${name}` },
      messages: [{ $ref: `#/channels/${name}/messages/input` }],
      reply: {
        channel: { $ref: `#/channels/${name}` },
        messages: [{ $ref: `#/channels/${name}/messages/answer` }],
      },
    };
  }
  for (const [name, event] of Object.entries(events)) {
    const channel = `event.${name}`;
    channels[channel] = {
      address: name,
      title: name,
      description: event.summary,
      messages: { event: { name, title: name, payload: schemas.of(event.payload, 'output') } },
    };
    operations[channel] = {
      action: 'send',
      title: name,
      summary: event.summary,
      channel: { $ref: `#/channels/${channel}` },
      messages: [{ $ref: `#/channels/${channel}/messages/event` }],
    };
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Delivery Rooms',
      version: `${CONTRACT_VERSION}.0.0`,
      description:
        'Socket.IO 4, default namespace. Address: the name of the Socket.IO event. A command is sent with an acknowledgement callback, which gets the answer; the token is sent as auth.token, the contract version as auth.v. A refused handshake is a connect_error whose data is an error.',
    },
    defaultContentType: 'application/json',
    servers: {
      service: {
        host: '{host}',
        pathname: '/socket.io',
        protocol: 'socket.io',
        variables: { host: { default: 'localhost:3000' } },
        security: [{ $ref: '#/components/securitySchemes/token' }],
      },
    },
    channels,
    operations,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'Sent as auth.token of the Socket.IO handshake; renewed by auth.refresh.',
        },
      },
      schemas: { ...schemas.named, Error: errorSchema(Object.keys(ERROR_CODES)) },
    },
  };
}

function answer(spec: CommandSpec, schemas: JsonSchemas): Json {
  const codes = [...new Set([...COMMON_ERRORS, ...spec.errors])];
  return {
    oneOf: [
      {
        type: 'object',
        required: ['ok', 'data'],
        properties: { ok: { const: true }, data: schemas.of(spec.output, 'output') },
      },
      {
        type: 'object',
        required: ['ok', 'error'],
        properties: { ok: { const: false }, error: errorSchema(codes) },
      },
    ],
  };
}
