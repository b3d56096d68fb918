import { css, html, nothing, type TemplateResult } from 'lit';
import type { Person } from '../../shared/contract/primitives.ts';
import { wordOf, type Words } from './language/words.ts';
import { initialsOf } from './theme.ts';

export const peopleStyles = css`
  .people li {
    display: flex;
    align-items: center;
    gap: 12px;
    padding: 6px 0;
  }
  .people li > div {
    flex: 1;
    min-width: 0;
  }
  .people .phone {
    display: grid;
    place-items: center;
    flex: none;
    width: 32px;
    height: 32px;
    border-radius: 50%;
    color: var(--accent);
  }
  .people .phone:hover:not(:disabled) {
    background: var(--raised);
  }
  .people strong {
    font-weight: 500;
  }
  .people small {
    display: block;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .people li:not([data-online]) .avatar {
    opacity: 0.75;
  }
`;

/** A member of the room, or somebody who is there without being listed, such as an operator. */
export interface PersonPresence {
  readonly person: Person;
  readonly online: boolean;
}

/** Who belongs to the room and who else is there: those who are there first, each group by side. */
export function withPresence(members: readonly Person[], online: readonly Person[]): PersonPresence[] {
  const keyOf = ({ side, userId }: Person) => `${side}:${userId}`;
  const present = new Set(online.map(keyOf));
  const listed = new Set(members.map(keyOf));
  const people = [...members, ...online.filter((person) => !listed.has(keyOf(person)))].map((person) => ({
    person,
    online: present.has(keyOf(person)),
  }));
  return [...people.filter((one) => one.online), ...people.filter((one) => !one.online)];
}

/** @param beside what stands beside somebody, to be done with them */
export function peopleList(
  people: readonly PersonPresence[],
  me: string | undefined,
  words: Words,
  beside: (person: Person) => unknown,
): TemplateResult {
  return html`<ul class="people">
    ${people.map(
      ({ person, online }) => html`<li data-side=${person.side} data-online=${online ? '' : nothing}>
        <span class="avatar" aria-hidden="true">
          ${initialsOf(person.name)}<span class="presence" data-online=${online ? '' : nothing}></span>
        </span>
        <div>
          <strong>${person.name}</strong>${person.userId === me ? html` (${words.you})` : nothing}
          <small>${[words.sides[person.side], ...roleNames(person, words)].join(' · ')}</small>
        </div>
        <span class="hidden">${online ? words.online : words.offline}</span>
        ${beside(person)}
      </li>`,
    )}
  </ul>`;
}

const roleNames = ({ roles = [] }: Person, words: Words): string[] => [
  ...new Set(roles.map((role) => wordOf(words.roles, role))),
];
