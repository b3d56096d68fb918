import { RoomError } from '../../shared/contract/errors.ts';
import type { Project } from '../../shared/contract/projects.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import type { NodeAct, ProjectCommand } from '../core/api.ts';
import { asRoomError } from '../core/failure.ts';
import type { Session } from './session.ts';

/** What is needed of the room whose project is acted on. */
export interface Delivered {
  project(): Project | undefined;
  came(project: Project): void;
  /** Whether the command was obeyed is not known, and the connection stands: the room is to be looked at soon. */
  doubt(): void;
}

/** Refusals that mean that the project does not stand as the caller saw it. */
const STALE: readonly string[] = ['conflict', 'forbidden', 'read_only', 'not_found'];

/**
 * Commands on a room's project. They go out at once or not at all: each is decided on what its caller saw, so that one which
 * waited for a connection would be sent for something else than what was meant.
 */
export class ProjectActs {
  readonly #session: Session;
  readonly #room: Delivered;

  constructor(session: Session, room: Delivered) {
    this.#session = session;
    this.#room = room;
  }

  act(act: NodeAct): Promise<Project> {
    return this.#do((projectId) => this.#session.request('node.act', { ...act, projectId }));
  }

  change<Name extends ProjectCommand>(name: Name, input: Omit<CommandInput<Name>, 'projectId'>): Promise<Project> {
    // Every input of these commands is what the caller gives and the project's id.
    return this.#do((projectId) => this.#session.request(name, { ...input, projectId } as CommandInput<Name>));
  }

  async #do(send: (projectId: string) => Promise<{ project: Project }>): Promise<Project> {
    const projectId = this.#room.project()?.id;
    if (projectId === undefined) throw new RoomError('not_found', 'The room shows no project');
    if (!this.#session.online) throw new RoomError('unavailable', 'There is no connection; nothing was done');
    try {
      const { project } = await send(projectId);
      this.#room.came(project);
      return project;
    } catch (fault) {
      const error = asRoomError(fault, 'internal');
      if (STALE.includes(error.code)) await this.#refresh(projectId);
      else if (error.retryable && this.#session.online) this.#room.doubt();
      throw error;
    }
  }

  async #refresh(projectId: string): Promise<void> {
    try {
      const { project } = await this.#session.request('project.get', { projectId });
      this.#room.came(project);
    } catch {
      if (this.#session.online) this.#room.doubt();
    }
  }
}
