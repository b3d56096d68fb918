import { LRUCache } from 'lru-cache';
import { type Connection, type Model, mongo, Schema } from 'mongoose';
import { RoomError } from '../../shared/contract/errors.ts';
import { type Template, TEMPLATES_MAX } from '../../shared/contract/templates.ts';
import { builtInTemplate } from '../../shared/model/flow/built-in-templates.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import { PLATFORM } from './template-access.ts';

/** A template of a vendor or of the platform; the built-in ones stand in the code. */
export interface TemplateDoc {
  _id: string;
  /** See `ownerOf`. */
  owner: string;
  /** 1 for the owner's first template: orders their list, and bounds it. */
  number: number;
  name: string;
  status: Template['status'];
  posting: Template['posting'];
  nodes: Template['nodes'];
  /** Raised by each change; every change is a compare-and-set on it. */
  version: number;
}

/** What an author decides of a template. */
export type TemplateDraft = Pick<TemplateDoc, 'name' | 'posting' | 'nodes'>;

const mixed = Schema.Types.Mixed;
const schema = new Schema<TemplateDoc>(
  {
    _id: String,
    owner: String,
    number: Number,
    name: String,
    status: String,
    posting: String,
    nodes: [mixed],
    version: Number,
  },
  { collection: 'templates', versionKey: false, minimize: false },
);
schema.index({ owner: 1, number: 1 }, { name: 'owner_number', unique: true });
schema.index({ owner: 1, status: 1, number: 1 }, { name: 'owner_status_number' });

/** Published templates that are remembered: they never change, and every new project needs one. */
const CACHED = 200;
/** How often in a row another call may take the number that this one was about to. */
const ATTEMPTS_MAX = 50;
/** Read at a time: a page may end early. */
const BATCH = 20;

/** Templates as they are stored, and the built-in ones among the published. */
export class TemplateStore {
  readonly model: Model<TemplateDoc>;
  readonly #published = new LRUCache<string, TemplateDoc>({ max: CACHED });

  constructor(connection: Connection) {
    this.model = connection.model<TemplateDoc>('Template', schema);
  }

  /** The published template with this id, whoever owns it; a built-in one too. */
  async published(id: string): Promise<Template | undefined> {
    const builtIn = builtInTemplate(id);
    if (builtIn !== undefined) return builtIn;
    const doc = await this.#publishedDoc(id);
    return doc === undefined ? undefined : templateView(doc);
  }

  /** The published template with this id, if a product of one of these owners may use it: theirs, the platform's, or a built-in one. */
  async usableBy(owner: string, id: string): Promise<Template | undefined> {
    const builtIn = builtInTemplate(id);
    if (builtIn !== undefined) return builtIn;
    const doc = await this.#publishedDoc(id);
    return doc !== undefined && (doc.owner === PLATFORM || doc.owner === owner) ? templateView(doc) : undefined;
  }

  async find(id: string): Promise<TemplateDoc | undefined> {
    return (await this.model.findById(id).lean<TemplateDoc>()) ?? undefined;
  }

  /**
   * An owner's templates from the newest on.
   * @param before only those with a smaller number
   */
  async *ofOwner(
    owner: string,
    { status, before, limit }: { status?: Template['status'] | undefined; before: number; limit: number },
  ): AsyncGenerator<TemplateDoc> {
    for (let below = before, left = limit; left > 0; left -= BATCH) {
      const size = Math.min(BATCH, left);
      const batch = await this.model
        .find({ owner, number: { $lt: below }, ...(status === undefined ? {} : { status }) })
        .sort({ number: -1 })
        .limit(size)
        .lean<TemplateDoc[]>();
      yield* batch;
      if (batch.length < size) return;
      below = batch.at(-1)?.number ?? 0;
    }
  }

  /**
   * Stores a new draft.
   * @throws {RoomError} `conflict` when the owner has as many templates as one may have
   */
  async add(owner: string, draft: TemplateDraft): Promise<TemplateDoc> {
    const _id = new mongo.ObjectId().toHexString();
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const number = (await this.#count(owner)) + 1;
      if (number > TEMPLATES_MAX) {
        throw new RoomError('conflict', `At most ${TEMPLATES_MAX} templates are kept for one owner.`, {
          details: { templates: TEMPLATES_MAX },
        });
      }
      const doc: TemplateDoc = { _id, owner, number, ...draft, status: 'draft', version: 1 };
      try {
        await this.model.create(doc);
        return doc;
      } catch (error) {
        // Another template of this owner got the number first.
        if (!isDuplicateKey(error)) throw error;
      }
    }
    throw new RoomError('unavailable', 'Too many templates at once: send it again.', { retryAfterMs: 500 });
  }

  /**
   * Decides on a template as it stands and stores the decision by compare-and-set; decides anew when another was faster.
   * @param decide gives what is set, or undefined for nothing; it may be called several times and may throw to refuse
   */
  async change(
    id: string,
    decide: (doc: TemplateDoc | undefined) => Partial<TemplateDraft & Pick<TemplateDoc, 'status'>> | undefined,
  ): Promise<TemplateDoc> {
    for (;;) {
      const doc = await this.find(id);
      const set = decide(doc);
      if (doc === undefined) throw new Error('a change of a template that is not there was not refused');
      if (set === undefined) return doc;
      const changed = await this.model
        .findOneAndUpdate(
          { _id: id, version: doc.version, status: 'draft' },
          { $set: set, $inc: { version: 1 } },
          { returnDocument: 'after' },
        )
        .lean<TemplateDoc>();
      if (changed !== null) return changed;
    }
  }

  /** Templates are never removed, and numbered without holes: the newest one's number is how many there are. */
  async #count(owner: string): Promise<number> {
    const newest = await this.model
      .findOne({ owner, number: { $gt: 0 } }, { number: 1 })
      .sort({ number: -1 })
      .lean<Pick<TemplateDoc, 'number'>>();
    return newest?.number ?? 0;
  }

  async #publishedDoc(id: string): Promise<TemplateDoc | undefined> {
    const known = this.#published.get(id);
    if (known !== undefined) return known;
    const doc = await this.find(id);
    if (doc?.status !== 'published') return undefined;
    this.#published.set(id, doc);
    return doc;
  }
}

export function templateView({ _id, name, status, posting, nodes }: TemplateDoc): Template {
  return { id: _id, name, status, builtIn: false, posting, nodes };
}
