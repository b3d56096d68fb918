import { inTime } from './in-time.ts';
import type { Members } from './members.ts';
import type { Names } from './names.ts';
import type { OwnRecord } from './own-record.ts';
import type { RedisLink } from './redis-link.ts';

const ANSWER_MS = 500;

const field = (userId: string): string => `user:${userId}`;

export interface SharedConnectionsParts {
  link: RedisLink;
  names: Names;
  members: Members;
  record: OwnRecord;
  /** So many connections of a person at a server are neither told of nor asked about. */
  unshared: number;
}

/**
 * Counts a person's connections over all servers. The few that everybody has are not counted: they cost no server a question, and somebody who spreads over n servers gets
 * at most n - 1 times `unshared` more than on one.
 */
export class SharedConnections {
  readonly #parts: SharedConnectionsParts;
  readonly #told = new Set<string>();

  constructor(parts: SharedConnectionsParts) {
    this.#parts = parts;
  }

  /** A person has so many connections here. */
  changed(userId: string, count: number): void {
    const { record, unshared } = this.#parts;
    if (count > unshared) {
      this.#told.add(userId);
      record.put(field(userId), String(count));
    } else if (this.#told.delete(userId)) record.remove(field(userId));
  }

  /** How many more a person with so many here has at other servers, as far as those tell; 0 where nobody can. */
  async elsewhere(userId: string, here: number): Promise<number> {
    const { link, names, members, unshared } = this.#parts;
    if (here < unshared || !link.up || members.others.length === 0) return 0;
    try {
      const asking = members.others.map((server) => link.commands.hget(names.at(server), field(userId)));
      const counts = await inTime(Promise.all(asking), ANSWER_MS);
      return counts.reduce((sum, count) => sum + (Number(count) || 0), 0);
    } catch {
      return 0;
    }
  }
}
