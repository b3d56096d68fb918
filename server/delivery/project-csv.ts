import type { Project } from '../../shared/contract/projects.ts';

const COLUMNS: readonly [string, (project: Project) => string | undefined][] = [
  ['order_id', ({ orderId }) => orderId],
  ['business_id', ({ bizId }) => bizId],
  ['product', ({ product: { name, spec } }) => (spec === undefined ? name : `${name} (${spec})`)],
  ['channel', ({ channel }) => channel],
  ['created_at', ({ createdAt }) => createdAt],
  ['buyer', ({ buyer }) => buyer.name],
  ['provider', ({ provider }) => provider?.name],
  ['operator', (project) => currentOf(project)?.operator?.name],
  ['role', (project) => currentOf(project)?.role],
  ['phase', (project) => currentOf(project)?.name],
  ['status', ({ status }) => status],
  ['overdue', ({ overdue }) => (overdue ? 'yes' : 'no')],
  ['queued', ({ queued }) => queued ?? undefined],
  ['due_at', (project) => currentOf(project)?.dueAt],
];

const currentOf = ({ nodes, current }: Project) => nodes.find(({ id }) => id === current);

/** The heading of projects as CSV (RFC 4180). */
export const CSV_HEADING = lineOf(COLUMNS.map(([heading]) => heading));

/** A project as a line of CSV. A cell that a spreadsheet would take for a formula is marked as text. */
export function csvLine(project: Project): string {
  return lineOf(COLUMNS.map(([, cell]) => cell(project) ?? ''));
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
