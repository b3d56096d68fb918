import type { Handlers } from '../registry/call.ts';
import type { Desks } from './desks.ts';

export function deskCommands({ desks }: { desks: Desks }): Pick<Handlers, 'desk.list'> {
  return { 'desk.list': (query) => desks.list(query) };
}
