import type { Label, NodeInput, Posting, Template, TemplateNode, TemplateStep } from '../../contract/templates.ts';

/** A step in walking order, with the container that it stands in. */
export interface PlacedStep {
  readonly step: TemplateStep;
  readonly within?: { readonly id: string; readonly name: string };
}

/** The steps of a template in the order in which they are walked: containers have no behaviour of their own (domain.md, section 4). */
export function stepsOf(nodes: readonly TemplateNode[]): PlacedStep[] {
  return nodes.flatMap(({ children, ...node }): PlacedStep[] =>
    node.type === 'container'
      ? (children ?? []).map((step) => ({ step, within: { id: node.id, name: node.name } }))
      : [{ step: node }],
  );
}

/** The side that works a step, where the template does not leave a choice or does not make one. */
function sideOf({ type, side, role }: Omit<NodeInput, 'children'>): TemplateStep['side'] {
  switch (type) {
    case 'assign_provider':
    case 'dispatch_order':
      return 'system';
    case 'submit_demand':
    case 'finish':
      return 'buyer';
    case 'claim_order':
      return 'provider';
    case 'confirm':
    case 'generic':
      return side ?? (role === undefined ? 'buyer' : 'provider');
    case 'container':
      return undefined;
  }
}

/**
 * Completes a template's nodes as they came from its author: `assign_provider` first, an id for each, the side that follows from the type, and
 * the provider's admin where the provider works and no role is named.
 */
export function completeNodes(input: readonly NodeInput[]): TemplateNode[] {
  const taken = new Set(input.flatMap(({ id, children }) => [id, ...(children ?? []).map((child) => child.id)]));
  let count = 0;
  const freshId = (wanted: string): string => {
    let id = wanted;
    while (taken.has(id)) id = `${wanted}-${++count}`;
    taken.add(id);
    return id;
  };
  const complete = ({
    id,
    side: _given,
    ...node
  }: Omit<NodeInput, 'children'> & { side?: TemplateStep['side'] }): TemplateStep => {
    const side = sideOf(_given === undefined ? node : { ...node, side: _given });
    return {
      ...node,
      id: id ?? freshId(node.type.replaceAll('_', '-')),
      ...(side === undefined ? {} : { side }),
      ...(side === 'provider' && node.role === undefined && node.type !== 'claim_order'
        ? { role: 'provider_admin' }
        : {}),
    };
  };
  const nodes = input.map(
    ({ children, ...node }): TemplateNode => ({
      ...complete(node),
      ...(children === undefined ? {} : { children: children.map(complete) }),
    }),
  );
  if (
    input.some(
      ({ type, children }) => type === 'assign_provider' || children?.some((c) => c.type === 'assign_provider'),
    )
  )
    return nodes;
  return [{ id: freshId('assign'), type: 'assign_provider', name: 'Assign Provider', side: 'system' }, ...nodes];
}

/** What a project keeps of its template: nothing that is changed later reaches it (domain.md, section 4). */
export interface TemplateSnapshot {
  readonly id: string;
  readonly name: string;
  readonly posting: Posting;
  readonly nodes: readonly TemplateNode[];
}

/**
 * Takes the snapshot for a project of a product.
 * @param warrantyDays the product's warranty period; without one, a step that takes its timeout from it has none
 */
export function snapshotOf({ id, name, posting, nodes }: Template, warrantyDays: number | null): TemplateSnapshot {
  const timed = <Node extends TemplateStep>({ timeoutFrom, ...node }: Node) =>
    timeoutFrom === undefined ? node : { ...node, timeoutDays: Math.round((warrantyDays ?? 0) * 10) / 10 };
  return {
    id,
    name,
    posting,
    nodes: nodes.map((node) => ({
      ...timed(node),
      ...(node.children === undefined ? {} : { children: node.children.map(timed) }),
    })),
  };
}

/** The steps as everybody may read them: whom a template notifies, and with what words, is not for everybody. */
export function withoutNotify<Whole extends { readonly nodes: readonly TemplateNode[] }>(
  whole: Whole,
): Whole & { nodes: TemplateNode[] } {
  const bare = <Node extends { notify?: unknown }>({ notify: _notify, ...node }: Node) => node;
  return {
    ...whole,
    nodes: whole.nodes.map((node) => ({
      ...bare(node),
      ...(node.children === undefined ? {} : { children: node.children.map(bare) }),
    })),
  };
}

export type Language = 'zh' | 'en';

/** The words of a label in a language. */
export function wordsOf(label: Label, language: Language): string {
  return typeof label === 'string' ? label : label[language];
}
