import { css, html, nothing, type TemplateResult } from 'lit';
import type { EventEntry } from '../../../shared/contract/entries.ts';
import { type NamedFile, filesIn } from '../event-line.ts';
import { fileLinks } from '../flow/file-links.ts';
import { isObject, textIn } from '../entry-parts.ts';
import type { Words } from '../language/words.ts';
import { timeOf } from '../time-words.ts';
import { demandNames } from './opportunity-line.ts';

export const entryCardStyles = css`
  .card {
    padding: 6px 48px;
  }
  .card > div {
    max-width: 520px;
    margin: 0 auto;
    padding: 10px 14px;
    border: 1px solid var(--line);
    border-radius: 10px;
    background: var(--surface);
  }
  .card[data-event='record.added'] > div {
    border-color: var(--note-line);
    background: var(--note);
  }
  .card .head {
    display: flex;
    align-items: baseline;
    gap: 10px;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .card .head span {
    flex: 1;
    min-width: 0;
  }
  .card .what {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 2px 12px;
    margin-top: 2px;
  }
  .card .what strong {
    flex: 1;
    min-width: 0;
    font-weight: 600;
  }
  .card .what b {
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .card .said {
    margin-top: 2px;
    white-space: pre-wrap;
  }
  .card .reached[data-reached] {
    color: var(--good);
  }
  @container (max-width: 519px) {
    .card {
      padding-inline: 24px;
    }
  }
`;

export interface EntryCard {
  readonly entry: EventEntry;
  readonly words: Words;
  download(file: NamedFile): void;
  showProposals(): void;
}

/** What is more than a line: a communication record, and a proposal that was sent. Undefined for what is none. */
export function entryCard(card: EntryCard): TemplateResult | undefined {
  switch (card.entry.body.event) {
    case 'record.added':
      return recordCard(card);
    case 'proposal.sent':
      return proposalCard(card);
    default:
      return undefined;
  }
}

function recordCard({ entry, words }: EntryCard): TemplateResult {
  const { opportunity } = words;
  const { actor, connected, stage, text } = demandNames(entry, words);
  return html`<div>
    <p class="head">
      <span>${opportunity.recordOf(actor)}</span><time datetime=${entry.at}>${timeOf(entry.at, words)}</time>
    </p>
    <p class="what">
      <strong>${stage}</strong>
      <span class="reached" data-reached=${connected ? '' : nothing}>
        ${connected ? opportunity.connected : opportunity.notConnected}
      </span>
    </p>
    <p class="said" dir="auto">${text}</p>
  </div>`;
}

function proposalCard({ entry, words, download, showProposals }: EntryCard): TemplateResult {
  const { opportunity } = words;
  const { actor, proposal, total } = demandNames(entry, words);
  const sent = entry.body['proposal'];
  const contract = isObject(sent) ? filesIn([sent['contract']]) : [];
  const remark = textIn(sent, 'remark');
  return html`<div>
    <p class="head"><span>${actor} · ${opportunity.proposal}</span><time datetime=${entry.at}>${timeOf(entry.at, words)}</time></p>
    <p class="what">
      <strong dir="auto">${proposal}</strong><b>${total}</b>
      <button class="link" data-act="view-proposals" @click=${showProposals}>${opportunity.viewProposals}</button>
    </p>
    ${remark === '' ? nothing : html`<p class="said" dir="auto">${remark}</p>`} ${fileLinks(contract, words, download)}
  </div>`;
}
