import { z } from 'zod';
import { RoomError } from '../../shared/contract/errors.ts';
import type { Template } from '../../shared/contract/templates.ts';
import { builtInTemplate, builtInTemplates } from '../../shared/model/flow/built-in-templates.ts';
import { publishFaults } from '../../shared/model/flow/publish-faults.ts';
import { completeNodes, withoutNotify } from '../../shared/model/flow/template-steps.ts';
import type { Caller, Handlers } from '../registry/call.ts';
import { decodeCursor, encodeCursor } from '../registry/cursor.ts';
import { authorFor, maySee, PLATFORM, shelfOf } from './template-access.ts';
import { type TemplateDoc, type TemplateStore, templateView } from './template-store.ts';

/** A page ends early rather than hold more than this many bytes of JSON: one template can be as large as a command's input. */
const PAGE_BYTES_MAX = 512 * 1024;

/** The shelves of the list, in its order. */
const SHELVES = ['builtIn', 'platform', 'own'] as const;
const cursorShape = z.tuple([z.int().min(0).max(SHELVES.length), z.int().min(0)]);

const unknownTemplate = (): RoomError => new RoomError('not_found', 'There is no such template.');

/** What everybody is told who would change what never changes again. */
const neverChanges = (): RoomError =>
  new RoomError('read_only', 'A published template never changes: copy it with template.copy.');

export function templateCommands({
  templates,
}: {
  templates: TemplateStore;
}): Pick<
  Handlers,
  'template.create' | 'template.update' | 'template.publish' | 'template.copy' | 'template.get' | 'template.list'
> {
  /** A template that the caller may know of. */
  async function visible(caller: Caller, id: string): Promise<Template> {
    const builtIn = builtInTemplate(id);
    if (builtIn !== undefined) return builtIn;
    const doc = await templates.find(id);
    if (doc === undefined || !maySee(caller, doc)) throw unknownTemplate();
    return templateView(doc);
  }

  return {
    async 'template.create'({ name, posting, nodes }, { caller }) {
      const owner = requireAuthor(caller);
      const draft = { name, posting: posting ?? 'any-staff', nodes: completeNodes(nodes) };
      return { template: templateView(await templates.add(owner, draft)) };
    },

    async 'template.update'({ templateId, name, posting, nodes }, { caller }) {
      if (builtInTemplate(templateId) !== undefined) {
        requireAuthor(caller);
        throw neverChanges();
      }
      const doc = await templates.change(templateId, (stored) => {
        const { owner, status } = requireVisible(caller, stored);
        const author = requireAuthor(caller);
        if (status === 'published') throw neverChanges();
        requireOwner(author, owner);
        const set = {
          ...(name === undefined ? {} : { name }),
          ...(posting === undefined ? {} : { posting }),
          ...(nodes === undefined ? {} : { nodes: completeNodes(nodes) }),
        };
        return Object.keys(set).length === 0 ? undefined : set;
      });
      return { template: templateView(doc) };
    },

    async 'template.publish'({ templateId }, { caller }) {
      if (builtInTemplate(templateId) !== undefined) throw notYours();
      const doc = await templates.change(templateId, (stored) => {
        const { owner, status, nodes } = requireVisible(caller, stored);
        requireOwner(requireAuthor(caller), owner);
        // Whoever did not hear the answer the first time asks again.
        if (status === 'published') return undefined;
        const faults = publishFaults({ nodes });
        if (faults.length > 0) {
          throw new RoomError('conflict', `This draft cannot be published: ${faults[0]?.message ?? ''}`, {
            details: faults,
          });
        }
        return { status: 'published' };
      });
      return { template: templateView(doc) };
    },

    async 'template.copy'({ templateId, name }, { caller }) {
      const { posting, nodes } = await visible(caller, templateId);
      const owner = requireAuthor(caller);
      return { template: templateView(await templates.add(owner, { name, posting, nodes })) };
    },

    async 'template.get'({ templateId }, { caller }) {
      return { template: shownTo(caller, await visible(caller, templateId)) };
    },

    async 'template.list'({ status, builtIn, cursor, limit }, { caller }) {
      const [first, after] = cursor === undefined ? [0, 0] : decodeCursor(cursor, cursorShape);
      const items: Template[] = [];
      let bytes = 0;
      let end: [number, number] | undefined;
      const found = shelved(caller, { status, builtIn, first, after, limit });
      for await (const { shelf, position, template: whole } of found) {
        const template = shownTo(caller, whole);
        bytes += Buffer.byteLength(JSON.stringify(template));
        const full = items.length === limit || (items.length > 0 && bytes > PAGE_BYTES_MAX);
        if (full && end !== undefined) return { items, nextCursor: encodeCursor(end) };
        items.push(template);
        end = [shelf, position];
      }
      return { items };
    },
  };

  /** What a caller's list holds, shelf by shelf, from a position on. */
  async function* shelved(
    caller: Caller,
    from: {
      status: Template['status'] | undefined;
      builtIn: boolean | undefined;
      first: number;
      after: number;
      limit: number;
    },
  ): AsyncGenerator<{ shelf: number; position: number; template: Template }> {
    const { status, builtIn, first, after, limit } = from;
    const own = shelfOf(caller);
    for (const [shelf, kind] of SHELVES.entries()) {
      if (shelf < first) continue;
      const position = shelf === first ? after : 0;
      if (kind === 'builtIn') {
        if (builtIn === false || status === 'draft') continue;
        for (const [index, template] of builtInTemplates.entries())
          if (index + 1 > position) yield { shelf, position: index + 1, template };
        continue;
      }
      if (builtIn === true) continue;
      const owner = kind === 'platform' ? PLATFORM : own;
      if (owner === undefined || (kind === 'own' && own === PLATFORM)) continue;
      // Of the platform's, its own people see the drafts too.
      const wanted = kind === 'own' || own === PLATFORM ? status : 'published';
      if (status === 'draft' && wanted === 'published') continue;
      const before = position === 0 ? Number.MAX_SAFE_INTEGER : position;
      for await (const doc of templates.ofOwner(owner, { status: wanted, before, limit: limit + 1 }))
        yield { shelf, position: doc.number, template: templateView(doc) };
    }
  }
}

/** Whom a template notifies, and with what words, is for those who write templates. */
function shownTo({ side }: Caller, template: Template): Template {
  return side === 'buyer' || side === 'provider' ? withoutNotify(template) : template;
}

function requireVisible(caller: Caller, doc: TemplateDoc | undefined): TemplateDoc {
  if (doc === undefined || !maySee(caller, doc)) throw unknownTemplate();
  return doc;
}

function requireAuthor(caller: Caller): string {
  const owner = authorFor(caller);
  if (owner === undefined) throw new RoomError('forbidden', "A vendor's templates are written by its admin.");
  return owner;
}

const notYours = (): RoomError => new RoomError('forbidden', 'This template is not yours: copy it with template.copy.');

function requireOwner(author: string, owner: string): void {
  if (author !== owner) throw notYours();
}
