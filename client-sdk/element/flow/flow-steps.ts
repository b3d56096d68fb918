import { css, html, nothing, type TemplateResult } from 'lit';
import type { Project } from '../../../shared/contract/projects.ts';
import type { Identity } from '../../index.ts';
import type { NamedFile } from '../event-line.ts';
import { checkIcon, closeIcon } from '../icons.ts';
import { wordOf, type Words } from '../language/words.ts';
import { dayAndTime } from '../time-words.ts';
import { dueState } from './due-words.ts';
import { fileLinks } from './file-links.ts';
import { type FlowTask, taskLabel } from './flow-task.ts';

type Node = Project['nodes'][number];

export const flowStyles = css`
  .steps li {
    position: relative;
    display: flex;
    gap: 12px;
    padding-bottom: 14px;
    color: var(--muted);
  }
  .steps li:not(:last-child)::before {
    content: '';
    position: absolute;
    left: 9px;
    top: 22px;
    bottom: 2px;
    width: 2px;
    background: var(--line);
  }
  .steps .dot {
    flex: none;
    display: grid;
    place-items: center;
    width: 20px;
    height: 20px;
    border: 2px solid var(--line);
    border-radius: 50%;
    font-size: 11px;
    line-height: 1;
  }
  .steps .dot svg {
    width: 12px;
    height: 12px;
  }
  .steps li > div {
    min-width: 0;
  }
  .steps li[data-status='done'] .dot {
    border-color: var(--good);
    color: var(--good);
  }
  .steps li[data-status='active'] {
    color: var(--text);
  }
  .steps li[data-status='active'] strong {
    font-weight: 600;
  }
  .steps strong {
    font-weight: 400;
  }
  .steps li[data-status='active'] .dot {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--accent-text);
  }
  .steps li[data-status='rejected'] .dot {
    border-color: var(--danger);
    color: var(--danger);
  }
  .steps li[data-late] .dot {
    border-color: var(--danger);
    background: var(--danger);
    color: var(--surface);
  }
  .steps li[data-status='skipped'] strong {
    text-decoration: line-through;
  }
  .steps small {
    display: block;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .steps small[data-late] {
    color: var(--danger);
  }
  .steps .link {
    font-size: 12px;
    line-height: 18px;
  }
  .steps .group {
    display: block;
    margin-left: 32px;
    padding-bottom: 8px;
    font-size: 12px;
    font-weight: 600;
  }
  .run {
    margin-bottom: 10px;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .manage {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
`;

export interface FlowSteps {
  readonly project: Project;
  readonly words: Words;
  readonly now: number;
  download(file: NamedFile): void;
  viewDemand(): void;
}

/** Every node of the flow with who, when and by when; steps of a container stand under its name. */
export function flowSteps({ project, words, now, download, viewDemand }: FlowSteps): TemplateResult {
  return html`${project.run > 1 ? html`<p class="run">${words.delivery.runNumber(project.run)}</p>` : nothing}
    <ol class="steps">
      ${project.nodes.map((node, index) => {
        const group = node.within !== undefined && node.within.id !== project.nodes[index - 1]?.within?.id;
        const late = node.status === 'active' && dueState(node, now)?.late === true;
        return html`${
          group
            ? html`<li class="group" role="presentation">${wordOf(words.nodeNames, node.within?.name ?? '')}</li>`
            : nothing
        }
          <li
            data-node=${node.id}
            data-status=${node.status}
            data-late=${late ? '' : nothing}
            aria-current=${node.id === project.current ? 'step' : nothing}
          >
            <span class="dot" aria-hidden="true">${mark(node, index)}</span>
            <div>
              <strong>${wordOf(words.nodeNames, node.name)}</strong>
              <small>${whoWords(node, words)} · ${wordOf(words.nodeStatus, node.status)}${timesWords(node, words)}</small>
              ${whenLine(node, late, words)}
              ${
                node.type === 'submit_demand' && node.status === 'done'
                  ? html`<button class="link" data-act="view" @click=${viewDemand}>${words.delivery.viewDemand}</button>`
                  : nothing
              }
              ${fileLinks(node.files, words, download)}
            </div>
          </li>`;
      })}
    </ol>`;
}

const mark = ({ status }: Node, index: number): unknown =>
  status === 'done' ? checkIcon : status === 'rejected' ? closeIcon : index + 1;

/** Who works a node: by name where somebody does, else the side or the role. */
function whoWords({ operator, side, role }: Node, words: Words): string {
  if (operator !== undefined) return operator.name;
  if (side === undefined || side === 'system') return words.sides.service;
  return role === undefined || role === 'provider_admin'
    ? words.sides[side]
    : `${words.sides[side]}, ${wordOf(words.roles, role)}`;
}

const timesWords = ({ visit }: Node, words: Words): string =>
  visit > 1 ? ` · ${words.delivery.timesVisited(visit)}` : '';

function whenLine(
  { status, enteredAt, endedAt, dueAt }: Node,
  late: boolean,
  words: Words,
): TemplateResult | typeof nothing {
  const { delivery } = words;
  if (endedAt !== undefined)
    return html`<small><time datetime=${endedAt}>${delivery.endedAt(dayAndTime(endedAt, words))}</time></small>`;
  if (status !== 'active') return nothing;
  if (dueAt !== undefined)
    return html`<small data-late=${late ? '' : nothing}>
      <time datetime=${dueAt}>${delivery.dueAt(dayAndTime(dueAt, words))}</time>${late ? ` · ${words.overdue}` : ''}
    </small>`;
  return enteredAt === undefined
    ? nothing
    : html`<small><time datetime=${enteredAt}>${delivery.enteredAt(dayAndTime(enteredAt, words))}</time></small>`;
}

/** What the reader may do to the project as a whole. */
export function projectButtons(
  project: Project,
  me: Identity | undefined,
  words: Words,
  begin: (task: FlowTask) => void,
): TemplateResult | typeof nothing {
  if (project.projectActions.length === 0) return nothing;
  return html`<h2>${words.delivery.manage}</h2>
    <div class="manage">
      ${project.projectActions.map((action) => {
        const task: FlowTask = { type: 'project', action };
        return html`<button
          class="button small ${action === 'close' ? 'danger' : ''}"
          data-act=${action}
          @click=${() => begin(task)}
        >
          ${taskLabel(task, project, me, words)}
        </button>`;
      })}
    </div>`;
}
