import {
  NAME_MAX,
  PROPOSAL_REMARK_MAX,
  QUANTITY_MAX,
  QUOTE_LINES_MAX,
  QUOTE_TEXT_MAX,
} from '../../../shared/contract/limits.ts';
import { sumOf, times } from '../../../shared/model/money.ts';
import { type NewProposal, newClientId } from '../../index.ts';
import { ActDraft } from '../flow/act-form.ts';
import { readAmount } from './amount.ts';

export const LINE_FIELDS = ['product', 'spec', 'quantity', 'listPrice', 'price'] as const;
export type LineField = (typeof LINE_FIELDS)[number];

/** A line of a quote as it is typed. */
export interface LineDraft extends Readonly<Record<LineField, string>> {
  readonly key: number;
}

/** A proposal that is being written. */
export class ProposalDraft {
  /** Its name, product, remark and contract. */
  readonly head = new ActDraft();
  readonly clientId = newClientId();
  #lines: readonly LineDraft[] = [];
  #key = 0;

  constructor() {
    this.addLine();
  }

  get lines(): readonly LineDraft[] {
    return this.#lines;
  }

  get isFull(): boolean {
    return this.#lines.length >= QUOTE_LINES_MAX;
  }

  addLine(): void {
    if (this.isFull) return;
    const line = { key: this.#key++, product: '', spec: '', quantity: '1', listPrice: '', price: '' };
    this.#lines = [...this.#lines, line];
  }

  removeLine(key: number): void {
    if (this.#lines.length > 1) this.#lines = this.#lines.filter((line) => line.key !== key);
  }

  put(key: number, field: LineField, value: string): void {
    this.#lines = this.#lines.map((line) => (line.key === key ? { ...line, [field]: value } : line));
  }
}

/** How many, as somebody typed it; undefined for what is no whole number within the limits. */
export function readQuantity(typed: string): number | undefined {
  const text = typed.normalize('NFKC').replace(/[\s,]/gu, '');
  const count = /^\d{1,9}$/u.test(text) ? Number(text) : 0;
  return count >= 1 && count <= QUANTITY_MAX ? count : undefined;
}

/** What a line comes to at one of its prices; undefined while that cannot be said. The list price is the quoted one where none is given. */
export function lineAmount(line: LineDraft, at: 'price' | 'listPrice' = 'price'): string | undefined {
  const price = readAmount(line[at].trim() === '' ? line.price : line[at]);
  const quantity = readQuantity(line.quantity);
  return price === undefined || quantity === undefined ? undefined : times(price, quantity);
}

/** Exact totals over the lines that can be read so far: the very sums that the service makes. */
export function totalsOf(lines: readonly LineDraft[]): { total: string; listTotal: string } {
  const sum = (at: 'price' | 'listPrice'): string => sumOf(lines.flatMap((line) => lineAmount(line, at) ?? []));
  return { total: sum('price'), listTotal: sum('listPrice') };
}

/** What can be seen not to fit before anything is sent; a line's path is `lines.<key>.<field>`. */
export function checkProposal({ head, lines }: ProposalDraft): { path: string; reason: string }[] {
  const faults: { path: string; reason: string }[] = [];
  const text = (path: string, value: string, most: number, required: boolean): void => {
    if (required && value.trim() === '') faults.push({ path, reason: 'is required' });
    else if (value.trim().length > most) faults.push({ path, reason: `must be at most ${most} characters long` });
  };
  text('name', head.value('name'), NAME_MAX, true);
  if (head.value('productId') === '') faults.push({ path: 'productId', reason: 'is required' });
  text('remark', head.value('remark'), PROPOSAL_REMARK_MAX, false);
  if (head.tray.ids.length > 1) faults.push({ path: 'contract', reason: 'must be one file' });
  for (const line of lines) {
    const at = (field: LineField): string => `lines.${line.key}.${field}`;
    text(at('product'), line.product, QUOTE_TEXT_MAX, true);
    text(at('spec'), line.spec, QUOTE_TEXT_MAX, false);
    if (readQuantity(line.quantity) === undefined) faults.push({ path: at('quantity'), reason: 'must be a quantity' });
    if (readAmount(line.price) === undefined) faults.push({ path: at('price'), reason: 'must be an amount' });
    if (line.listPrice.trim() !== '' && readAmount(line.listPrice) === undefined)
      faults.push({ path: at('listPrice'), reason: 'must be an amount' });
  }
  return faults;
}

/** What is sent of a draft in which nothing is wrong. */
export function proposalOf({ head, lines, clientId }: ProposalDraft): NewProposal {
  const remark = head.value('remark').trim();
  const [contract] = head.tray.ids;
  return {
    clientId,
    name: head.value('name').trim(),
    productId: head.value('productId'),
    lines: lines.map((line) => {
      const price = readAmount(line.price) ?? '';
      return {
        product: line.product.trim(),
        ...(line.spec.trim() === '' ? {} : { spec: line.spec.trim() }),
        quantity: readQuantity(line.quantity) ?? 0,
        listPrice: readAmount(line.listPrice) ?? price,
        price,
      };
    }),
    ...(contract === undefined ? {} : { contract }),
    ...(remark === '' ? {} : { remark }),
  };
}
