import { css, html, nothing, type TemplateResult } from 'lit';
import type { Call } from '../../../shared/contract/calls.ts';
import { isOver } from '../../../shared/model/call/call.ts';
import { phoneIcon } from '../icons.ts';
import type { Words } from '../language/words.ts';
import { timeOf } from '../time-words.ts';
import { becameWords } from './call-words.ts';

export const callRowStyles = css`
  .call {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: center;
    gap: 2px 8px;
    padding: 4px 48px;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
    text-align: center;
  }
  .call svg {
    flex: none;
    width: 14px;
    height: 14px;
  }
  .call strong {
    font-weight: 500;
    font-variant-numeric: tabular-nums;
  }
  .call[data-running],
  .call[data-state='completed'] strong {
    color: var(--good);
  }
  .call:is([data-state='busy'], [data-state='no_answer'], [data-state='failed']) strong {
    color: var(--danger);
  }
  @container (max-width: 519px) {
    .call {
      padding-inline: 24px;
    }
  }
`;

export interface CallRow {
  readonly key: string;
  readonly seq: number;
  readonly call: Call;
  readonly words: Words;
  callBack(): void;
}

/** A call in the timeline: one line that changes for as long as the call does. */
export function callRow({ key, seq, call, words, callBack }: CallRow): TemplateResult {
  const { calls } = words;
  const { from, to, at, state, actions } = call;
  const names = { from: from.name, to: to.name };
  return html`<li
    class="call"
    data-key=${key}
    data-seq=${seq}
    data-call=${call.id}
    data-state=${state}
    data-running=${isOver(call) ? nothing : ''}
  >
    ${phoneIcon}<span>${calls.called(names)}</span><strong>${becameWords(call, words)}</strong>
    <time datetime=${at}>${timeOf(at, words)}</time>
    ${
      actions.includes('call_back')
        ? html`<button class="link" data-act="call-back" @click=${callBack}>${calls.callBack}</button>`
        : nothing
    }
  </li>`;
}
