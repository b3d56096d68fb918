import { FILE_FIELD, FILES_PATH } from '../../shared/contract/file-route.ts';
import { downloadRoute, type FileRoute, uploadAnswer, uploadQuery, uploadRoute } from '../../shared/contract/files.ts';
import { FILE_MAX_BYTES } from '../../shared/contract/limits.ts';
import type { Json, JsonSchemas } from './json-schemas.ts';
import { refusals } from './refusals.ts';

const BYTES = { '*/*': { schema: { type: 'string', format: 'binary' } } };
const forWhom = ({ callers }: FileRoute): string => `For: ${callers.join(', ')}.`;
const text = (description: string): Json => ({ description, schema: { type: 'string' } });

/** The two routes of files as OpenAPI's paths: what carries bytes is no command. */
export function fileOperations(schemas: JsonSchemas, security: readonly Json[]): Json {
  const { roomId, stream } = uploadQuery.shape;
  return {
    [FILES_PATH]: {
      post: {
        operationId: 'file.upload',
        summary: 'Brings a file to a stream of a room.',
        description: `${forWhom(uploadRoute)} At most ${FILE_MAX_BYTES} bytes; its type is judged by its content and its name. An answer of 200 means that it is on disk.`,
        tags: ['file'],
        security,
        parameters: [
          { name: 'roomId', in: 'query', required: true, schema: schemas.of(roomId, 'input') },
          { name: 'stream', in: 'query', required: false, schema: schemas.of(stream, 'input') },
        ],
        requestBody: {
          required: true,
          content: {
            'multipart/form-data': {
              schema: {
                type: 'object',
                properties: { [FILE_FIELD]: { type: 'string', format: 'binary' } },
                required: [FILE_FIELD],
                additionalProperties: false,
              },
            },
          },
        },
        responses: {
          '200': {
            description: 'Done.',
            content: { 'application/json': { schema: schemas.of(uploadAnswer, 'output') } },
          },
          ...refusals(uploadRoute.errors),
        },
      },
    },
    [`${FILES_PATH}/{id}`]: {
      get: {
        operationId: 'file.download',
        summary: 'The bytes of a file, for whoever reads its stream at this moment.',
        description: `${forWhom(downloadRoute)} Without a token it is served to the bearer of a link, whom it still has to be for.`,
        tags: ['file'],
        security: [...security, {}],
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
          {
            name: 'link',
            in: 'query',
            required: false,
            ...text('What file.link answered with, instead of a token.'),
          },
          { name: 'Range', in: 'header', required: false, ...text('One range of bytes.') },
          { name: 'If-Range', in: 'header', required: false, ...text('The ETag of the parts that are held.') },
          { name: 'If-None-Match', in: 'header', required: false, ...text('The ETag of the file that is held.') },
        ],
        responses: {
          '200': {
            description: 'The file, as an attachment.',
            headers: { ETag: text('Of the file: it never changes.') },
            content: BYTES,
          },
          '206': {
            description: 'The range that was asked for.',
            headers: { 'Content-Range': text('Which bytes these are.') },
            content: BYTES,
          },
          '304': { description: 'It is what is held already.' },
          ...refusals(downloadRoute.errors),
          '416': {
            description: 'The range lies outside of the file.',
            headers: { 'Content-Range': text('The size of the file.') },
          },
        },
      },
    },
  };
}
