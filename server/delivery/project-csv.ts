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

/** Projects as CSV (RFC 4180) with a heading. A cell that a spreadsheet would take for a formula is marked as text. */
export function projectCsv(projects: readonly Project[]): string {
  const rows = [
    COLUMNS.map(([heading]) => heading),
    ...projects.map((project) => COLUMNS.map(([, cell]) => cell(project) ?? '')),
  ];
  return rows.map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

function cellOf(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
