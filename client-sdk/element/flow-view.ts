import { css, html, nothing, type TemplateResult } from 'lit';
import type { Project } from '../../shared/contract/projects.ts';
import { checkIcon } from './icons.ts';
import { wordOf, type Words } from './language/words.ts';

export const flowStyles = css`
  .progress {
    padding: 8px 16px 12px;
    border-bottom: 1px solid var(--line);
  }
  .progress p {
    display: flex;
    gap: 8px;
    margin-bottom: 8px;
    font-size: 13px;
  }
  .progress .turn {
    color: var(--muted);
  }
  .bar {
    display: flex;
    gap: 4px;
  }
  .bar li {
    flex: 1;
    height: 4px;
    border-radius: 2px;
    background: var(--line);
  }
  .bar li[data-status='done'] {
    background: var(--good);
  }
  .bar li[data-status='rejected'] {
    background: var(--danger);
  }
  .bar li[data-status='active'] {
    background: var(--accent);
  }
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
  .steps li[data-status='done'] .dot {
    border-color: var(--good);
    color: var(--good);
  }
  .steps li[data-status='active'] {
    color: var(--text);
    font-weight: 600;
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
  .steps small {
    display: block;
    font-size: 12px;
    line-height: 16px;
    font-weight: 400;
    color: var(--muted);
  }
`;

/** Where the project stands, in one line and a bar. */
export function flowProgress(project: Project, words: Words): TemplateResult | typeof nothing {
  const at = project.nodes.findIndex(({ id }) => id === project.current);
  const node = project.nodes[at];
  if (node === undefined) return nothing;
  const turn = node.side === undefined ? '' : wordOf(words.turnOf, node.side);
  return html`<div class="progress">
    <p>
      <strong>${words.step(at + 1, project.nodes.length, wordOf(words.nodeNames, node.name))}</strong>
      <span class="turn">${project.queued === null ? turn : words.queued[project.queued]}</span>
    </p>
    <ol class="bar" aria-hidden="true">${project.nodes.map(({ status }) => html`<li data-status=${status}></li>`)}</ol>
  </div>`;
}

/** Every node of the flow, the current one marked. */
export function flowSteps(project: Project, words: Words): TemplateResult {
  return html`<ol class="steps">
    ${project.nodes.map(
      (node, index) => html`<li
        data-status=${node.status}
        aria-current=${node.id === project.current ? 'step' : nothing}
      >
        <span class="dot" aria-hidden="true">${node.status === 'done' ? checkIcon : index + 1}</span>
        <span>
          ${wordOf(words.nodeNames, node.name)}
          <small>
            ${node.side === undefined || node.side === 'system' ? words.sides.service : words.sides[node.side]}
            · ${wordOf(words.nodeStatus, node.status)}
          </small>
        </span>
      </li>`,
    )}
  </ol>`;
}
