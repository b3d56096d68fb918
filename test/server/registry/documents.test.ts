import { createRequire } from 'node:module';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { asyncApi } from '../../../server/registry/asyncapi.ts';
import { openApi } from '../../../server/registry/openapi.ts';
import { type CommandSpec, COMMON_ERRORS } from '../../../shared/contract/command.ts';
import { ERROR_CODES } from '../../../shared/contract/errors.ts';
import { events } from '../../../shared/contract/events.ts';
import { FILES_PATH } from '../../../shared/contract/file-route.ts';
import { downloadRoute, uploadRoute } from '../../../shared/contract/files.ts';
import { commands } from '../../../shared/contract/registry.ts';

type Tree = { [key: string]: Tree };
const all: [string, CommandSpec][] = Object.entries(commands);

/** Follows every local reference of a document; those that lead nowhere are answered. */
function danglingRefs(document: object): string[] {
  const text = JSON.stringify(document);
  const refs = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(refs.length).to.be.greaterThan(20);
  return refs.filter((ref) => {
    let at: unknown = document;
    for (const part of ref.replace(/^#\//, '').split('/')) {
      at = typeof at === 'object' && at !== null ? Reflect.get(at, part.replaceAll('~1', '/')) : undefined;
    }
    return at === undefined;
  });
}

describe('openApi', () => {
  const document = openApi();

  it('is a valid OpenAPI 3.1 document', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    expect(result.errors ?? [], JSON.stringify(result.errors)).to.deep.equal([]);
    expect(result.valid).to.equal(true);
    expect(validator.version).to.equal('3.1');
  });

  it('is refused by the same validator when it is broken', async () => {
    const broken = { ...structuredClone(document), paths: { '/v1/room.list': { post: { responses: 5 } } } };
    expect((await new Validator().validate(broken)).valid).to.equal(false);
  });

  it('holds every command that HTTP serves, with input, output, errors and security', () => {
    const { paths } = document as { paths: Tree };
    const served = Object.keys(paths).filter((path) => path.startsWith('/v1/'));
    expect(served).to.have.members([
      ...all.filter(([, spec]) => spec.connectionBound !== true).map(([name]) => `/v1/${name}`),
      FILES_PATH,
      `${FILES_PATH}/{id}`,
    ]);
    for (const [name, spec] of all) {
      if (spec.connectionBound === true) continue;
      const post = paths[`/v1/${name}`]?.['post'];
      expect(post?.['requestBody']?.['content']?.['application/json']?.['schema'], name).to.be.an('object');
      expect(post?.['responses']?.['200']?.['content']?.['application/json']?.['schema'], name).to.be.an('object');
      expect(post?.['security'], name).to.deep.equal([{ bearer: [] }]);
      const text = JSON.stringify(post?.['responses']);
      for (const code of [...COMMON_ERRORS, ...spec.errors]) {
        expect(post?.['responses'], `${name} ${code}`).to.have.property(String(ERROR_CODES[code].status));
        expect(text).to.include(`"${code}"`);
      }
    }
  });

  it('holds the two routes of files, with what they may answer', () => {
    const { paths } = document as { paths: Tree };
    const post = paths[FILES_PATH]?.['post'];
    expect(post?.['requestBody']?.['content']).to.have.property('multipart/form-data');
    const get = paths[`${FILES_PATH}/{id}`]?.['get'];
    for (const [operation, { errors }] of [
      [post, uploadRoute],
      [get, downloadRoute],
    ] as const) {
      const text = JSON.stringify(operation?.['responses']);
      for (const code of errors) expect(text).to.include(`"${code}"`);
    }
    for (const status of ['200', '206', '304', '416']) expect(get?.['responses']).to.have.property(status);
  });

  it('holds no reference that leads nowhere', () => {
    expect(danglingRefs(document)).to.deep.equal([]);
  });
});

describe('asyncApi', () => {
  const document = asyncApi();
  const schema: object = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');
  const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);

  it('is a valid AsyncAPI 3.0 document', () => {
    expect(validate(structuredClone(document)), JSON.stringify(validate.errors?.slice(0, 3))).to.equal(true);
  });

  it('is refused by the same schema when it is broken', () => {
    expect(validate({ ...structuredClone(document), operations: { x: { action: 'sing' } } })).to.equal(false);
  });

  it('holds every command and every event', () => {
    const { channels, operations } = document as { channels: Tree; operations: Tree };
    const names = [...all.map(([name]) => name), ...Object.keys(events).map((name) => `event.${name}`)];
    expect(Object.keys(channels)).to.have.members(names);
    expect(Object.keys(operations)).to.have.members(names);
    for (const [name, spec] of all) {
      const text = JSON.stringify(channels[name]?.['messages']?.['answer']);
      for (const code of [...COMMON_ERRORS, ...spec.errors]) expect(text, name).to.include(`"${code}"`);
    }
  });

  it('holds no reference that leads nowhere', () => {
    expect(danglingRefs(document)).to.deep.equal([]);
  });
});
